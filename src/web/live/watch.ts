import type { State } from '../../core/state.ts'
import type { Evaluator } from '../../platform/platform.ts'
import type { Report } from './messages.ts'
import type { createPlacement } from './placement.ts'

/** How often the page hears of what changes all the time, ms. */
const PICTURE_MS = 70
const PROGRESS_MS = 400
/** Over how long speed is measured, ms. */
const SPEED_MS = 4000

export interface Watched {
  tell(report: Report): void
  /** @returns whether it has waited for the reader */
  gate(): Promise<boolean>
  readonly place: ReturnType<typeof createPlacement>
}

/** Tells where atoms are, and how fast it goes, as evaluators are asked for forces or blocks of steps. */
export function createWatch({ tell, gate, place }: Watched) {
  let timestep_fs: number | null = null
  let pictured = 0
  let progressed = 0
  let marks: { readonly at: number; readonly step: number }[] = []

  function picture({ box, positions }: State): void {
    tell({ kind: 'positions', positions: place(box, positions), box: box.matrix.slice() })
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
    /** @param timestep null for a stage that relaxes */
    stage(timestep: number | null): void {
      timestep_fs = timestep
      marks = []
    },
    evaluator: (inner: Evaluator): Evaluator => ({
      ...inner,
      async evaluate(state, want) {
        await pass(state)
        return inner.evaluate(state, want)
      },
      ...(inner.integrator && {
        integrator(step) {
          const { advance } = inner.integrator!(step)
          return {
            async advance(state, steps) {
              await pass(state)
              return advance(state, steps)
            },
          }
        },
      }),
    }),
    /** The state at the end, however short ago the page has heard. */
    last(state: State): void {
      picture(state)
      const { step, time_ps } = state
      tell({ kind: 'progress', step, time_ps, steps_per_s: null, ns_per_day: null })
      marks = []
    },
  }
}
