import { orthorhombicBox } from '../core/box.ts'
import type { Structure } from '../core/structure.ts'
import { createTopology } from '../core/topology.ts'
import { closest } from '../core/yaml.ts'
import { UserError } from '../errors.ts'
import type { Potential } from '../potentials/load.ts'
import { randomSequence, STREAM } from '../rng.ts'
import { G_PER_MOL_A3_IN_G_PER_CM3 } from '../units.ts'
import { type Conformation, type GrowthPlan, planGrowth } from './growth.ts'
import { buildLamella, type Lamella, type LamellaRecipe } from './lamella.ts'
import { type CrystalForm, loadForm, loadUnit, type Unit } from './library.ts'
import { CONTACTS_A, createContactGrid, placeMolecule, withinThreeBonds } from './place.ts'
import {
  chainSequence,
  type MoleculeGraph,
  polymerChain,
  type SequenceRecipe,
  singleMolecule,
} from './polymer.ts'
import type { Vector } from './vectors.ts'

/** The section `system.build` of a recipe. */
export interface BuildRecipe {
  readonly polymers?: readonly PolymerRecipe[] | undefined
  /** Number of molecules of each unit, by name. */
  readonly ions?: Readonly<Record<string, number>> | undefined
  /** Density of the whole box, which is a cube. */
  readonly density_g_per_cm3?: number | undefined
  /** Lamella in place of a density: chains on the lattice of a crystal form, ions in the gap. */
  readonly lamella?: LamellaRecipe | undefined
}

export interface PolymerRecipe extends SequenceRecipe {
  readonly chains: number
  readonly conformation: Conformation
}

/** Data of a built box, for the user. */
export interface BuildReport {
  /** Kinds of molecules in the order of the structure. */
  readonly composition: readonly {
    readonly name: string
    readonly molecules: number
    readonly atoms_per_molecule: number
  }[]
  readonly atoms: number
  /** Net charge with the unscaled charges of the potential. */
  readonly net_charge_e: number
  readonly density_g_per_cm3: number
  readonly box_edges_A: Vector
  /** The lamella; null in an amorphous box. */
  readonly lamella: LamellaReport | null
  /** Smallest distance between atoms more than three bonds apart. */
  readonly closest_contact_A: number
  /** [chains] number of replaced units. */
  readonly replaced_units: readonly number[]
  /** [chains] number of reversed units. */
  readonly reversed_units: readonly number[]
}

/** Data of the lamella of a built box, for the user. */
export interface LamellaReport {
  readonly form: string
  /** Density of the crystal, without the gap and the ends of the chains. */
  readonly density_g_per_cm3: number
  /** Distance along z between the outermost atoms of both faces. */
  readonly thickness_A: number
}

/** A built box. */
export interface BuildResult {
  readonly structure: Structure
  readonly report: BuildReport
}

interface PlannedMolecule {
  readonly graph: MoleculeGraph
  readonly conformation: Conformation
  readonly replaced: number
  readonly reversed: number
  readonly isChain: boolean
}

/**
 * Builds an amorphous cubic box: chains grow bond by bond from random places. Each step tries its torsions until one gives
 * no contact with placed atoms; if none does, the step before is changed. Ions and molecules follow. With `lamella`,
 * chains are on a lattice, and ions and molecules are in the gap. The same recipe, potential and seed give the same box.
 * @param baseDirectory directory that relative paths of units start from
 * @throws UserError when units, potential and recipe do not fit together, or when there is no room
 */
export function buildBox(
  recipe: BuildRecipe,
  potential: Potential,
  seed: number,
  baseDirectory: string,
): BuildResult {
  checkTypes(recipe, potential, baseDirectory)
  const molecules = planMolecules(recipe, seed, baseDirectory)
  if (molecules.length === 0) {
    throw new UserError({ message: 'the recipe builds nothing: give polymers or ions' })
  }
  const elements = molecules.flatMap(({ graph }) => graph.elements)
  const types = molecules.flatMap(({ graph }) => graph.types)
  const offsets = molecules.map(() => 0)
  for (let m = 1; m < molecules.length; m++) {
    offsets[m] = offsets[m - 1]! + molecules[m - 1]!.graph.types.length
  }
  const topology = createTopology(
    types.length,
    molecules.flatMap(({ graph }, m) => Array.from(graph.topology.bonds, i => i + offsets[m]!)),
    molecules.flatMap(({ graph }) => [...graph.topology.bondOrders]),
  )
  const mass = types.reduce((sum, type) => sum + potential.types[type]!.mass_g_per_mol, 0)
  const positions = new Float64Array(3 * types.length)
  const crystal = recipe.lamella && crystallise(recipe, recipe.lamella, molecules, potential, baseDirectory)
  if (crystal) positions.set(crystal.lamella.positions)
  const edges_A = crystal ? crystal.lamella.edges_A : cube(recipe, mass)
  const region_A = crystal ? gapOf(crystal.lamella) : ([[0, 0, 0], edges_A] as const)
  const grid = createContactGrid(positions, edges_A, CONTACTS_A[0])
  const plans = new Map<MoleculeGraph, GrowthPlan>()
  molecules.forEach(({ graph, conformation, isChain }, m) => {
    if (crystal && isChain) {
      for (const [k] of graph.types.entries()) grid.add(offsets[m]! + k)
      return
    }
    const plan = plans.get(graph) ?? planGrowth(graph, conformation, potential)
    plans.set(graph, plan)
    const random = randomSequence(seed, STREAM.build, m + 1)
    placeMolecule({ graph, plan, positions, offset: offsets[m]!, grid, region_A, random })
  })

  const box = orthorhombicBox(...edges_A)
  const structure: Structure = {
    elements,
    types,
    positions,
    box,
    topology,
    charges: null,
    masses: null,
    velocities: null,
    frozen: null,
  }
  const chains = molecules.filter(({ isChain }) => isChain)
  const names = [...new Set(molecules.map(({ graph }) => graph.name))]
  return {
    structure,
    report: {
      composition: names.map(name => {
        const members = molecules.filter(({ graph }) => graph.name === name)
        return { name, molecules: members.length, atoms_per_molecule: members[0]!.graph.types.length }
      }),
      atoms: types.length,
      net_charge_e: types.reduce((sum, type) => sum + potential.types[type]!.charge_e, 0),
      density_g_per_cm3: (mass * G_PER_MOL_A3_IN_G_PER_CM3) / box.volume,
      box_edges_A: edges_A,
      lamella: crystal?.report ?? null,
      closest_contact_A: closestContact(structure, edges_A),
      replaced_units: chains.map(({ replaced }) => replaced),
      reversed_units: chains.map(({ reversed }) => reversed),
    },
  }
}

/** Edges of a cubic box with the density of the recipe, Å. @param mass total mass, g/mol */
function cube({ density_g_per_cm3: density }: BuildRecipe, mass: number): Vector {
  if (density === undefined) {
    throw new UserError({
      message: 'the size of the box is not given: give density_g_per_cm3 or lamella',
    })
  }
  const edge_A = ((mass * G_PER_MOL_A3_IN_G_PER_CM3) / density) ** (1 / 3)
  return [edge_A, edge_A, edge_A]
}

/** Lowest and highest corner of the gap of a lamella, Å. */
const gapOf = ({ edges_A: [x, y], gap_A: [from, to] }: Lamella): readonly [Vector, Vector] => [
  [0, 0, from],
  [x, y, to],
]

/** Builds the chains of a recipe as a lamella. @throws UserError when they do not fit the form and its cells */
function crystallise(
  { polymers = [] }: BuildRecipe,
  recipe: LamellaRecipe,
  molecules: readonly PlannedMolecule[],
  potential: Potential,
  baseDirectory: string,
): { lamella: Lamella; report: LamellaReport } {
  const form = loadForm(recipe.form, baseDirectory)
  const [polymer] = polymers
  if (!polymer || polymers.length > 1) {
    throw new UserError({
      message: `a lamella needs one entry of polymers, and the recipe has ${polymers.length}`,
    })
  }
  const unit = loadUnit(polymer.unit, baseDirectory)
  checkFits(form, recipe, polymer, unit.name)
  const { graph } = molecules[0]!
  const lamella = buildLamella(recipe, form, graph, polymer.units_per_chain, potential)
  const [a, b, c] = form.lattice_A
  const unitMass = unit.atoms.reduce((sum, { type }) => sum + potential.types[type]!.mass_g_per_mol, 0)
  const cellMass = unitMass * lamella.unitsPerCell
  return {
    lamella,
    report: {
      form: form.name,
      density_g_per_cm3: (cellMass * G_PER_MOL_A3_IN_G_PER_CM3) / (a * b * c),
      thickness_A: lamella.gap_A[0],
    },
  }
}

function checkFits(form: CrystalForm, recipe: LamellaRecipe, polymer: PolymerRecipe, unit: string): void {
  const refuse = (message: string, hint: string) => {
    throw new UserError({ message, hint })
  }
  if (unit !== form.unit) {
    refuse(
      `the form ${form.name} consists of ${form.unit}, not of ${unit}`,
      `polymers: [{ unit: ${form.unit}, … }]`,
    )
  }
  if (polymer.replace || (polymer.defect_fraction ?? 0) > 0) {
    refuse(
      `chains of the form ${form.name} consist of ${unit} only`,
      'remove replace and defect_fraction, or build an amorphous box: density_g_per_cm3 in place of lamella',
    )
  }
  if (polymer.conformation !== 'random') {
    refuse(`the form ${form.name} sets the conformation of its chains`, 'remove conformation')
  }
  const [nx, ny] = recipe.cells
  const chains = nx * ny * form.chains.length
  if (polymer.chains === chains) return
  refuse(
    `${nx} × ${ny} cells of ${form.name} contain ${chains} chains, but the recipe has ${polymer.chains}`,
    `give chains: ${chains}, or other cells`,
  )
}

/** Checks atom types of units. @throws UserError for a type that the potential lacks or that has another element */
function checkTypes(recipe: BuildRecipe, potential: Potential, baseDirectory: string): void {
  const names = [
    ...(recipe.polymers ?? []).flatMap(({ unit, replace }) => [unit, ...(replace ? [replace.unit] : [])]),
    ...Object.keys(recipe.ions ?? {}),
  ]
  const known = Object.keys(potential.types)
  for (const { type, element, where } of names.flatMap(name => loadUnit(name, baseDirectory).uses)) {
    if (!known.includes(type)) {
      const near = closest(type, known)
      throw new UserError({
        message: `the potential '${potential.name}' has no atom type '${type}'`,
        where,
        hint: near ? `did you mean \`${near}\`?` : `types of ${potential.file}: ${known.join(', ')}`,
      })
    }
    const expected = potential.types[type]!.element
    if (element === expected) continue
    throw new UserError({
      message: `the atom is ${element}, but its type '${type}' is ${expected}`,
      where,
      hint: `the type is defined in ${potential.file}`,
    })
  }
}

/** The molecules of the box in order: chains, then ions, each in the order of the recipe. */
function planMolecules(recipe: BuildRecipe, seed: number, baseDirectory: string): PlannedMolecule[] {
  const random = randomSequence(seed, STREAM.build, 0)
  const chains = (recipe.polymers ?? []).flatMap((polymer, index) => {
    const names = [polymer.unit, ...(polymer.replace ? [polymer.replace.unit] : [])]
    const units = new Map<string, Unit>(names.map(name => [name, loadUnit(name, baseDirectory)]))
    const suffix = recipe.polymers!.length > 1 ? ` ${index + 1}` : ''
    const name = `${units.get(polymer.unit)!.name} chain${suffix}`
    return Array.from({ length: polymer.chains }, (): PlannedMolecule => {
      const sequence = chainSequence(polymer, random)
      return {
        graph: polymerChain(name, sequence, units),
        conformation: polymer.conformation,
        replaced: sequence.filter(({ unit }) => unit !== polymer.unit).length,
        reversed: sequence.filter(({ reversed }) => reversed).length,
        isChain: true,
      }
    })
  })
  const ions = Object.entries(recipe.ions ?? {}).flatMap(([name, count]) => {
    const unit = loadUnit(name, baseDirectory)
    if (unit.kind !== 'molecule') {
      throw new UserError({
        message: `'${name}' is a repeat unit and cannot stand alone`,
        where: unit.file,
        hint: 'give it under polymers',
      })
    }
    const graph = singleMolecule(unit)
    const molecule = { graph, conformation: 'random' as const, replaced: 0, reversed: 0, isChain: false }
    return Array.from({ length: count }, (): PlannedMolecule => molecule)
  })
  return [...chains, ...ions]
}

/** Smallest distance between atoms more than three bonds apart, Å; Infinity if there are none. */
function closestContact({ positions, topology, elements }: Structure, edges_A: Vector): number {
  const near = withinThreeBonds(topology, elements.length)
  for (let reach = 3; ; reach *= 2) {
    const grid = createContactGrid(positions, edges_A, reach)
    elements.forEach((_, i) => {
      grid.add(i)
    })
    const closest = elements.reduce(
      (least, _, i) =>
        Math.min(
          least,
          grid.nearest(i, other => near[i]!.has(other)),
        ),
      Number.POSITIVE_INFINITY,
    )
    if (Number.isFinite(closest) || reach > Math.max(...edges_A)) return closest
  }
}
