import type { State } from '../core/state.ts'
import type { System } from '../core/system.ts'

export type PlatformName = 'reference' | 'simd' | 'gpu'

/** Names of the energy terms of an evaluation; terms that the system does not have are absent. */
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
  /** [3N] eV/Å. Owned by the evaluator and overwritten by the next call: copy to keep. */
  readonly forces: Float64Array
  /** [9] Σ r⊗f, eV, row-major; positive trace pushes the cell apart. NaN when it was not wanted. Owned as the forces are. */
  readonly virial: Float64Array
}

export interface EvaluatorOptions {
  /** Extra reach of the pair list beyond the cut-off, Å. */
  readonly skin_A?: number
  /**
   * True to make results depend on the configuration alone, to the last bit, not on those evaluated before it: for sets
   * of configurations that take turns. Slower: pair lists take longer to build, or are built each time. Default: false.
   */
  readonly reproducible?: boolean
  /**
   * Number of threads, on platforms with threads. Default: one per core, as far as the system is large enough. Results do
   * not depend on it.
   */
  readonly threads?: number | undefined
}

/** Time spent in each part of the evaluations since the evaluator was prepared, ms. */
export type Timings = Record<'pair' | 'kspace' | 'bonded' | 'neighbours', number>

/** Data exchanged between processor and device since the evaluator was prepared. */
export interface Transfers {
  /** Number of kernels launched. */
  readonly launches: number
  readonly sent_bytes: number
  readonly read_bytes: number
}

/** A time step of an integrator on a device. */
export interface StepSize {
  readonly timestep_ps: number
  /** Acceleration of 1 g/mol by 1 eV/Å, Å/ps². */
  readonly accelerationPerForce: number
}

/** Integrates the motion of the atoms of one system on a device, in single precision. */
export interface Integrator {
  /**
   * Makes steps of velocity Verlet, in place. Velocities are those at whole steps; the caller updates `step` and `time_ps`.
   * Dividing the steps between calls in another way changes rounding only.
   * @throws SimulationError naming an atom that moves too far in one step; the state is then that of an earlier one
   */
  advance(state: State, steps: number): Promise<void>
}

/** Computes energies and forces of one system. It does not change the given state. */
export interface Evaluator {
  evaluate(state: State, want?: Want): Promise<Evaluation>
  /**
   * Drops everything kept from earlier states, such as pair lists: later results are those of a new evaluator, to the last
   * bit.
   */
  forget(): void
  /**
   * Creates an integrator on the device; absent on platforms without one. It shares lists and device with the evaluator,
   * ends with it, and `forget` applies to both.
   * @throws UserError naming the terms of the system that need the host in every step
   */
  integrator?(step: StepSize): Integrator
  /** Name of the platform that computes. */
  readonly ran: PlatformName
  /** Precision and backend, such as "f64" or "f32, webgpu". */
  readonly backend: string
  /** Reason why another platform than the requested one ran; null if it is the requested one. */
  readonly fallbackReason: string | null
  /** Number of threads. Default: 1. */
  readonly threads?: number
  /** Times of the parts, for benchmarks; absent where a platform does not measure them. */
  timings?(): Timings
  /** Transfers, for benchmarks; absent without a device. */
  transfers?(): Transfers
  dispose(): Promise<void>
}

/** Returns the evaluator with a pause before every evaluation and every block of steps on its device. */
export function withPauses(evaluator: Evaluator, pause: (state: State) => Promise<void>): Evaluator {
  const { integrator } = evaluator
  return {
    ...evaluator,
    async evaluate(state, want) {
      await pause(state)
      return evaluator.evaluate(state, want)
    },
    ...(integrator && {
      integrator(step) {
        const inner = integrator(step)
        return {
          async advance(state, steps) {
            await pause(state)
            return inner.advance(state, steps)
          },
        }
      },
    }),
  }
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
  /** @throws UserError naming terms or settings that this platform cannot compute */
  prepare(system: System, options?: EvaluatorOptions): Promise<Evaluator>
}

/** Energy and forces of one configuration; the arrays are the caller's to keep. */
export interface ImageEvaluation {
  /** eV */
  readonly energy: number
  /** [3N] eV/Å */
  readonly forces: Float64Array
}

/** Computes many configurations of one system in one cell at once, such as the images of a band. */
export interface ImageEvaluator {
  /** @param images [3N] Å each @returns results in the same order */
  evaluate(images: readonly Float64Array[]): Promise<readonly ImageEvaluation[]>
  readonly ran: PlatformName
  readonly backend: string
  readonly fallbackReason: string | null
  /** Number of threads that share the images. */
  readonly threads: number
  dispose(): Promise<void>
}
