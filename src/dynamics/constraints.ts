import type { AngleForce, BondForce, Force } from '../core/force.ts'
import type { System } from '../core/system.ts'
import { disjointSets } from '../core/topology.ts'
import { SimulationError, UserError } from '../errors.ts'
import type { Constants } from '../units.ts'
import { createCoupling } from './coupling.ts'

/** The bonds and angles that are held. */
export interface ConstraintChoice {
  readonly bonds: 'none' | 'h-bonds' | 'all-bonds'
  /** h-angles: angles between two hydrogens, such as that of water, by the distance of the hydrogens. Default: none. */
  readonly angles?: 'none' | 'h-angles' | undefined
  /** Relative tolerance of every constrained length. */
  readonly tolerance: number
}

/** Pairs of atoms held at a fixed distance: bonds, and the ends of angles. */
export interface BondConstraints {
  /** [2M] atom indices. */
  readonly atoms: Int32Array
  /** [M] Å */
  readonly lengths: Float64Array
  /** Relative tolerance of every length. */
  readonly tolerance: number
}

/** A system with constraints. */
export interface ConstrainedSystem {
  /** The system without the energy terms of the bonds and angles that are held. */
  readonly system: System
  readonly constraints: BondConstraints
}

/** Place of the equilibrium length among the parameters of a bond. */
const LENGTH_PARAMETER = { harmonic: 1, morse: 2 } as const

/**
 * Takes the chosen bonds and angles out of the forces and holds them at their equilibrium values instead: an angle by the
 * distance of its ends, from the law of cosines.
 * @throws UserError for two lengths of one pair, for an angle whose bonds are not held, and for a group of atoms with
 * more constraints than a rigid body
 */
export function constrainBonds(system: System, choice: ConstraintChoice): ConstrainedSystem {
  const held: HeldPairs = { lengthOf: new Map(), atoms: [], lengths: [] }
  const isHydrogen = (atom: number) => system.elements[atom] === 'H'
  const bondIsHeld = ([i, j]: readonly number[]) =>
    choice.bonds === 'all-bonds' || (choice.bonds === 'h-bonds' && (isHydrogen(i!) || isHydrogen(j!)))
  const angleIsHeld = ([i, , k]: readonly number[]) =>
    choice.angles === 'h-angles' && isHydrogen(i!) && isHydrogen(k!)
  const withoutBonds = system.forces.flatMap((force): Force[] => {
    if (force.kind !== 'bond') return [force]
    return without(force, 2, bondIsHeld, ([i, j], parameters) => {
      hold(held, i!, j!, parameters[LENGTH_PARAMETER[force.form]]!)
    })
  })
  const forces = withoutBonds.flatMap((force): Force[] => {
    if (force.kind !== 'angle') return [force]
    return without(force, 3, angleIsHeld, ([i, j, k], [, angle]) => {
      const [one, two] = [held.lengthOf.get(pairOf(i!, j!)), held.lengthOf.get(pairOf(j!, k!))]
      if (one === undefined || two === undefined) {
        throw new UserError({
          message: 'an angle can be held only where both of its bonds are',
          where: `atoms ${i! + 1}, ${j! + 1} and ${k! + 1}`,
          hint: 'use constraints: { bonds: h-bonds, angles: h-angles }',
        })
      }
      hold(held, i!, k!, Math.sqrt(one * one + two * two - 2 * one * two * Math.cos(angle!)))
    })
  })
  if (choice.angles === 'h-angles') refuseOverdetermined(held.atoms, system.atomCount)
  return {
    system: { ...system, forces },
    constraints: {
      atoms: Int32Array.from(held.atoms),
      lengths: Float64Array.from(held.lengths),
      tolerance: choice.tolerance,
    },
  }
}

/** Pairs that are held, while they are collected. */
interface HeldPairs {
  /** Å, by `pairOf`. */
  readonly lengthOf: Map<string, number>
  readonly atoms: number[]
  readonly lengths: number[]
}

const pairOf = (i: number, j: number) => (i < j ? `${i}-${j}` : `${j}-${i}`)

/** @throws UserError when the pair is held at another length already */
function hold({ lengthOf, atoms, lengths }: HeldPairs, i: number, j: number, length: number): void {
  const earlier = lengthOf.get(pairOf(i, j))
  if (earlier === length) return
  if (earlier !== undefined) {
    throw new UserError({
      message: `two constraints of different length (${earlier} and ${length} Å) join the same two atoms`,
      where: `atoms ${i + 1} and ${j + 1}`,
      hint: 'a constrained pair needs one equilibrium length',
    })
  }
  lengthOf.set(pairOf(i, j), length)
  atoms.push(i, j)
  lengths.push(length)
}

/** The force without the terms that are held, each of which is handed to `take`; none where no term is left. */
function without<T extends BondForce | AngleForce>(
  force: T,
  ends: number,
  isHeld: (atoms: readonly number[]) => boolean,
  take: (atoms: readonly number[], parameters: Float64Array) => void,
): T[] {
  const count = force.atoms.length / ends
  const width = force.parameters.length / count
  const kept: { atoms: number[]; parameters: number[] } = { atoms: [], parameters: [] }
  for (let term = 0; term < count; term++) {
    const atoms = [...force.atoms.subarray(ends * term, ends * (term + 1))]
    const parameters = force.parameters.subarray(width * term, width * (term + 1))
    if (isHeld(atoms)) {
      take(atoms, parameters)
      continue
    }
    kept.atoms.push(...atoms)
    kept.parameters.push(...parameters)
  }
  if (kept.atoms.length === 0) return []
  return [{ ...force, atoms: Int32Array.from(kept.atoms), parameters: Float64Array.from(kept.parameters) }]
}

/** @throws UserError naming an atom of a group that has more constraints than the 3n − 6 of a rigid body */
function refuseOverdetermined(pairs: readonly number[], atomCount: number): void {
  const { join, root } = disjointSets(atomCount)
  for (let k = 0; k < pairs.length; k += 2) join(pairs[k]!, pairs[k + 1]!)
  const [sizes, counts] = [new Map<number, number>(), new Map<number, number>()]
  const add = (to: Map<number, number>, key: number) => to.set(key, (to.get(key) ?? 0) + 1)
  for (let atom = 0; atom < atomCount; atom++) add(sizes, root(atom))
  for (let k = 0; k < pairs.length; k += 2) add(counts, root(pairs[k]!))
  for (const [group, count] of counts) {
    const size = sizes.get(group)!
    if (size < 3 || count <= 3 * size - 6) continue
    throw new UserError({
      message: `${count} constraints act on ${size} atoms, more than the ${3 * size - 6} of a rigid body`,
      where: `the group of atom ${group + 1}`,
      hint: 'hold no angles: water and CH3 groups can be rigid, CH4 and NH4 cannot',
    })
  }
}

/**
 * Holds distances by solving their coupled equations at once, molecule by molecule (M-SHAKE: Kräutler, van
 * Gunsteren & Hünenberger 2001, https://doi.org/10.1002/1096-987X(20010415)22:5%3C501::AID-JCC1021%3E3.0.CO;2-V).
 * The matrix of a geometry is factorised once and serves the velocities there and the positions of the next step;
 * keeping it fixed while iterating costs a few more iterations, each of which is cheap.
 */
export interface ConstraintSolver {
  readonly constraints: BondConstraints
  /** Sets the bond directions, along which later corrections act, to those at these positions. */
  setReference(positions: Float64Array): void
  /**
   * Moves atoms in place along the reference directions until every length is within the tolerance (SHAKE). With
   * `motion`, displacement / time is added to the velocities.
   * @throws SimulationError naming the atoms of the worst bond
   */
  constrainPositions(
    positions: Float64Array,
    motion?: { readonly velocities: Float64Array; readonly time_ps: number },
  ): void
  /** Removes the velocity along every bond of the reference (RATTLE), in place. */
  constrainVelocities(velocities: Float64Array): void
  /**
   * Adds Σ r⊗g, eV, of the instantaneous constraint forces g to a virial. The forces g keep the bond lengths constant to
   * second order in time, for the given velocities and forces at the reference.
   */
  addVirial(virial: Float64Array, velocities: Float64Array, forces: Float64Array, constants: Constants): void
}

const MAX_ITERATIONS = 100

/** The constraints in elimination order. */
interface Bonds {
  readonly count: number
  /** [2M] offsets of both ends in [3N] arrays. */
  readonly ends: Int32Array
  /** [2M] inverse masses of both ends, mol/g: what each yields per unit of multiplier. */
  readonly yields: Float64Array
  /** [M] squared lengths, Å² */
  readonly squared: Float64Array
  /** [3M] directions along which corrections act, Å */
  readonly vectors: Float64Array
}

/** Creates the solver of a set of constraints. @param masses [N] g/mol */
export function createConstraintSolver(constraints: BondConstraints, masses: Float64Array): ConstraintSolver {
  const count = constraints.lengths.length
  const coupling = createCoupling(constraints.atoms, masses)
  const bonds: Bonds = {
    count,
    ends: new Int32Array(2 * count),
    yields: new Float64Array(2 * count),
    squared: Float64Array.from(coupling.order, constraint => constraints.lengths[constraint]! ** 2),
    vectors: new Float64Array(3 * count),
  }
  coupling.order.forEach((constraint, k) => {
    for (const end of [0, 1]) {
      const atom = constraints.atoms[2 * constraint + end]!
      bonds.ends[2 * k + end] = 3 * atom
      bonds.yields[2 * k + end] = 1 / masses[atom]!
    }
  })
  const multipliers = new Float64Array(count)
  const total = new Float64Array(count)

  return {
    constraints,
    setReference(positions) {
      findVectors(bonds, positions)
      coupling.factorize(bonds.vectors)
    },
    constrainPositions(positions, motion) {
      if (count === 0) return
      total.fill(0)
      let worst: Worst = { bond: 0, error: 0 }
      for (let iteration = 0; iteration <= MAX_ITERATIONS; iteration++) {
        worst = findExcess(bonds, positions, multipliers)
        if (worst.error <= constraints.tolerance) {
          if (motion) pull(bonds, motion.velocities, total, 1 / motion.time_ps)
          return
        }
        if (!Number.isFinite(worst.error)) break
        coupling.solve(multipliers)
        pull(bonds, positions, multipliers, 1)
        if (motion) for (let k = 0; k < count; k++) total[k]! += multipliers[k]!
      }
      const [i, j] = [bonds.ends[2 * worst.bond]!, bonds.ends[2 * worst.bond + 1]!]
      throw new SimulationError({
        message: `the length of a constrained bond is wrong by ${(100 * worst.error).toPrecision(3)} % and cannot be corrected`,
        where: `between atoms ${i / 3 + 1} and ${j / 3 + 1}`,
        hint: 'minimise first, take a shorter timestep_fs, or look at the forces on these atoms',
      })
    },
    constrainVelocities(velocities) {
      findApproach(bonds, velocities, multipliers)
      coupling.solve(multipliers)
      pull(bonds, velocities, multipliers, 1)
    },
    addVirial(virial, velocities, forces, constants) {
      const { ends, yields, vectors } = bonds
      for (let k = 0; k < count; k++) {
        const i = ends[2 * k]!
        const j = ends[2 * k + 1]!
        let value = 0
        for (let axis = 0; axis < 3; axis++) {
          const relative = velocities[i + axis]! - velocities[j + axis]!
          const acceleration = yields[2 * k]! * forces[i + axis]! - yields[2 * k + 1]! * forces[j + axis]!
          value += vectors[3 * k + axis]! * acceleration + relative ** 2 / constants.accelerationPerForce
        }
        multipliers[k] = value
      }
      coupling.solve(multipliers)
      for (let k = 0; k < count; k++) {
        for (let row = 0; row < 3; row++) {
          for (let column = 0; column < 3; column++) {
            const cell = 3 * row + column
            virial[cell]! -= multipliers[k]! * vectors[3 * k + row]! * vectors[3 * k + column]!
          }
        }
      }
    },
  }
}

function findVectors({ count, ends, vectors }: Bonds, positions: Float64Array): void {
  for (let k = 0; k < count; k++) {
    const i = ends[2 * k]!
    const j = ends[2 * k + 1]!
    vectors[3 * k] = positions[i]! - positions[j]!
    vectors[3 * k + 1] = positions[i + 1]! - positions[j + 1]!
    vectors[3 * k + 2] = positions[i + 2]! - positions[j + 2]!
  }
}

/** values −= scale · M⁻¹ Σ multiplier · (bond direction) */
function pull(bonds: Bonds, values: Float64Array, multipliers: Float64Array, scale: number): void {
  const { count, ends, yields, vectors } = bonds
  for (let k = 0; k < count; k++) {
    const multiplier = scale * multipliers[k]!
    const x = multiplier * vectors[3 * k]!
    const y = multiplier * vectors[3 * k + 1]!
    const z = multiplier * vectors[3 * k + 2]!
    const i = ends[2 * k]!
    const j = ends[2 * k + 1]!
    const wi = yields[2 * k]!
    const wj = yields[2 * k + 1]!
    values[i]! -= wi * x
    values[i + 1]! -= wi * y
    values[i + 2]! -= wi * z
    values[j]! += wj * x
    values[j + 1]! += wj * y
    values[j + 2]! += wj * z
  }
}

/** Index and relative error of the bond with the largest error. */
interface Worst {
  readonly bond: number
  readonly error: number
}

/** Computes the errors of all lengths. @param excess [M] half the excess of the squared lengths, overwritten */
function findExcess(bonds: Bonds, positions: Float64Array, excess: Float64Array): Worst {
  const { count, ends, squared } = bonds
  let bond = 0
  let error = 0
  for (let k = 0; k < count; k++) {
    const i = ends[2 * k]!
    const j = ends[2 * k + 1]!
    const x = positions[i]! - positions[j]!
    const y = positions[i + 1]! - positions[j + 1]!
    const z = positions[i + 2]! - positions[j + 2]!
    const half = 0.5 * (x * x + y * y + z * z - squared[k]!)
    excess[k] = half
    const relative = Math.abs(half) / squared[k]!
    // A NaN counts as the worst.
    if (!(relative <= error)) {
      error = relative
      bond = k
    }
  }
  return { bond, error }
}

/** Computes the relative velocities along all bonds. @param approach [M] b·(v_i − v_j), overwritten */
function findApproach(bonds: Bonds, velocities: Float64Array, approach: Float64Array): void {
  const { count, ends, vectors } = bonds
  for (let k = 0; k < count; k++) {
    const i = ends[2 * k]!
    const j = ends[2 * k + 1]!
    approach[k] =
      vectors[3 * k]! * (velocities[i]! - velocities[j]!) +
      vectors[3 * k + 1]! * (velocities[i + 1]! - velocities[j + 1]!) +
      vectors[3 * k + 2]! * (velocities[i + 2]! - velocities[j + 2]!)
  }
}
