import { type Box, fractional, joinedAt, widestGap } from '../core/box.ts'
import type { CoulombForce } from '../core/force.ts'
import type { Structure } from '../core/structure.ts'
import { netCharge, type System } from '../core/system.ts'
import { UserError } from '../errors.ts'
import type { LammpsData } from '../files/lammpsData.ts'
import { type LammpsOptions, lammpsSystem } from '../files/lammpsSystem.ts'
import { selfAndBackground } from '../platform/reference/ewald.ts'
import { assign } from '../potentials/assign.ts'
import { type ChargeChoice, NEUTRAL_e } from '../potentials/charges.ts'
import { type ConstantsName, type Interactions, isEwald } from '../potentials/interactions.ts'
import type { Potential } from '../potentials/load.ts'
import {
  about,
  checkBoxAgainstCutoff,
  checkNothingFrozen,
  checkOverlaps,
  checkPositions,
  remarksOnSmallCell,
} from './checks.ts'
import { type Tethers, tethersOf } from './tethers.ts'

/** The coefficients of a LAMMPS data file, in place of a potential, with what the file leaves open. */
export interface LammpsCoefficients extends LammpsOptions {
  readonly data: LammpsData
}

export interface AssembleOptions {
  /** Name of the structure in messages: its file, or the recipe that builds it. */
  readonly name: string
  /** Place of a key of `interactions`, for messages. Default: the name of the structure. */
  where?(key: keyof Interactions): string
  readonly constants: ConstantsName
  /** Target mass of hydrogens. Default: masses by type. */
  readonly hydrogenMass_g_per_mol?: number | undefined
  /** Atoms come from a builder, which may leave them close together for a push-off. Default: false. */
  readonly built?: boolean | undefined
  /** Tethers of the atoms. Default: none. */
  readonly tethers?: Tethers | undefined
  /** `refused` where dynamics would move frozen atoms. */
  readonly frozen: 'held' | 'refused'
  /** Cells smaller than twice the cut-off, in which a sum goes over several images of an atom; `without bonds` for dynamics. */
  readonly smallCells: 'allowed' | 'without bonds'
}

export interface Assembly {
  readonly system: System
  /** The structure, whose atoms a slab correction may have moved by whole cells along z. */
  readonly structure: Structure
  /** Changes to charges that the caller asked for, one line each. */
  readonly remarks: readonly string[]
  /** Lines without which the energy cannot be trusted: vacuum without a correction, a net charge. */
  readonly warnings: readonly string[]
}

/**
 * The system of a structure: the one way from atoms to interactions, for every command. Checks positions, overlaps,
 * frozen atoms, types, cell and net charge.
 * @param potential parameters of types, or the coefficients of the LAMMPS data file that the structure is from
 * @throws UserError for anything wrong with the parts, or with what they add up to
 */
export function assemble(
  structure: Structure,
  potential: Potential | LammpsCoefficients,
  interactions: Interactions,
  charges: ChargeChoice,
  options: AssembleOptions,
): Assembly {
  const { name, constants } = options
  if (!options.built) {
    checkPositions(structure, name)
    checkOverlaps(structure, name)
  }
  if (options.frozen === 'refused') checkNothingFrozen(structure, name)
  const isMoving = options.smallCells === 'without bonds'
  if (isMoving) checkBoxAgainstCutoff(structure, interactions.cutoff_A, name)
  const slab = slabOf(structure, interactions, options)
  const { remarks, ...system } =
    'data' in potential
      ? { ...lammpsSystem(potential.data, interactions, { ...potential, constants }), remarks: [] }
      : about(name, () => {
          const { hydrogenMass_g_per_mol } = options
          return assign(structure, potential, interactions, { charges, hydrogenMass_g_per_mol, constants })
        })
  const coulomb = system.forces.find(force => force.kind === 'coulomb')
  if ('data' in potential && coulomb && !charges.background) checkNeutral(system, name)
  const tethers = options.tethers ? tethersOf(slab.structure, options.tethers, name) : null
  return {
    system: tethers ? { ...system, forces: [...system.forces, tethers] } : system,
    structure: slab.structure,
    remarks: [...(isMoving ? remarksOnSmallCell(structure.box, interactions.cutoff_A) : []), ...remarks],
    warnings: [...slab.warnings, ...(coulomb ? background(coulomb, system, structure.box) : [])],
  }
}

/** Longest cut-off of any term, Å; 0 where nothing is non-bonded. */
export const longestCutoff = ({ forces }: Pick<System, 'forces'>): number =>
  forces.reduce((longest, force) => {
    if (force.kind === 'coulomb') return Math.max(longest, force.cutoff_A)
    return force.kind === 'pair' ? Math.max(longest, ...force.cutoffs) : longest
  }, 0)

/** @throws UserError for a net charge */
function checkNeutral(system: System, where: string): void {
  const charge = netCharge(system)
  if (Math.abs(charge) <= NEUTRAL_e) return
  throw new UserError({
    message: `the box has a net charge of ${charge.toFixed(4)} e`,
    where,
    hint: 'check the charges, or compute it against a uniform background with --allow-net-charge',
  })
}

/** The part of the energy that a net charge adds, in a line. */
function background(force: CoulombForce, system: System, box: Box): string[] {
  const net = netCharge(system)
  if (Math.abs(net) <= NEUTRAL_e) return []
  const { method } = force
  const sum = `the cell has a net charge of ${net.toFixed(4)} e`
  if (method.name !== 'ewald' && method.name !== 'pme') return [sum]
  const { background } = selfAndBackground(force, method.alpha_per_A, system.charges, box.volume)
  return [`${sum}: its energy includes a uniform background of ${background.toFixed(4)} eV`]
}

/** A gap this wide is vacuum, Å. */
export const VACUUM_A = 6

/**
 * The structure with no slab cut by the cell's z faces, which a slab correction needs, as its dipole is a sum over
 * positions: atoms are moved by whole cells so that the widest gap lies at the face.
 * @throws UserError for a slab correction without vacuum
 */
function slabOf(
  structure: Structure,
  interactions: Interactions,
  { where, name }: AssembleOptions,
): { structure: Structure; warnings: readonly string[] } {
  const { box, positions } = structure
  if (!isEwald(interactions.coulomb)) return { structure, warnings: [] }
  const fractions = fractional(box, positions)
  const gap = widestGap(box, fractions, 2)
  if (!interactions.slab_correction) {
    const isSlab =
      gap.width_A >= VACUUM_A && [0, 1].every(axis => widestGap(box, fractions, axis).width_A < VACUUM_A)
    const warning = `there are ${gap.width_A.toFixed(1)} Å of vacuum along z and no slab_correction: right only without a dipole`
    return { structure, warnings: isSlab ? [warning] : [] }
  }
  if (gap.width_A < VACUUM_A) {
    throw new UserError({
      message: `slab_correction needs vacuum along z: the widest gap is ${gap.width_A.toFixed(1)} Å`,
      where: where?.('slab_correction') ?? name,
      hint: `leave at least ${VACUUM_A} Å, better 15, or leave slab_correction out`,
    })
  }
  return { structure: { ...structure, positions: joinedAt(box, positions, 2, gap.middle) }, warnings: [] }
}
