import { type Box, createBox, fractional } from '../core/box.ts'
import { UserError } from '../errors.ts'
import { DEGREE } from '../units.ts'
import { type Crystal, gridPoints, insideCell, type LatticeAtom } from './crystal.ts'
import { formalCharges } from './formalCharges.ts'
import { formula } from './formula.ts'
import {
  greatestCommonDivisor,
  type PrimitiveLattice,
  planeBasis,
  primitiveLattice,
  reducedPair,
  type Triple,
} from './lattice.ts'
import type { SlabRecipe } from './solidRecipe.ts'
import { add, cross, dot, norm, scale, times, unit, type Vector, vector, vectorAt } from './vectors.ts'

/** A slab cut from a crystal. */
export interface Slab {
  readonly box: Box
  /** Atoms layer by layer from the bottom; within a layer in the order of the crystal. */
  readonly atoms: readonly LatticeAtom[]
  readonly surface: Surface
}

/** Geometry of a cut, before any edit. */
export interface Surface {
  readonly miller: readonly number[]
  readonly layers: number
  /** Distance between layers. */
  readonly spacing_A: number
  /** Area of one side of the whole slab. */
  readonly area_A2: number
  /** Height difference between the highest and the lowest atom. */
  readonly thickness_A: number
  /** Edges of the surface cell before its repetition, Å, and the angle between them. */
  readonly cell: { readonly u_A: number; readonly v_A: number; readonly angle_deg: number }
  readonly terminations: readonly Termination[]
  readonly termination: Termination
}

/** Height of the lowest atom in the cell, Å. */
const FLOOR_A = 0.5

/**
 * Cuts a slab along the plane (h k l) of the cell of a crystal. Layers are those of the primitive lattice, for every cell:
 * a layer is one primitive cell thick and has the composition of the crystal. The surface cell is reduced (orthogonal if
 * the plane has an orthogonal primitive cell), with its first edge along x and the normal along z. The first atom of the
 * crystal is at the lateral origin in layer 1; a layer is shifted against the one below by at most half the second edge.
 * @param given formal charges by element, e, for the dipole
 * @throws UserError for (0 0 0) or indices that are not integers, for wrong counts, or for an unknown termination
 */
export function cutSlab(
  crystal: Crystal,
  recipe: SlabRecipe,
  given: Readonly<Record<string, number>> = {},
): Slab {
  checkSlab(recipe)
  const { miller, layers, vacuum_A, repeat = [1, 1] } = recipe
  const labels = crystal.elements.map((element, i) => `${element} ${crystal.types?.[i] ?? ''}`)
  const primitive = primitiveLattice(crystal.box, labels, crystal.positions)
  const { u, v, w, spacing_A, shift } = orientedCell(crystal.box, primitive, miller)
  const s = fractional(createBox([...u, ...v, ...w]), crystal.positions)
  const charges = formalCharges(crystal.elements, given)
  const area = norm(cross(u, v))
  const choices = terminations(
    primitive.atoms.map(i => ({
      element: crystal.elements[i]!,
      height: s[3 * i + 2]!,
      charge: charges?.[i] ?? null,
    })),
    spacing_A,
    area,
  )
  const termination = chosen(choices, recipe.termination ?? 1)

  /** Lateral coordinates of an atom in units of u and v, and its height in units of the spacing. */
  const inLayer = (atom: number, layer: number): Vector => {
    const [a, b, c] = vectorAt(s, atom)
    const height = layer - 1 + c - Math.floor(c - termination.cut)
    return [a + height * shift[0], b + height * shift[1], height]
  }
  const origin = inLayer(primitive.atoms[0]!, 1)
  const heights = primitive.atoms.map(atom => inLayer(atom, 1)[2])
  const lowest = Math.min(...heights)
  const thickness = (layers - 1 + Math.max(...heights) - lowest) * spacing_A
  const x = unit(u)
  const skew = Math.abs(dot(v, x)) < 1e-9 ? 0 : dot(v, x)
  const across = [norm(u), 0, 0, skew, area / norm(u), 0, 0, 0, spacing_A]
  const atoms = Array.from({ length: layers }, (_, k) => k + 1).flatMap(layer =>
    primitive.atoms.flatMap(source => {
      const [a, b, height] = inLayer(source, layer)
      const at = [insideCell(a - origin[0]), insideCell(b - origin[1]), height - lowest] as const
      return gridPoints([...repeat, 1]).map(cell => {
        const position = add(times(add(at, cell), across), [0, 0, FLOOR_A])
        return { source, position, layer }
      })
    }),
  )
  const [nu, nv] = repeat as [number, number]
  return {
    box: createBox([
      ...times([nu, 0, 0], across),
      ...times([0, nv, 0], across),
      ...[0, 0, thickness + vacuum_A],
    ]),
    atoms,
    surface: {
      miller,
      layers,
      spacing_A,
      area_A2: area * nu * nv,
      thickness_A: thickness,
      cell: { u_A: norm(u), v_A: norm(v), angle_deg: Math.acos(dot(x, unit(v))) / DEGREE },
      terminations: choices,
      termination,
    },
  }
}

function checkSlab({ miller, layers, repeat = [1, 1], vacuum_A, frozen_layers = 0 }: SlabRecipe): void {
  if (miller.length !== 3 || !miller.every(Number.isInteger) || miller.every(index => index === 0)) {
    throw new UserError({
      message: `(${miller.join(' ')}) is not a plane`,
      hint: 'give miller three integers, not all zero',
    })
  }
  const counts = [layers, ...repeat]
  if (repeat.length !== 2 || !counts.every(count => Number.isInteger(count) && count >= 1)) {
    throw new UserError({
      message: `a slab of ${layers} layers, repeated ${repeat.join(' × ')} times, cannot be cut`,
      hint: 'layers and the two numbers of repeat are integers of at least 1',
    })
  }
  if (!(vacuum_A > 0)) throw new UserError({ message: `vacuum_A is ${vacuum_A}: it must be positive` })
  if (!Number.isInteger(frozen_layers) || frozen_layers < 0 || frozen_layers > layers) {
    throw new UserError({ message: `frozen_layers is ${frozen_layers}: the slab has ${layers} layers` })
  }
}

interface OrientedCell {
  /** Edges of the surface cell in the crystal's frame, Å. */
  readonly u: Vector
  readonly v: Vector
  /** Vector to the next lattice plane, Å. */
  readonly w: Vector
  readonly spacing_A: number
  /** Lateral part of w in units of u and v. */
  readonly shift: readonly [number, number]
}

function orientedCell(box: Box, { basis, order }: PrimitiveLattice, miller: readonly number[]): OrientedCell {
  const reciprocal = vector(k => [0, 1, 2].reduce((sum, i) => sum + box.inverse[3 * k + i]! * miller[i]!, 0))
  const normal = unit(reciprocal)
  const indices = basis.map(row => row.reduce((sum, x, i) => sum + x * miller[i]!, 0))
  const divisor = greatestCommonDivisor(indices)
  const plane = planeBasis(vector(k => indices[k]! / divisor))
  const place = (multiples: Triple): Vector => {
    const cell = vector(k => multiples.reduce((sum, n, i) => sum + n * basis[i]![k]!, 0) / order)
    return times(cell, box.matrix)
  }
  const [u, v] = reducedPair(place(plane.inPlane[0]), place(plane.inPlane[1]), normal)
  const up = place(plane.up)
  const [a, b] = times(up, createBox([...u, ...v, ...normal]).inverse).map(insideCell) as [number, number]
  const spacing_A = dot(up, normal)
  // A rotation by 180° about the normal gives an equivalent cell: the one with the smaller shift along v, then u, is taken.
  const turn = b > 0.5 + 1e-6 || ((b < 1e-6 || b > 0.5 - 1e-6) && a > 0.5 + 1e-6)
  const shift = (turn ? [insideCell(-a), insideCell(-b)] : [a, b]) as [number, number]
  const sign = turn ? -1 : 1
  const [x, y] = [scale(u, sign), scale(v, sign)]
  const w = add(add(scale(x, shift[0]), scale(y, shift[1])), scale(normal, spacing_A))
  return { u: x, v: y, w, spacing_A, shift }
}

function chosen(choices: readonly Termination[], number: number): Termination {
  const termination = choices[number - 1]
  if (termination) return termination
  const list = choices.map(({ number, bottom, top, polar }) => {
    return `${number}: ${bottom} at the bottom, ${top} on top${polar ? ', polar' : ''}`
  })
  throw new UserError({
    message: `there is no termination ${number}: the plane has ${choices.length}`,
    hint: list.join('; '),
  })
}

/** A cut of a crystal along a plane, with the atoms of both surfaces and the dipole of a layer. */
export interface Termination {
  /** Number of the termination, counted from 1, the least polar first. */
  readonly number: number
  /** Height of the cut above a lattice plane, as a share of the spacing. */
  readonly cut: number
  /** Distance between the atomic planes on either side, Å. */
  readonly gap_A: number
  /** Formulas of the first and the last atomic plane, per surface cell. */
  readonly bottom: string
  readonly top: string
  /** Dipole along the normal of one layer per area, from formal charges, e/Å; null when they are not known. */
  readonly dipole_e_per_A: number | null
  /**
   * Type after Tasker 1979 (https://doi.org/10.1088/0022-3719/12/22/036): 1 neutral planes, 2 charged planes without a
   * dipole, 3 charged planes with a dipole; null when charges are not known.
   */
  readonly tasker: 1 | 2 | 3 | null
  readonly polar: boolean | null
}

/** An atom of one layer. */
interface PlaneAtom {
  readonly element: string
  /** Height along the normal, in units of the spacing. */
  readonly height: number
  /** e; null when not known */
  readonly charge: number | null
}

/** Largest distance along the normal between atoms of one corrugated plane, Å: no cut separates them. */
const SAME_PLANE_A = 0.2
/** Largest dipole of a layer, divided by Σ|q|·spacing, that counts as zero. */
const NO_DIPOLE = 1e-3

/**
 * All cuts between atomic planes, ordered by dipole, then by the width of the gap.
 * @param spacing_A distance between lattice planes @param area_A2 area of the surface cell
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
