import type { AngleForce, BondForce, DihedralForce, ImproperForce } from '../core/force.ts'
import { bondedNeighbors, type Topology } from '../core/topology.ts'
import type { DihedralTerm, FourierSeries, ImproperEntry, PatternEntry, Potential } from './load.ts'
import { formatSequence, matches, matchesAtom, mostSpecific, type Sequence } from './patterns.ts'
import { createProblems, type Problems } from './problems.ts'

/** The bonded terms of one topology, one force for each kind and form. */
export type BondedForces = readonly (BondForce | AngleForce | DihedralForce | ImproperForce)[]

/** [N] types and classes of the atoms, and the bond order of two bonded atoms. */
interface Labels {
  readonly types: readonly string[]
  readonly classes: readonly string[]
  order(i: number, j: number): number
}

/**
 * Bonds, angles, dihedrals and impropers of a topology, every one covered by an entry of the potential.
 * @param types [N] type name of each atom; all must be known to the potential
 * @throws UserError listing all terms that are missing or ambiguous, with atoms, types and the pattern needed
 */
export function bondedForces(
  types: readonly string[],
  topology: Topology,
  potential: Potential,
): BondedForces {
  const problems = createProblems(types, potential)
  const forces = collectBondedForces(types, topology, potential, problems)
  problems.throwIfAny()
  return forces
}

/** Computes `bondedForces` and collects missing terms in `problems` instead of throwing. */
export function collectBondedForces(
  types: readonly string[],
  topology: Topology,
  potential: Potential,
  problems: Problems,
): BondedForces {
  const neighbors = bondedNeighbors(topology, types.length)
  const orders = new Map<string, number>()
  topology.bondOrders.forEach((order, m) => {
    const [i, j] = [topology.bonds[2 * m]!, topology.bonds[2 * m + 1]!]
    orders.set(`${Math.min(i, j)} ${Math.max(i, j)}`, order)
  })
  const labels: Labels = {
    types,
    classes: types.map(type => potential.types[type]!.class),
    order: (i, j) => orders.get(`${Math.min(i, j)} ${Math.max(i, j)}`)!,
  }
  const forces: (BondForce | AngleForce | DihedralForce | ImproperForce)[] = []

  const bondAtoms = Array.from({ length: topology.bondOrders.length }, (_, m) => [
    topology.bonds[2 * m]!,
    topology.bonds[2 * m + 1]!,
  ])
  const bonds = select('bond', bondAtoms, potential.bonds, labels, potential, problems)
  for (const form of ['harmonic', 'morse'] as const) {
    const chosen = bonds.filter(({ entry }) => entry.term.form === form)
    if (chosen.length === 0) continue
    const parameters = chosen.flatMap(({ entry }) =>
      entry.term.form === 'none' ? [] : entry.term.parameters,
    )
    forces.push({ kind: 'bond', form, atoms: indices(chosen), parameters: Float64Array.from(parameters) })
  }

  const angleAtoms = neighbors.flatMap((list, j) =>
    list.flatMap((i, a) => list.slice(a + 1).map(k => [i, j, k])),
  )
  const angles = select('angle', angleAtoms, potential.angles, labels, potential, problems).filter(
    ({ entry }) => entry.term.form === 'harmonic',
  )
  if (angles.length > 0) {
    const parameters = angles.flatMap(({ entry }) =>
      entry.term.form === 'none' ? [] : entry.term.parameters,
    )
    forces.push({ kind: 'angle', atoms: indices(angles), parameters: Float64Array.from(parameters) })
  }

  const dihedralAtoms = bondAtoms.flatMap(([j, k]) =>
    neighbors[j!]!.flatMap(i =>
      i === k ? [] : neighbors[k!]!.flatMap(l => (l === j || l === i ? [] : [[i, j!, k!, l]])),
    ),
  )
  const dihedrals = select('dihedral', dihedralAtoms, potential.dihedrals, labels, potential, problems)
  const series = fourier(dihedrals.map(({ atoms, entry }) => ({ atoms, term: entry.term })))
  if (series) forces.push({ kind: 'dihedral', ...series })

  const impropers = selectImpropers(neighbors, labels, potential, problems)
  const fourierImpropers = fourier(
    impropers.flatMap(({ atoms, entry }) =>
      entry.term.form === 'harmonic' ? [] : [{ atoms, term: entry.term }],
    ),
  )
  if (fourierImpropers) forces.push({ kind: 'improper', form: 'fourier', ...fourierImpropers })
  const harmonic = impropers.filter(({ entry }) => entry.term.form === 'harmonic')
  if (harmonic.length > 0) {
    const parameters = harmonic.flatMap(({ entry }) =>
      entry.term.form === 'harmonic' ? entry.term.parameters : [],
    )
    const force = { atoms: indices(harmonic), parameters: Float64Array.from(parameters) }
    forces.push({ kind: 'improper', form: 'harmonic', ...force })
  }
  return forces
}

interface Chosen<E> {
  readonly atoms: readonly number[]
  readonly entry: E
}

const indices = (chosen: readonly Chosen<unknown>[]) => Int32Array.from(chosen.flatMap(({ atoms }) => atoms))

/** The entry for each list of atoms; lists without one are noted as problems and left out. */
function select<E extends PatternEntry>(
  kind: 'bond' | 'angle' | 'dihedral',
  lists: readonly (readonly number[])[],
  entries: readonly E[],
  labels: Labels,
  potential: Potential,
  problems: Problems,
): Chosen<E>[] {
  const isType = (name: string) => Object.hasOwn(potential.types, name)
  const known = new Map<string, ReturnType<typeof mostSpecific<E>>>()
  return lists.flatMap(atoms => {
    const sequence: Sequence = {
      types: atoms.map(i => labels.types[i]!),
      classes: atoms.map(i => labels.classes[i]!),
      bondOrders: atoms.slice(1).map((i, k) => labels.order(atoms[k]!, i)),
    }
    const key = [...sequence.types, ...sequence.bondOrders].join(' ')
    let selection = known.get(key)
    if (!selection) {
      const matching = entries.filter(entry => matches(entry.pattern, sequence))
      selection = mostSpecific(matching, entry => entry.pattern, isType)
      known.set(key, selection)
    }
    if (selection.kind === 'found') return [{ atoms, entry: selection.entry }]
    problems.add({ kind, needed: formatSequence(sequence), atoms, selection })
    return []
  })
}

/** One improper (or an explicit `none`) for every atom with exactly three neighbours. */
function selectImpropers(
  neighbors: readonly (readonly number[])[],
  labels: Labels,
  potential: Potential,
  problems: Problems,
): Chosen<ImproperEntry>[] {
  const isType = (name: string) => Object.hasOwn(potential.types, name)
  return neighbors.flatMap((list, centre) => {
    if (list.length !== 3) return []
    const arranged = potential.impropers.flatMap(entry => {
      const atoms = arrange(entry, centre, list, labels)
      return atoms ? [{ atoms, entry }] : []
    })
    const selection = mostSpecific(arranged, ({ entry }) => ({ atoms: entry.atoms, bondOrders: [] }), isType)
    if (selection.kind === 'found') return [selection.entry]
    const outer = list.map(i => labels.classes[i]!).sort()
    problems.add({
      kind: 'improper',
      needed: `${labels.classes[centre]} with neighbours ${outer.join(', ')}`,
      atoms: [centre, ...list],
      selection:
        selection.kind === 'missing'
          ? selection
          : { kind: 'ambiguous', entries: selection.entries.map(({ entry }) => entry) },
    })
    return []
  })
}

/** The atoms in the order of the entry; of several orders that fit, the one that comes first by atom index. */
function arrange(
  entry: ImproperEntry,
  centre: number,
  outer: readonly number[],
  labels: Labels,
): readonly number[] | null {
  const fits = (pattern: ImproperEntry['atoms'][number], i: number) =>
    matchesAtom(pattern, labels.types[i]!, labels.classes[i]!)
  if (!fits(entry.atoms[entry.centre]!, centre)) return null
  const [a, b, c] = outer as [number, number, number]
  const orders = [
    [a, b, c],
    [a, c, b],
    [b, a, c],
    [b, c, a],
    [c, a, b],
    [c, b, a],
  ]
  for (const order of orders) {
    const atoms = order.toSpliced(entry.centre, 0, centre)
    if (atoms.every((i, k) => fits(entry.atoms[k]!, i))) return atoms
  }
  return null
}

/** The series that are not zero everywhere, in arrays of the highest order among them. */
function fourier(
  terms: readonly { readonly atoms: readonly number[]; readonly term: DihedralTerm }[],
): Pick<DihedralForce, 'atoms' | 'order' | 'coefficients'> | null {
  const kept = terms.flatMap(({ atoms, term }) =>
    term.form === 'fourier' && hasForce(term) ? [{ atoms, term }] : [],
  )
  if (kept.length === 0) return null
  const order = Math.max(...kept.map(({ term }) => term.cosine.length)) - 1
  const coefficients = new Float64Array(kept.length * 2 * (order + 1))
  kept.forEach(({ term }, m) => {
    coefficients.set(term.cosine, m * 2 * (order + 1))
    coefficients.set(term.sine, (2 * m + 1) * (order + 1))
  })
  return { atoms: Int32Array.from(kept.flatMap(({ atoms }) => atoms)), order, coefficients }
}

/** False for a series that is zero everywhere (all Vₙ = 0, as around a nitrile). */
function hasForce(series: FourierSeries): boolean {
  return [...series.cosine, ...series.sine].some(coefficient => coefficient !== 0)
}
