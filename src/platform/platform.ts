import type { State } from '../core/state.ts'
import type { System } from '../core/system.ts'

export type PlatformName = 'reference' | 'simd' | 'gpu'

/** Names of the energy terms an evaluation may report; a term that is absent from the system is left out. */
export const ENERGY_TERMS = [
  'pair',
  'coulomb',
  'coulomb_reciprocal',
  'bond',
  'angle',
  'dihedral',
  'improper',
  'restraint',
] as const
export type EnergyTerm = (typeof ENERGY_TERMS)[number]

/** Results wanted besides forces. Default: all. */
export interface Want {
  readonly energy?: boolean
  readonly virial?: boolean
}

/** Results of an evaluation. Results that were not wanted are NaN, so that old values cannot be taken for new ones. */
export interface Evaluation {
  /** Potential energy, eV; NaN when it was not wanted. */
  readonly energy: number
  /**
   * Energy by term, eV; real-space and 1-4 parts are inside `pair` and `coulomb`, the Ewald self term in `coulomb`. Empty
   * when the energy was not wanted.
   */
  readonly terms: Partial<Record<EnergyTerm, number>>
  /** [3N] eV/Å. Owned by the evaluator and overwritten by the next call: copy what must last. */
  readonly forces: Float64Array
  /** [9] Σ r⊗f, eV, row-major; positive trace pushes the cell apart. NaN when it was not wanted. Owned as the forces are. */
  readonly virial: Float64Array
}

export interface EvaluatorOptions {
  /** Extra reach of the pair list beyond the cut-off, Å. */
  readonly skin_A?: number
  /**
   * Results depend on the configuration alone, to the last bit, not on those evaluated before it. For sets of
   * configurations that take turns, at a price: pair lists take longer to build, or are built each time.
   */
  readonly reproducible?: boolean
  /**
   * Threads that share the work where a platform can share it; as many as the machine has and the system keeps busy
   * when left out. Results do not depend on it.
   */
  readonly threads?: number | undefined
}

/** Milliseconds spent in each part of the evaluations since the evaluator was prepared. */
export type Timings = Record<'pair' | 'kspace' | 'bonded' | 'neighbours', number>

/** Data exchanged between processor and device since the evaluator was prepared. */
export interface Transfers {
  /** Kernels launched. */
  readonly launches: number
  readonly sent_bytes: number
  readonly read_bytes: number
}

/** A time step, for who integrates by himself. */
export interface StepSize {
  readonly timestep_ps: number
  /** Acceleration of 1 g/mol by 1 eV/Å, Å/ps². */
  readonly accelerationPerForce: number
}

/** Moves the atoms of one system on a device, in single precision, without the host. */
export interface Integrator {
  /**
   * So many steps of velocity Verlet, in place; velocities are those at whole steps, `step` and `time_ps` the caller's. How
   * the steps are divided between calls matters to rounding only.
   * @throws SimulationError naming an atom that moves too far in one step; the state is then that of an earlier one
   */
  advance(state: State, steps: number): Promise<void>
}

/** Energies and forces of one system. It never changes the state that it is given. */
export interface Evaluator {
  evaluate(state: State, want?: Want): Promise<Evaluation>
  /**
   * Drops all that earlier states have left behind, such as pair lists: to the last bit, evaluations go on as those of an
   * evaluator that has just been prepared.
   */
  forget(): void
  /**
   * Left out where a platform only evaluates. It shares lists and device with the evaluations, and ends with them; forgetting
   * is for both.
   * @throws UserError naming what of the system needs the host in every step
   */
  integrator?(step: StepSize): Integrator
  /** The platform that computes, for the record. */
  readonly ran: PlatformName
  /** Its flavour, such as "f64" or "webgpu". */
  readonly backend: string
  /** Reason why another platform than the requested one ran; null if it is the requested one. */
  readonly fallbackReason: string | null
  /** Threads that share the work; one when left out. */
  readonly threads?: number
  /** For benchmarks; left out where a platform cannot tell. */
  timings?(): Timings
  /** Likewise, where there is a device. */
  transfers?(): Transfers
  dispose(): Promise<void>
}

/** Description of a platform on this machine. */
export interface PlatformDescription {
  readonly detail: string
  /** Reason why the platform is not available; null if it is. */
  readonly reason: string | null
}

export interface Platform {
  readonly name: PlatformName
  describe(): Promise<PlatformDescription>
  /** @throws UserError naming the terms or settings this platform cannot compute */
  prepare(system: System, options?: EvaluatorOptions): Promise<Evaluator>
}

/** Energy and forces of one configuration; the arrays are the caller's to keep. */
export interface ImageEvaluation {
  /** eV */
  readonly energy: number
  /** [3N] eV/Å */
  readonly forces: Float64Array
}

/** Many configurations of one system in one cell at once, such as the images of a band. */
export interface ImageEvaluator {
  /** @param images [3N] Å each @returns in the same order */
  evaluate(images: readonly Float64Array[]): Promise<readonly ImageEvaluation[]>
  readonly ran: PlatformName
  readonly backend: string
  readonly fallbackReason: string | null
  /** Threads that share the images. */
  readonly threads: number
  dispose(): Promise<void>
}
