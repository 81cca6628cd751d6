import type { Box } from '../core/box.ts'
import { composition } from '../core/elements.ts'
import type { Structure } from '../core/structure.ts'
import { createTopology } from '../core/topology.ts'
import { UserError } from '../errors.ts'
import type { Contact } from './adsorbate.ts'
import { placeAbove, placeBonded, ROOM } from './adsorbate.ts'
import {
  type Crystal,
  crystalOfStructure,
  fillMixture,
  type LatticeAtom,
  layeredCrystal,
  repeatCrystal,
} from './crystal.ts'
import type { LithiumResult } from './edits.ts'
import { applyEdits } from './edits.ts'
import { formula } from './formula.ts'
import { findSite, type Site } from './sites.ts'
import { cutSlab, type Surface } from './slab.ts'
import type { AdsorbateRecipe, CrystalRecipe, LayeredRecipe, SolidRecipe } from './solidRecipe.ts'
import type { Vector } from './vectors.ts'

/** Settings of `buildSolid` that are not in the recipe. */
export interface SolidOptions {
  /** Seed of random metals, random lithium and the electrostatic search. */
  readonly seed: number
  /** Reads `crystal.file`. */
  readonly readCrystal?: (file: string) => Structure
  /** Reads the molecule of the key `unit` of an adsorbate. */
  readonly readUnit?: (name: string, where: string) => Structure
  /** Returns the charge of an atom type, e. Without it, the structure has no charges. */
  readonly chargeOf?: (type: string) => number
  /** Formal charges of elements that differ from the usual ones, e; used for the dipole and electrostatic ordering. */
  readonly formalCharges?: Readonly<Record<string, number>>
  /** Returns the place of a key of the recipe, for messages. */
  readonly where?: (path: readonly (string | number)[]) => string
}

/** A built crystal or slab. */
export interface Solid {
  readonly structure: Structure
  readonly report: SolidReport
}

/** Data of a built crystal or slab, for the user and for bands. */
export interface SolidReport {
  /** Chemical formula with adsorbates, such as Li40Ni40O80. */
  readonly formula: string
  readonly composition: Readonly<Record<string, number>>
  /** [N] layer of each atom of a slab, 1 at the bottom; 0 for adsorbates and in bulk. */
  readonly layers: Int32Array
  /** Sites of the ideal lattice after the edits, vacancies included, for `findSite`. */
  readonly sites: readonly Site[]
  /** [sites] atom on each site, counted from 0; −1 where vacant. */
  readonly atomOfSite: Int32Array
  /** [N] site of each atom, counted from 0; −1 for adsorbates. */
  readonly siteOfAtom: Int32Array
  /** True if the host has the composition of the crystal also after the edits. */
  readonly stoichiometric: boolean
  /** Geometry of the cut, before edits; null in bulk. */
  readonly surface: Surface | null
  readonly lithium: readonly Omit<LithiumResult, 'sites'>[]
  readonly adsorbates: readonly AdsorbateReport[]
  /** Remarks such as a polar surface or a close contact. */
  readonly notes: readonly string[]
}

/** Data of a placed molecule. */
export interface AdsorbateReport {
  readonly unit: string
  /** Range of its atoms, counted from 0, without the end. */
  readonly atoms: readonly [first: number, end: number]
  /** Charges in the file of the unit, e; null if there are none. */
  readonly charges: Float64Array | null
  /** Atoms of the bond to the surface, on the site and in the molecule, counted from 0; null without a bond. */
  readonly bond: readonly [site: number, atom: number] | null
  /** Angle between this bond and the free valence of the bonded atom of the molecule; null without a bond. */
  readonly tilt_deg: number | null
  /** Rotation about the surface normal, given or found. */
  readonly rotation_deg: number
  readonly contact: Contact
}

/**
 * Builds a crystal or a slab, edits it and places molecules on it. Order of atoms: the host (a slab layer by layer; within
 * a layer, and in bulk, in the order of the crystal), then adsorbates. Positions are those of the ideal lattice; the bottom
 * layers of a slab are frozen. With `chargeOf`, atoms of a unit with charges keep those of the unit.
 * @throws UserError for a recipe that cannot be built
 */
export function buildSolid(recipe: SolidRecipe, options: SolidOptions): Solid {
  const where = options.where ?? (path => path.join(' › '))
  const crystal = crystalOf(recipe.crystal, options, where)
  const { types: typeOf = {}, slab: slabRecipe, repeat = [1, 1, 1], edits = [], adsorbates = [] } = recipe
  if (recipe.repeat && slabRecipe) {
    throw new UserError({
      message: 'repeat and slab exclude each other',
      where: where(['repeat']),
      hint: 'repeat is for bulk; the lateral repeats of a slab are slab.repeat',
    })
  }
  const given = options.formalCharges ?? {}
  const slab = slabRecipe ? located(where(['slab']), () => cutSlab(crystal, slabRecipe, given)) : null
  const { box, atoms } = slab ?? repeatCrystal(crystal, repeat)
  const ideal = idealSites(crystal, atoms, typeOf, slabRecipe?.frozen_layers ?? 0, options.seed)
  const edited = applyEdits(ideal, edits, {
    box,
    seed: options.seed,
    formalCharges: given,
    where,
    slab: slab !== null,
  })
  const { sites } = edited
  const host = sites.flatMap((site, index) => (site.vacant ? [] : [index]))
  const atomOfSite = new Int32Array(sites.length).fill(-1)
  host.forEach((site, atom) => {
    atomOfSite[site] = atom
  })
  if (adsorbates.length > 0 && !slab) {
    throw new UserError({
      message: 'an adsorbate needs a slab',
      where: where(['adsorbates']),
      hint: 'give slab: { miller, layers, vacuum_A }',
    })
  }
  const cell: Cell = {
    box,
    atoms: host.map(index => ({ ...sites[index]!, charge: null })),
    bonds: [],
    orders: [],
  }
  const placed = adsorbates.reduce<Built>(
    (built, adsorbate, k) => addAdsorbate(built, adsorbate, k, { sites, atomOfSite, options, where }),
    { cell, reports: [] },
  )
  const structure = finish(placed.cell, options.chargeOf)
  const siteOfAtom = Int32Array.from(structure.elements, (_, atom) => host[atom] ?? -1)
  return {
    structure,
    report: {
      formula: formula(structure.elements),
      composition: composition(structure.elements),
      layers: siteOfAtom.map(site => sites[site]?.layer ?? 0),
      sites,
      atomOfSite,
      siteOfAtom,
      stoichiometric: sameRatios(
        host.map(i => sites[i]!.element),
        ideal.map(site => site.element),
      ),
      surface: slab?.surface ?? null,
      lithium: edited.lithium.map(({ sites: _, ...rest }) => rest),
      adsorbates: placed.reports,
      notes: [...surfaceNotes(slab?.surface ?? null), ...placed.reports.flatMap(contactNotes)],
    },
  }
}

type Where = (path: readonly (string | number)[]) => string

function crystalOf(recipe: CrystalRecipe, { readCrystal }: SolidOptions, where: Where): Crystal {
  const { file, prototype } = recipe
  if (file !== undefined) {
    if (!readCrystal) throw new TypeError('a crystal file needs the option readCrystal')
    return crystalOfStructure(readCrystal(file), where(['crystal', 'file']))
  }
  const { a_A, c_A, z_oxygen, metals } = recipe
  if (
    prototype === undefined ||
    a_A === undefined ||
    c_A === undefined ||
    z_oxygen === undefined ||
    !metals
  ) {
    throw new UserError({
      message: 'the crystal is incomplete',
      where: where(['crystal']),
      hint: 'give prototype: layered with a_A, c_A, z_oxygen and metals; or give file',
    })
  }
  const layered: LayeredRecipe = { a_A, c_A, z_oxygen, metals, ordering: recipe.ordering }
  return located(where(['crystal']), () => layeredCrystal(layered))
}

/** Runs a function and adds the place in the recipe to errors without a place. */
function located<T>(where: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof UserError) || error.where !== undefined) throw error
    throw new UserError({ message: error.message, where, hint: error.hint })
  }
}

function idealSites(
  crystal: Crystal,
  atoms: readonly LatticeAtom[],
  typeOf: Readonly<Record<string, string>>,
  frozenLayers: number,
  seed: number,
): Site[] {
  const elements = fillMixture(
    atoms.map(({ source }) => crystal.elements[source]!),
    crystal.mixture,
    seed,
  )
  return atoms.map(({ source, position, layer }, i) => {
    const element = elements[i]!
    const type = typeOf[element] ?? crystal.types?.[source] ?? element
    return { element, type, position, layer, frozen: layer !== null && layer <= frozenLayers, vacant: false }
  })
}

/** The atoms and bonds placed so far. */
interface Cell {
  readonly box: Box
  readonly atoms: readonly CellAtom[]
  readonly bonds: readonly number[]
  readonly orders: readonly number[]
}

interface CellAtom {
  readonly element: string
  readonly type: string
  readonly position: Vector
  readonly frozen: boolean
  /** Charge from the file of the unit, e; null for the charge of the type. */
  readonly charge: number | null
}

interface Built {
  readonly cell: Cell
  readonly reports: readonly AdsorbateReport[]
}

function addAdsorbate(
  { cell, reports }: Built,
  recipe: AdsorbateRecipe,
  k: number,
  context: {
    readonly sites: readonly Site[]
    readonly atomOfSite: Int32Array
    readonly options: SolidOptions
    readonly where: Where
  },
): Built {
  const { sites, atomOfSite, options, where } = context
  const { unit, above, height_A, bond, rotation_deg = null } = recipe
  if (!options.readUnit) throw new TypeError('adsorbates need the option readUnit')
  const molecule = options.readUnit(unit, where(['adsorbates', k, 'unit']))
  const atomOf = (site: typeof above & object, ...path: string[]) => {
    const search = {
      box: cell.box,
      sites,
      among: 'filled',
      where: where(['adsorbates', k, ...path]),
    } as const
    return atomOfSite[findSite(site, search)]!
  }
  const common = {
    molecule,
    name: unit,
    box: cell.box,
    host: cell.atoms,
    rotation_deg,
    where: where(['adsorbates', k]),
  }
  const offset = cell.atoms.length
  const place = () => {
    if (bond) {
      const site = atomOf(bond.to, 'bond', 'to')
      const placed = placeBonded({ ...common, site, atom: bond.atom, length_A: bond.length_A })
      return { ...placed, bond: [site, offset + placed.bonded] as const }
    }
    if (above && height_A !== undefined) {
      return { ...placeAbove({ ...common, site: atomOf(above, 'above'), height_A }), bond: null }
    }
    throw new UserError({
      message: `the place of ${unit} is not given`,
      where: where(['adsorbates', k]),
      hint: 'give above and height_A, or bond: { atom, to, length_A }',
    })
  }
  const placed = place()
  const { topology } = molecule
  return {
    cell: {
      box: cell.box,
      atoms: [
        ...cell.atoms,
        ...placed.positions.map((position, i) => ({
          element: molecule.elements[i]!,
          type: molecule.types?.[i] ?? molecule.elements[i]!,
          position,
          frozen: false,
          charge: molecule.charges?.[i] ?? null,
        })),
      ],
      bonds: [...cell.bonds, ...Array.from(topology.bonds, i => offset + i), ...(placed.bond ?? [])],
      orders: [...cell.orders, ...topology.bondOrders, ...(placed.bond ? [1] : [])],
    },
    reports: [
      ...reports,
      {
        unit,
        atoms: [offset, offset + molecule.elements.length],
        charges: molecule.charges,
        bond: placed.bond,
        tilt_deg: placed.tilt_deg,
        rotation_deg: placed.rotation_deg,
        contact: placed.contact,
      },
    ],
  }
}

function finish({ box, atoms, bonds, orders }: Cell, chargeOf: SolidOptions['chargeOf']): Structure {
  return {
    elements: atoms.map(atom => atom.element),
    types: atoms.map(atom => atom.type),
    positions: Float64Array.from(atoms.flatMap(atom => atom.position)),
    box,
    topology: createTopology(atoms.length, bonds, orders),
    charges: chargeOf ? Float64Array.from(atoms, atom => atom.charge ?? chargeOf(atom.type)) : null,
    masses: null,
    velocities: null,
    frozen: atoms.some(atom => atom.frozen) ? Uint8Array.from(atoms, atom => (atom.frozen ? 1 : 0)) : null,
  }
}

/** True if the elements of both lists have the same ratios. */
function sameRatios(a: readonly string[], b: readonly string[]): boolean {
  const [first, second] = [composition(a), composition(b)]
  const names = new Set([...a, ...b])
  return [...names].every(name => (first[name] ?? 0) * b.length === (second[name] ?? 0) * a.length)
}

function surfaceNotes(surface: Surface | null): string[] {
  if (!surface) return []
  const { miller, termination } = surface
  const name = `(${miller.join(' ')})`
  if (termination.polar === null) {
    return [`the dipole of the ${name} slab is not known: its elements have no formal charges that cancel`]
  }
  if (!termination.polar) return []
  return [
    `the ${name} slab is polar (Tasker type 3): each layer has a dipole of ${termination.dipole_e_per_A!.toFixed(3)} e/Å per area from formal charges`,
  ]
}

function contactNotes({ unit, contact }: AdsorbateReport): string[] {
  if (contact.share >= ROOM) return []
  const { distance_A, share } = contact
  return [
    `${unit} comes as near as ${distance_A.toFixed(2)} Å to its surroundings, ${Math.round(100 * share)} % of the van der Waals distance`,
  ]
}
