import type { BondForce, Force } from '../core/force.ts'
import type { System } from '../core/system.ts'
import { SimulationError, UserError } from '../errors.ts'
import type { Constants } from '../units.ts'
import { createCoupling } from './coupling.ts'

/** Choice of the bonds whose lengths are constrained. */
export interface ConstraintChoice {
  readonly bonds: 'none' | 'h-bonds' | 'all-bonds'
  /** Relative tolerance of every constrained length. */
  readonly tolerance: number
}

/** Bonds of constrained length. */
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
  /** The system without the energy terms of the constrained bonds. */
  readonly system: System
  readonly constraints: BondConstraints
}

/** Place of the equilibrium length among the parameters of a bond. */
const LENGTH_PARAMETER = { harmonic: 1, morse: 2 } as const

/**
 * Removes the energy terms of the chosen bonds and constrains these bonds to their equilibrium lengths.
 * @throws UserError when two bond terms of different length connect the same two atoms
 */
export function constrainBonds(system: System, choice: ConstraintChoice): ConstrainedSystem {
  const lengthOf = new Map<string, number>()
  const atoms: number[] = []
  const lengths: number[] = []
  const isHeld = (i: number, j: number) => {
    if (choice.bonds === 'h-bonds') return system.elements[i] === 'H' || system.elements[j] === 'H'
    return choice.bonds === 'all-bonds'
  }
  const forces = system.forces.flatMap((force): Force[] => {
    if (force.kind !== 'bond') return [force]
    const width = force.parameters.length / (force.atoms.length / 2)
    const kept: { atoms: number[]; parameters: number[] } = { atoms: [], parameters: [] }
    for (let bond = 0; bond < force.atoms.length / 2; bond++) {
      const i = force.atoms[2 * bond]!
      const j = force.atoms[2 * bond + 1]!
      if (!isHeld(i, j)) {
        kept.atoms.push(i, j)
        kept.parameters.push(...force.parameters.subarray(width * bond, width * (bond + 1)))
        continue
      }
      const length = force.parameters[width * bond + LENGTH_PARAMETER[force.form]]!
      const pair = i < j ? `${i}-${j}` : `${j}-${i}`
      const earlier = lengthOf.get(pair)
      if (earlier === length) continue
      if (earlier !== undefined) {
        throw new UserError({
          message: `two bonds of different length (${earlier} and ${length} Å) connect the same two atoms`,
          where: `atoms ${i + 1} and ${j + 1}`,
          hint: 'a constrained bond needs one equilibrium length',
        })
      }
      lengthOf.set(pair, length)
      atoms.push(i, j)
      lengths.push(length)
    }
    if (kept.atoms.length === 0) return []
    const rest: BondForce = {
      ...force,
      atoms: Int32Array.from(kept.atoms),
      parameters: Float64Array.from(kept.parameters),
    }
    return [rest]
  })
  return {
    system: { ...system, forces },
    constraints: {
      atoms: Int32Array.from(atoms),
      lengths: Float64Array.from(lengths),
      tolerance: choice.tolerance,
    },
  }
}

/**
 * Constrains bond lengths by solving the coupled equations of each molecule (M-SHAKE: Kräutler, van Gunsteren &
 * Hünenberger 2001, https://doi.org/10.1002/1096-987X(20010415)22:5%3C501::AID-JCC1021%3E3.0.CO;2-V). The matrix of a
 * geometry is factorised once, for the velocities there and for the positions of the next step. With a fixed matrix a few
 * more iterations are needed, but each one is cheap.
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
        where: `bond between atoms ${i / 3 + 1} and ${j / 3 + 1}`,
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
