import { createPlacement } from '../../core/molecules.ts'
import type { System } from '../../core/system.ts'
import { type ProtocolEvent, type Stage, stageStart } from '../../dynamics/protocol.ts'
import { runProtocol } from '../../dynamics/simulate.ts'
import type { Evaluator } from '../../platform/platform.ts'
import { createDisplacements } from './displacements.ts'
import { heldAtItsEnd, type LiveInput, productionOf, type Settings, stagesAt } from './input.ts'
import type { Report } from './messages.ts'
import { createWatch } from './watch.ts'

/** Shortest time between two analyses of the displacements, ms, and largest share of the time that they take. */
const ANALYSIS_MS = 700
const ANALYSIS_SHARE = 0.05

export interface LiveRun {
  readonly input: LiveInput
  readonly settings: Settings
  prepare(system: System): Promise<Evaluator>
  tell(report: Report): void
  /**
   * Called before each evaluation: lets messages be handled now and then, and waits while the run is paused.
   * @returns whether it has waited for the reader
   */
  gate(): Promise<boolean>
  /** Called at the end: resolves when the run is to continue for the same time again. */
  more(): Promise<void>
}

/** A molecule may leave the cell by this fraction before it is moved, so that it does not jump to and fro. */
const MARGIN = 0.05

/**
 * Runs a recipe as `hoplite md` does, with the same stages, seed, integration and analysis, and reports its progress.
 * @throws UserError, SimulationError as `runProtocol`
 */
export async function runLive({ input, settings, prepare, tell, gate, more }: LiveRun): Promise<never> {
  const { system } = input
  const { time_ps, timestep_fs } = productionOf(input)
  const production = input.stages.length - 1
  const stages = stagesAt(input, settings.temperature_K)
  const watch = createWatch({ tell, gate, place: createPlacement(system.topology, MARGIN) })
  const stepsPerFrame = Math.max(1, Math.round((input.frame_every_ps * 1000) / timestep_fs))
  const displacements = createDisplacements({
    masses: system.masses,
    ions: system.elements.flatMap((element, i) => (element === input.species ? [i] : [])),
    frameInterval_ps: (stepsPerFrame * timestep_fs) / 1000,
    window: input.window,
  })

  let nextAnalysis = 0
  function analyse(): void {
    const began = performance.now()
    const found = displacements.analyse()
    if (found) tell({ kind: 'displacements', ...found })
    const ended = performance.now()
    nextAnalysis = ended + Math.max(ANALYSIS_MS, (ended - began) / ANALYSIS_SHARE)
  }

  function hear(event: ProtocolEvent): void {
    if (event.kind === 'stage-start') {
      const { stage, stageIndex } = event
      watch.stage('timestep_fs' in stage ? stage.timestep_fs : null)
      const from_ps = input.state.time_ps + stages.slice(0, stageIndex).reduce(addTime, 0)
      const isProduction = stageIndex === production
      tell({ kind: 'stage', name: stage.name, isProduction, from_ps, time_ps: timeOf(stage) })
    } else if (event.kind === 'thermo') {
      tell({ kind: 'thermo', time_ps: event.row.time_ps, temperature_K: event.row.temperature_K })
    } else if (event.kind === 'frame' && event.stageIndex === production) {
      displacements.append(event.state.positions)
      if (performance.now() >= nextAnalysis) analyse()
    }
  }

  let from = stageStart(input.state)
  for (let times = 1; ; times++) {
    const last = productionOf({ stages })
    const longer = { ...(times > 1 ? heldAtItsEnd(last) : last), time_ps: times * time_ps }
    const events = runProtocol({
      system,
      stages: [...stages.slice(0, production), longer],
      from,
      constraints: input.constraints,
      prepare: async part => watch.evaluator(await prepare(part)),
      seed: settings.seed,
      constants: input.constants,
      output: { thermo_every_ps: input.log_every_ps, frame_every_ps: input.frame_every_ps },
    })
    for await (const event of events) {
      hear(event)
      if (event.kind === 'end') from = event.snapshot
    }
    analyse()
    watch.last(from.state)
    tell({ kind: 'end' })
    await more()
  }
}

const timeOf = (stage: Stage) => ('time_ps' in stage ? stage.time_ps : null)
const addTime = (sum: number, stage: Stage) => sum + (timeOf(stage) ?? 0)
