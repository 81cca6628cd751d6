import type { createPlacement } from '../../core/molecules.ts'
import type { State } from '../../core/state.ts'
import { type Evaluator, withPauses } from '../../platform/platform.ts'
import type { Report } from './messages.ts'

/** Shortest time between two pictures, and between two messages of progress, ms. */
const PICTURE_MS = 70
const PROGRESS_MS = 400
/** Time over which the speed is averaged, ms. */
const SPEED_MS = 4000

export interface Watched {
  tell(report: Report): void
  /** @returns whether it has waited for the reader */
  gate(): Promise<boolean>
  readonly place: ReturnType<typeof createPlacement>
}

/** Reports positions and speed of a run, whenever its evaluator is asked for forces or for a block of steps. */
export function createWatch({ tell, gate, place }: Watched) {
  let timestep_fs: number | null = null
  let pictured = 0
  let progressed = 0
  let marks: { readonly at: number; readonly step: number }[] = []

  function picture({ box, positions }: State): void {
    tell({ kind: 'positions', positions: Float32Array.from(place(box, positions)), box: box.matrix.slice() })
  }

  function progress({ step, time_ps }: State, now: number): void {
    marks = [...marks.filter(({ at }) => now - at < SPEED_MS), { at: now, step }]
    const { at, step: since } = marks[0]!
    const steps_per_s = timestep_fs !== null && now > at ? (1000 * (step - since)) / (now - at) : null
    const ns_per_day = steps_per_s === null ? null : steps_per_s * timestep_fs! * 86400e-6
    tell({ kind: 'progress', step, time_ps, steps_per_s, ns_per_day })
  }

  function look(state: State): void {
    const now = performance.now()
    if (now - pictured >= PICTURE_MS) {
      pictured = now
      picture(state)
    }
    if (now - progressed >= PROGRESS_MS) {
      progressed = now
      progress(state, now)
    }
  }

  async function pass(state: State): Promise<void> {
    if (await gate()) marks = []
    look(state)
  }

  return {
    /** Begins a stage. @param timestep fs; null for a minimisation */
    stage(timestep: number | null): void {
      timestep_fs = timestep
      marks = []
    },
    evaluator: (inner: Evaluator): Evaluator => withPauses(inner, pass),
    /** Reports the state at the end, even right after another report. */
    last(state: State): void {
      picture(state)
      const { step, time_ps } = state
      tell({ kind: 'progress', step, time_ps, steps_per_s: null, ns_per_day: null })
      marks = []
    },
  }
}
