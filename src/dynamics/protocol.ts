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

/** A protocol is a list of stages, each plain data, which `runProtocol` carries out in order. */
export type Stage = PushOffStage | MinimizeStage | DynamicsStage

/** Linear in time. */
export interface TemperatureRamp {
  readonly start_K: number
  readonly end_K: number
}

/**
 * A stage of dynamics in parts that are chosen independently: the step moves the atoms, the bath exchanges heat with
 * them, the cell is fixed or changes. Canonical: verlet with a bath, or langevin, in a fixed cell.
 */
export interface DynamicsStage {
  readonly kind: 'dynamics'
  readonly name: string
  readonly time_ps: number
  readonly timestep_fs: number
  /** Target of step, bath and cell. Without a thermostat: temperature of new velocities only, null for none. */
  readonly temperature: TemperatureRamp | null
  readonly step: Step
  readonly bath: Bath | null
  readonly cell: Cell
  /**
   * Draws Maxwell–Boltzmann velocities at `temperature.start_K` when the stage begins. A stage with a thermostat draws
   * them also when all atoms are at rest, as they are after a push-off or a minimisation.
   */
  readonly new_velocities: boolean
  /**
   * Number of steps that a device makes by itself, in single precision, between visits of the host, when the bath acts.
   * Null: the host makes every step. Only with verlet in a fixed cell.
   */
  readonly device: { readonly steps: number } | null
}

/** True where step or bath keep the temperature of the stage. */
export const isThermostatted = ({ step, bath }: Pick<DynamicsStage, 'step' | 'bath'>) =>
  step.kind === 'langevin' || bath !== null

/**
 * Everything from which a protocol continues exactly: plain data, independent of the run that made it. A stage that
 * relaxes is resumed from its beginning, a dynamics stage from the step it had reached.
 */
export interface Snapshot {
  readonly state: State
  readonly stageIndex: number
  readonly stepInStage: number
  readonly stageStart_ps: number
  /** Energy that thermostat and barostat have put in since the stage began, eV. */
  readonly exchanged_eV: number
  /** Conserved quantity when the stage began, eV. */
  readonly reference_eV: number
  /** Conserved quantity less `reference_eV`, against time since the stage began, ps. */
  readonly conserved: LineSums
}

/** The beginning of a stage. @param state is referred to, not copied */
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
      /** Number of time steps; the most that a minimisation may take; null when it is not known beforehand. */
      readonly steps: number | null
    } & Pick<Evaluator, 'ran' | 'backend' | 'fallbackReason'>)
  | (InStage & { readonly kind: 'thermo'; readonly row: ThermoRow })
  /** The state is the live one: copy what must last beyond this event. */
  | (InStage & { readonly kind: 'frame'; readonly state: State })
  /** One step of a stage that relaxes. */
  | (InStage & { readonly kind: 'relaxation'; readonly progress: Minimization | PushOff })
  | (InStage & { readonly kind: 'stage-end'; readonly summary: StageSummary })
  /** At every interval asked for and after every stage. */
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot }
  /** The last event; not completed when the signal stopped it. */
  | { readonly kind: 'end'; readonly completed: boolean; readonly snapshot: Snapshot }

/** Intervals at which a dynamics stage reports, ps, rounded to whole steps. Default: never. */
export interface OutputIntervals {
  readonly thermo_every_ps?: number | undefined
  readonly frame_every_ps?: number | undefined
  readonly snapshot_every_ps?: number | undefined
}

/** The use of an evaluator, by which a caller may choose its precision. */
export type Purpose = 'push-off' | 'minimize' | 'dynamics'

export interface ProtocolOptions {
  readonly system: System
  readonly stages: readonly Stage[]
  /** Start: `stageStart(state)`, or a snapshot of an earlier run. It is not changed. */
  readonly from: Snapshot
  readonly constraints: ConstraintChoice
  /** Called for every stage, with the system that it evaluates. */
  prepare(system: System, purpose: Purpose): Promise<Evaluator>
  readonly seed: number
  /** Default: CODATA 2018. */
  readonly constants?: Constants | undefined
  readonly output?: OutputIntervals | undefined
  /** Stops the run after the current step. */
  readonly signal?: AbortSignal | undefined
}

/** `ProtocolOptions` with its defaults filled in. */
export type Run = ProtocolOptions & { readonly constants: Constants }
