import { UserError } from '../errors.ts'
import type { Potential } from '../potentials/load.ts'
import { DEGREE } from '../units.ts'
import { placeChildren, planGrowth } from './growth.ts'
import type { CrystalForm, FormChain } from './library.ts'
import type { MoleculeGraph } from './polymer.ts'
import { add, cross, dot, norm, scale, subtract, unit, type Vector, vectorAt } from './vectors.ts'

/** The key `lamella` of the section `system.build`: chains on the lattice of a crystal form, ions in a gap. */
export interface LamellaRecipe {
  /** Name of a form in structures/forms, or path of a file. */
  readonly form: string
  /** Numbers of cells along a and b, which are x and y of the box. */
  readonly cells: readonly [number, number]
  /** Distance along z between the outermost atoms of the lamella and those of its next image. */
  readonly gap_A: number
}

/** Chains of a crystal form, with the box and the gap. */
export interface Lamella {
  /** [3M] positions of the chains, one chain after the other, Å. */
  readonly positions: Float64Array
  readonly edges_A: Vector
  /** Lowest and highest z of the gap; the lamella begins at z = 0. */
  readonly gap_A: readonly [number, number]
  /** Number of units in one cell of the form. */
  readonly unitsPerCell: number
}

/**
 * Builds a lamella of extended chains along z on the lattice of a crystal form, periodic in x and y. Chains are whole
 * molecules with their ends at both faces.
 * @param graph graph of every chain; each unit has the same number of main-chain atoms
 * @param units_per_chain number of units of a chain
 * @throws UserError when the torsions give no straight chain of period c, or when a chain is shorter than two periods
 */
export function buildLamella(
  recipe: LamellaRecipe,
  form: CrystalForm,
  graph: MoleculeGraph,
  units_per_chain: number,
  potential: Potential,
): Lamella {
  const local = straightChain(form, graph, units_per_chain, potential)
  const unitsPerCell = form.chains.length * unitsPerPeriod(form, graph.backbone.length / units_per_chain)
  const [a, b, c] = form.lattice_A
  const atoms = graph.types.length
  const [nx, ny] = recipe.cells
  const positions = new Float64Array(3 * atoms * nx * ny * form.chains.length)
  let next = 0
  for (let i = 0; i < nx; i++) {
    for (let j = 0; j < ny; j++) {
      for (const chain of form.chains) {
        const axis: Vector = [(i + chain.at[0]) * a, (j + chain.at[1]) * b, chain.shift * c]
        for (let atom = 0; atom < atoms; atom++, next += 3) {
          positions.set(add(axis, oriented(vectorAt(local, atom), chain)), next)
        }
      }
    }
  }
  let [bottom, top] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let z = 2; z < positions.length; z += 3) {
    bottom = Math.min(bottom, positions[z]!)
    top = Math.max(top, positions[z]!)
  }
  for (let z = 2; z < positions.length; z += 3) positions[z]! -= bottom
  const thickness = top - bottom
  const height = thickness + recipe.gap_A
  return { positions, edges_A: [nx * a, ny * b, height], gap_A: [thickness, height], unitsPerCell }
}

/** Rotates a position of a chain along z with setting 0 to the direction and setting of a chain of the form. */
function oriented([x, y, z]: Vector, { direction, setting_deg }: FormChain): Vector {
  const sign = direction === 'up' ? 1 : -1
  const [c, s] = [Math.cos(setting_deg * DEGREE), Math.sin(setting_deg * DEGREE)]
  return [c * x - s * sign * y, s * x + c * sign * y, sign * z]
}

/** Range of possible angles of the main chain, °. */
const ANGLES_DEG = [100, 130] as const
const MOST_SECANTS = 50
/** Largest deviation of periods along a chain from their mean, and of the mean from c, Å. */
const TOLERANCE_A = 0.02

/**
 * A chain with its axis along z, its centre at the origin, and the mean step from head to tail of its units along x. Its
 * main chain has the bond lengths of the potential, the torsions of the form, and the bond angle that gives the period c.
 * @returns [3N] Å
 */
function straightChain(
  form: CrystalForm,
  graph: MoleculeGraph,
  units: number,
  potential: Potential,
): Float64Array {
  const { backbone } = graph
  const perUnit = backbone.length / units
  const period = perUnit * unitsPerPeriod(form, perUnit)
  if (backbone.length < 2 * period) {
    throw new UserError({
      message: `a chain of ${units} units is shorter than two periods of ${form.name}, ${period / perUnit} units each`,
      hint: 'give a larger units_per_chain',
    })
  }
  const c = form.lattice_A[2]
  const repeatsOf = (positions: Float64Array) =>
    Array.from({ length: backbone.length - period }, (_, k) =>
      subtract(vectorAt(positions, backbone[k + period]!), vectorAt(positions, backbone[k]!)),
    )
  const growAt = (angle_deg: number) => {
    const grown = grow(form, graph, angle_deg, potential)
    return { grown, excess: norm(mean(repeatsOf(grown))) - c }
  }
  // By secants: the period is nearly linear in the angle.
  let [before, angle]: [number, number] = [112, 116]
  let [last, { grown, excess }] = [growAt(before).excess, growAt(angle)]
  for (let step = 0; step < MOST_SECANTS && Math.abs(excess) > 1e-10; step++) {
    const next = angle - (excess * (angle - before)) / (excess - last)
    if (!(next > ANGLES_DEG[0] && next < ANGLES_DEG[1])) break
    ;[before, last, angle] = [angle, excess, next]
    ;({ grown, excess } = growAt(angle))
  }
  const repeats = repeatsOf(grown)
  const repeat = mean(repeats)
  const bent = repeats.some(one => norm(subtract(one, repeat)) > TOLERANCE_A)
  if (bent || Math.abs(excess) > TOLERANCE_A) {
    throw new UserError({
      message: `the torsions of ${form.name} give no straight chain of ${graph.name} that repeats after ${c} Å`,
      where: form.file,
      hint: 'give torsions_deg that make a chain with equal bond angles straight',
    })
  }
  return aligned(graph, grown, unit(repeat), { perUnit, period })
}

/** Number of units after which torsions and units repeat. @param perUnit number of main-chain atoms of a unit */
function unitsPerPeriod({ torsions_deg }: CrystalForm, perUnit: number): number {
  let units = 1
  while ((units * perUnit) % torsions_deg.length !== 0) units++
  return units
}

/** Positions of one chain in an arbitrary frame, [3N] Å. */
function grow({ torsions_deg }: CrystalForm, graph: MoleculeGraph, angle_deg: number, potential: Potential) {
  const plan = planGrowth(graph, { torsions_deg, angle_deg }, potential)
  const positions = new Float64Array(3 * graph.types.length)
  const [first, second] = plan.root
  positions[3 * second! + 2] = plan.bondLength(first, second!)
  for (const step of plan.steps) placeChildren(step, plan, step.torsions[0]!, false, positions)
  return positions
}

/** The chain rotated so that `axis` becomes z and the mean step from head to tail lies along x, [3N] Å. */
function aligned(
  { name, backbone }: MoleculeGraph,
  grown: Float64Array,
  axis: Vector,
  { perUnit, period }: { readonly perUnit: number; readonly period: number },
): Float64Array {
  const chain = backbone.map(atom => vectorAt(grown, atom))
  const whole = chain.slice(0, chain.length - (chain.length % period))
  const heads = whole.filter((_, k) => k % perUnit === 0)
  const tails = whole.filter((_, k) => k % perUnit === perUnit - 1)
  const step = subtract(mean(tails), mean(heads))
  const across = subtract(step, scale(axis, dot(step, axis)))
  if (norm(across) < TOLERANCE_A) {
    throw new UserError({
      message: `heads and tails of the units of ${name} lie on one axis: setting_deg is not defined`,
    })
  }
  const x = unit(across)
  const y = cross(axis, x)
  const [centre, middle] = [mean(whole), dot(mean(chain), axis)]
  const local = new Float64Array(grown.length)
  for (let atom = 0; atom < grown.length / 3; atom++) {
    const position = vectorAt(grown, atom)
    const away = subtract(position, centre)
    local.set([dot(away, x), dot(away, y), dot(position, axis) - middle], 3 * atom)
  }
  return local
}

const mean = (vectors: readonly Vector[]): Vector =>
  scale(
    vectors.reduce((sum, vector) => add(sum, vector), [0, 0, 0] as Vector),
    1 / vectors.length,
  )
