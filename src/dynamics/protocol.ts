import type { State } from '../core/state.ts'
import type { System } from '../core/system.ts'
import type { Evaluator } from '../platform/platform.ts'
import type { Minimization, MinimizeStage } from '../relax/minimize.ts'
import type { PushOff, PushOffStage } from '../relax/pushoff.ts'
import type { Constants } from '../units.ts'
import type { Cell } from './barostat.ts'
import type { ConstraintChoice } from './constraints.ts'
import type { Step } from './integrate.ts'
import { type LineSums, NO_LINE, type ThermoRow } from './observe.ts'
import type { Bath } from './thermostat.ts'

/** One stage of a protocol, as plain data; `runProtocol` runs the stages of a list in order. */
export type Stage = PushOffStage | MinimizeStage | DynamicsStage

/** A temperature that changes linearly in time. */
export interface TemperatureRamp {
  readonly start_K: number
  readonly end_K: number
}

/**
 * A stage of dynamics in three independent parts: the step moves the atoms, the bath exchanges heat with them, the cell is
 * fixed or changes. The ensemble is canonical (NVT) for verlet with a bath, or langevin, in a fixed cell.
 */
export interface DynamicsStage {
  readonly kind: 'dynamics'
  readonly name: string
  readonly time_ps: number
  readonly timestep_fs: number
  /** Target temperature of step, bath and cell. Without a thermostat: temperature of new velocities; null for none. */
  readonly temperature: TemperatureRamp | null
  readonly step: Step
  readonly bath: Bath | null
  readonly cell: Cell
  /**
   * True: draws Maxwell–Boltzmann velocities at `temperature.start_K` at the start. A stage with a thermostat also draws
   * them if all atoms are at rest, as after a push-off or a minimisation.
   */
  readonly new_velocities: boolean
  /**
   * Number of steps that a device makes in single precision between visits of the host, at which the bath acts. Null: the
   * host makes every step. Only for verlet in a fixed cell.
   */
  readonly device: { readonly steps: number } | null
}

/** True if the step or the bath is a thermostat. */
export const isThermostatted = ({ step, bath }: Pick<DynamicsStage, 'step' | 'bath'>) =>
  step.kind === 'langevin' || bath !== null

/**
 * State of a protocol, from which it continues to the same bits, as plain data. A push-off or a minimisation starts again
 * from its beginning, a stage of dynamics continues from its step.
 */
export interface Snapshot {
  readonly state: State
  readonly stageIndex: number
  readonly stepInStage: number
  readonly stageStart_ps: number
  /** Energy added by thermostat and barostat since the start of the stage, eV. */
  readonly exchanged_eV: number
  /** Conserved quantity at the start of the stage, eV. */
  readonly reference_eV: number
  /** Conserved quantity minus `reference_eV` against time since the start of the stage, ps. */
  readonly conserved: LineSums
}

/** Snapshot of the start of a stage. @param state state at the start; it is not copied */
export function stageStart(state: State, stageIndex = 0): Snapshot {
  return {
    state,
    stageIndex,
    stepInStage: 0,
    stageStart_ps: state.time_ps,
    exchanged_eV: 0,
    reference_eV: 0,
    conserved: NO_LINE,
  }
}

/** The result of a stage; the protocol continues from the snapshot. */
export interface StageOutcome {
  readonly aborted: boolean
  readonly snapshot: Snapshot
}

/** Results of a finished stage. */
export type StageSummary =
  | ({ readonly kind: 'push-off' } & PushOff)
  | ({ readonly kind: 'minimize' } & Minimization)
  | {
      readonly kind: 'dynamics'
      readonly steps: number
      /** Least-squares slope of the conserved quantity. */
      readonly drift_meV_per_atom_ps: number
    }

interface InStage {
  readonly stageIndex: number
}

/** The events of a running protocol, in order. */
export type ProtocolEvent =
  | (InStage & {
      readonly kind: 'stage-start'
      readonly stage: Stage
      /** Number of time steps, or largest number of steps of a minimisation; null for a push-off. */
      readonly steps: number | null
    } & Pick<Evaluator, 'ran' | 'backend' | 'fallbackReason'>)
  | (InStage & { readonly kind: 'thermo'; readonly row: ThermoRow })
  /** The state changes after this event: copy what is needed later. */
  | (InStage & { readonly kind: 'frame'; readonly state: State })
  /** One step of a push-off or a minimisation. */
  | (InStage & { readonly kind: 'relaxation'; readonly progress: Minimization | PushOff })
  | (InStage & { readonly kind: 'stage-end'; readonly summary: StageSummary })
  /** At the interval of the options and after every stage. */
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot }
  /** The last event; `completed` is false if the signal stopped the protocol. */
  | { readonly kind: 'end'; readonly completed: boolean; readonly snapshot: Snapshot }

/** Intervals of the reports of a stage of dynamics, ps, rounded to whole steps. Default: never. */
export interface OutputIntervals {
  readonly thermo_every_ps?: number | undefined
  readonly frame_every_ps?: number | undefined
  readonly snapshot_every_ps?: number | undefined
}

/** Use of an evaluator, from which a caller may choose its precision. */
export type Purpose = 'push-off' | 'minimize' | 'dynamics'

/** Options of `runProtocol`. */
export interface ProtocolOptions {
  readonly system: System
  readonly stages: readonly Stage[]
  /** Start: `stageStart(state)`, or a snapshot of an earlier run. It is not changed. */
  readonly from: Snapshot
  readonly constraints: ConstraintChoice
  /** Returns an evaluator; called for every stage, with the system of the stage. */
  prepare(system: System, purpose: Purpose): Promise<Evaluator>
  readonly seed: number
  /** Default: CODATA 2018. */
  readonly constants?: Constants | undefined
  readonly output?: OutputIntervals | undefined
  /** Stops the run after the current step. */
  readonly signal?: AbortSignal | undefined
}

/** `ProtocolOptions` with all defaults. */
export type Run = ProtocolOptions & { readonly constants: Constants }
