import { fragmentFile } from '../construct/library.ts'
import { findSite, type Site } from '../construct/sites.ts'
import { buildSolid, type Solid } from '../construct/solid.ts'
import type { SiteRecipe, SolidRecipe } from '../construct/solidRecipe.ts'
import { cartesian, minimumImage } from '../core/box.ts'
import type { Structure } from '../core/structure.ts'
import { createTopology } from '../core/topology.ts'
import type { YamlPath } from '../core/yaml.ts'
import { UserError } from '../errors.ts'
import { readStructureFile } from '../files/structureFile.ts'
import { checkSameAtoms } from '../neb/checks.ts'
import type { Potential } from '../potentials/load.ts'
import type { LoadedBandRecipe } from '../recipes/bandRecipe.ts'
import { namedFile } from '../run/checks.ts'

/** Both ends of a band before their relaxation. */
export interface BandEnds {
  readonly initial: Structure
  /** The final end, with the same atoms in the same order as `initial`. */
  readonly final: Structure
  /** [3N] Å, points that the first path goes through. */
  readonly via: readonly Float64Array[]
  /** Names of the ends in messages. */
  readonly names: { readonly initial: string; readonly final: string }
  /** The atom that hops; null when two files say where atoms go. */
  readonly ion: number | null
  /** Atoms of adsorbates that were built. */
  readonly adsorbate: readonly number[]
  /** True when an adsorbate is bonded to the surface: it is then relaxed before it is tethered. */
  readonly bonded: boolean
  /** Finds an atom by a site of the recipe. */
  atom(site: SiteRecipe, key: YamlPath): number
  /** Remarks about the structure, one line each. */
  readonly notes: readonly string[]
  readonly inputs: readonly string[]
}

type Recipe = LoadedBandRecipe['recipe']

/** @throws UserError when the ends cannot be read or built, or a site is not there */
export function bandEnds(loaded: LoadedBandRecipe, potential: Potential): BandEnds {
  return loaded.recipe.endpoints
    ? endsFromFiles(loaded, loaded.recipe.endpoints)
    : endsOfHop(loaded, potential)
}

function endsFromFiles(
  { recipe, where }: LoadedBandRecipe,
  { initial, final, via, types }: NonNullable<Recipe['endpoints']>,
): BandEnds {
  const read = (file: string, ...key: YamlPath) =>
    withTypes(readStructureFile(namedFile(file, where(['endpoints', ...key]))), types)
  const first = read(initial, 'initial')
  const stop = (file: string, k: number) => {
    const point = read(file, 'via', k)
    checkSameAtoms(first, point, { initial, final: file })
    return point.positions
  }
  return {
    initial: first,
    final: read(final, 'final'),
    via: via.map(stop),
    names: { initial, final },
    ion: null,
    adsorbate: [],
    bonded: false,
    atom: (site, key) =>
      findSite(site, { box: first.box, sites: sitesOf(first), among: 'filled', where: where(key) }),
    notes: [],
    inputs: [recipe.system.potential, initial, final, ...via, ...tetherFile(recipe)],
  }
}

function endsOfHop(loaded: LoadedBandRecipe, potential: Potential): BandEnds {
  const { recipe, where, path } = loaded
  const hop = recipe.hop!
  const start = startOf(loaded, potential)
  const { structure: full, sites, atomOfSite } = start
  const find = (site: SiteRecipe, among: 'filled' | 'all', key: YamlPath) =>
    findSite(site, { box: full.box, sites, among, where: where(key) })
  const ion = atomOfSite[find(hop.ion, 'filled', ['hop', 'ion'])]!
  const goal = hop.to ? find(hop.to, 'all', ['hop', 'to']) : null
  // An atom on the target site is removed; a site that an edit has emptied is a vacancy already.
  const removed = goal === null ? -1 : atomOfSite[goal]!
  if (ion === removed) {
    throw new UserError({
      message: `hop goes from atom ${ion + 1} to itself`,
      where: where(['hop']),
      hint: 'ion and to are one and the same atom',
    })
  }
  const place = (at: ArrayLike<number>) => nearest(full, ion, at)
  const fractions = (values: readonly number[]) => cartesian(full.box, Float64Array.from(values))
  const target = place(goal === null ? (hop.to_A ?? fractions(hop.to_fractional!)) : sites[goal]!.position)
  const via =
    hop.via_A ??
    hop.via.map((point, k) =>
      'length' in point ? fractions(point) : sites[find(point, 'all', ['hop', 'via', k])]!.position,
    )
  const stops = via.map(place)
  const kept = full.elements.flatMap((_, i) => (i === removed ? [] : [i]))
  const initial = removed < 0 ? full : only(full, kept)
  const index = (atom: number) => kept.indexOf(atom)
  const moved = (to: Float64Array) => {
    const positions = initial.positions.slice()
    positions.set(to, 3 * index(ion))
    return positions
  }
  const adsorbate = start.adsorbate.map(index)
  const isAdsorbed = new Set(adsorbate)
  const { bonds } = initial.topology
  return {
    initial,
    final: { ...initial, positions: moved(target) },
    via: stops.map(moved),
    names: { initial: path, final: `${path} (after the hop)` },
    ion: index(ion),
    adsorbate,
    bonded: Array.from({ length: bonds.length / 2 }, (_, k) => k).some(
      k => isAdsorbed.has(bonds[2 * k]!) !== isAdsorbed.has(bonds[2 * k + 1]!),
    ),
    atom: (site, key) => {
      const found = index(atomOfSite[find(site, 'filled', key)]!)
      if (found >= 0) return found
      throw new UserError({ message: 'this is the site that the hop empties', where: where(key) })
    },
    notes: [...start.notes, ...(recipe.system.build?.slab ? strayAdsorbates(initial, adsorbate) : [])],
    inputs: [recipe.system.potential, ...start.inputs, ...tetherFile(recipe)],
  }
}

const tetherFile = ({ tethers }: Recipe) => (tethers?.to === undefined ? [] : [tethers.to])

/** Remarks about adsorbates that are nearer to the next image of the slab than to the slab, one line each. */
function strayAdsorbates(
  { box, positions, types, topology }: Structure,
  adsorbate: readonly number[],
): string[] {
  const isAdsorbed = new Set(adsorbate)
  const height = (atom: number) => positions[3 * atom + 2]!
  const slab = types!.flatMap((_, i) => (isAdsorbed.has(i) ? [] : [height(i)]))
  const top = Math.max(...slab)
  const nextBottom = Math.min(...slab) + box.heights[2]!
  const moleculeOf = (atom: number) => topology.molecules[atom]!
  return [...new Set(adsorbate.map(moleculeOf))].flatMap(molecule => {
    const atoms = adsorbate.filter(atom => moleculeOf(atom) === molecule)
    const above = Math.min(...atoms.map(height)) - top
    const below = nextBottom - Math.max(...atoms.map(height))
    if (below >= above) return []
    const name = `${types![atoms[0]!]}, atom ${atoms[0]! + 1}`
    return [
      `the adsorbate of ${name} is nearer to the next image of the slab (${below.toFixed(1)} Å) than to its own surface (${above.toFixed(1)} Å): give it less height_A, or the slab more vacuum_A`,
    ]
  })
}

/** The structure that the hop starts from, the atom whose place the ion takes still there. */
interface Start {
  readonly structure: Structure
  readonly sites: readonly Site[]
  /** [sites] atom on each, −1 where it is vacant. */
  readonly atomOfSite: Int32Array
  readonly adsorbate: readonly number[]
  readonly notes: readonly string[]
  readonly inputs: readonly string[]
}

function startOf({ recipe, where }: LoadedBandRecipe, potential: Potential): Start {
  const { structure: file, build, types } = recipe.system
  if (file !== undefined) {
    const structure = withTypes(readStructureFile(namedFile(file, where(['system', 'structure']))), types)
    return {
      structure,
      sites: sitesOf(structure),
      atomOfSite: Int32Array.from(structure.elements.keys()),
      adsorbate: [],
      notes: [],
      inputs: [file],
    }
  }
  const { structure, report, inputs } = buildSolidFrom(
    build!,
    recipe.seed,
    path => where(['system', 'build', ...path]),
    // A fragment's file may bring charges of its own. Types that are not known are named when they are assigned.
    type => potential.types[type]?.charge_e ?? 0,
  )
  return {
    structure,
    sites: report.sites,
    atomOfSite: report.atomOfSite,
    adsorbate: report.adsorbates.flatMap(({ atoms: [first, end] }) =>
      Array.from({ length: end - first }, (_, k) => first + k),
    ),
    notes: report.notes,
    inputs,
  }
}

/** The atoms of a file as sites. */
function sitesOf({ elements, types, positions, frozen }: Structure): Site[] {
  return elements.map((element, i) => ({
    element,
    type: types![i]!,
    position: [positions[3 * i]!, positions[3 * i + 1]!, positions[3 * i + 2]!],
    layer: null,
    frozen: frozen?.[i] === 1,
    vacant: false,
  }))
}

/** The structure with atom types: those of the file, otherwise those of the elements in `types`, otherwise the elements. */
function withTypes(structure: Structure, types: Readonly<Record<string, string>> = {}): Structure {
  return {
    ...structure,
    types: structure.types ?? structure.elements.map(element => types[element] ?? element),
  }
}

/** The periodic image of a point that is nearest to an atom. @returns [3] Å */
function nearest({ box, positions }: Structure, atom: number, point: ArrayLike<number>): Float64Array {
  const move = Float64Array.from([0, 1, 2], c => point[c]! - positions[3 * atom + c]!)
  minimumImage(box, move)
  return move.map((x, c) => positions[3 * atom + c]! + x)
}

/** A structure of some of the atoms, in their order. */
function only(structure: Structure, atoms: readonly number[]): Structure {
  const { elements, types, positions, topology, charges, masses, frozen } = structure
  const index = new Map(atoms.map((atom, k) => [atom, k]))
  const bonds: number[] = []
  const orders: number[] = []
  topology.bondOrders.forEach((order, k) => {
    const ends = [topology.bonds[2 * k]!, topology.bonds[2 * k + 1]!].map(atom => index.get(atom))
    if (ends.some(atom => atom === undefined)) return
    bonds.push(...(ends as number[]))
    orders.push(order)
  })
  return {
    ...structure,
    elements: atoms.map(i => elements[i]!),
    types: types && atoms.map(i => types[i]!),
    positions: Float64Array.from(atoms.flatMap(i => [...positions.slice(3 * i, 3 * i + 3)])),
    topology: createTopology(atoms.length, bonds, orders),
    charges: charges && Float64Array.from(atoms, i => charges[i]!),
    masses: masses && Float64Array.from(atoms, i => masses[i]!),
    velocities: null,
    frozen: frozen && Uint8Array.from(atoms, i => frozen[i]!),
  }
}

/**
 * Builds a crystal or a slab, with the files that it names.
 * @param where of a key in the recipe's block
 * @param chargeOf charge of an atom type, e; without it the structure has no charges
 * @throws UserError for what cannot be read or built
 */
export function buildSolidFrom(
  recipe: SolidRecipe,
  seed: number,
  where: (path: YamlPath) => string,
  chargeOf?: (type: string) => number,
): Solid & { readonly inputs: readonly string[] } {
  const inputs: string[] = []
  const read = (file: string) => {
    inputs.push(file)
    return readStructureFile(file)
  }
  const solid = buildSolid(recipe, {
    seed,
    where,
    ...(chargeOf && { chargeOf }),
    readCrystal: read,
    readUnit: (name, key) => read(fragmentFile(name, key)),
  })
  return { ...solid, inputs: [...new Set(inputs)] }
}
