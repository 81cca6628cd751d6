import { formula } from './formula.ts'

/** One way to cut a crystal along a plane: what the surfaces show, and whether a slab so cut has a dipole. */
export interface Termination {
  /** From 1, the least polar first. */
  readonly number: number
  /** Where the cut lies between two lattice planes, as a share of their spacing. */
  readonly cut: number
  /** Distance between the atomic planes on either side, Å. */
  readonly gap_A: number
  /** What the first and the last atomic plane hold, per surface cell. */
  readonly bottom: string
  readonly top: string
  /** Dipole along the normal of one layer per area, from formal charges, e/Å; null when they are not known. */
  readonly dipole_e_per_A: number | null
  /**
   * Tasker 1979 (https://doi.org/10.1088/0022-3719/12/22/036): 1 neutral planes, 2 charged planes without a dipole,
   * 3 a dipole.
   */
  readonly tasker: 1 | 2 | 3 | null
  readonly polar: boolean | null
}

/** An atom of one layer. */
interface PlaneAtom {
  readonly element: string
  /** Along the normal, in units of the spacing. */
  readonly height: number
  /** e; null when not known */
  readonly charge: number | null
}

/** Atoms nearer than this along the normal belong to one corrugated atomic plane, Å: no cut goes between them. */
const SAME_PLANE_A = 0.2
/** Dipole of a layer, over Σ|q|·spacing, that counts as none. */
const NO_DIPOLE = 1e-3

/**
 * Every cut between atomic planes, the least polar first, then the widest gap.
 * @param spacing_A between lattice planes @param area_A2 of the surface cell
 */
export function terminations(atoms: readonly PlaneAtom[], spacing_A: number, area_A2: number): Termination[] {
  const sorted = atoms
    .map(atom => ({ ...atom, height: atom.height - Math.floor(atom.height) }))
    .toSorted((a, b) => a.height - b.height)
  const gaps = sorted.map(({ height }, k) => {
    const next = sorted[k + 1]?.height ?? sorted[0]!.height + 1
    return { cut: (height + next) / 2, gap_A: (next - height) * spacing_A }
  })
  const widest = gaps.reduce((best, gap) => (gap.gap_A > best.gap_A ? gap : best))
  const open = gaps.filter(gap => gap.gap_A >= SAME_PLANE_A)
  const cuts = open.length > 0 ? open : [widest]
  const found = cuts.map(({ cut, gap_A }) => {
    const layer = sorted
      .map(atom => ({ ...atom, height: atom.height < cut ? atom.height + 1 : atom.height }))
      .toSorted((a, b) => a.height - b.height)
    const planes: PlaneAtom[][] = [[]]
    layer.forEach((atom, k) => {
      const below = layer[k - 1]
      if (below && (atom.height - below.height) * spacing_A >= SAME_PLANE_A) planes.push([])
      planes.at(-1)!.push(atom)
    })
    const names = planes.map(plane => formula(plane.map(atom => atom.element)))
    return {
      cut: cut - Math.floor(cut),
      gap_A,
      bottom: names[0]!,
      top: names.at(-1)!,
      ...polarity(planes, spacing_A, area_A2),
    }
  })
  const size = (termination: (typeof found)[number]) =>
    Math.round(1e6 * Math.abs(termination.dipole_e_per_A ?? 0))
  return found
    .toSorted((a, b) => size(a) - size(b) || Math.round(1e6 * (b.gap_A - a.gap_A)) || a.cut - b.cut)
    .map((termination, k) => ({ number: k + 1, ...termination }))
}

function polarity(
  planes: readonly (readonly PlaneAtom[])[],
  spacing_A: number,
  area_A2: number,
): Pick<Termination, 'dipole_e_per_A' | 'tasker' | 'polar'> {
  const atoms = planes.flat()
  if (atoms.some(atom => atom.charge === null)) return { dipole_e_per_A: null, tasker: null, polar: null }
  const sum = (of: readonly PlaneAtom[], value: (atom: PlaneAtom) => number) =>
    of.reduce((total, atom) => total + value(atom), 0)
  const dipole = spacing_A * sum(atoms, atom => atom.charge! * atom.height)
  const polar = Math.abs(dipole) > NO_DIPOLE * spacing_A * sum(atoms, atom => Math.abs(atom.charge!))
  const neutral = planes.every(plane => Math.abs(sum(plane, atom => atom.charge!)) < 1e-6)
  return { dipole_e_per_A: dipole / area_A2, tasker: polar ? 3 : neutral ? 1 : 2, polar }
}
