import { variance } from '../../../src/analysis/stats.ts'
import { copyState, type State } from '../../../src/core/state.ts'
import type { System } from '../../../src/core/system.ts'
import type { ThermoRow } from '../../../src/dynamics/observe.ts'
import {
  type DynamicsStage,
  type ProtocolEvent,
  type ProtocolOptions,
  type Snapshot,
  stageStart,
} from '../../../src/dynamics/protocol.ts'
import { runProtocol } from '../../../src/dynamics/simulate.ts'
import type { Evaluator } from '../../../src/platform/platform.ts'
import { protocolStages, type RecipeStage } from '../../../src/recipes/stages.ts'

export const NO_CONSTRAINTS = { bonds: 'none', tolerance: 1e-8 } as const

type Written<Kind extends RecipeStage['kind']> = Partial<Extract<RecipeStage, { kind: Kind }>>

/** A stage of dynamics, written as in a recipe, with defaults for what a test does not care about. */
export function stageOf(
  stage: (Written<'nve'> | Written<'nvt'> | Written<'npt'>) & {
    kind: 'nve' | 'nvt' | 'npt'
    time_ps: number
  },
): DynamicsStage {
  const written = {
    name: stage.kind,
    timestep_fs: 2,
    thermostat: 'csvr',
    thermostat_time_ps: 0.1,
    pressure_bar: 1,
    barostat_time_ps: 1,
    compressibility_per_bar: 1e-4,
    new_velocities: false,
    ...stage,
  } as RecipeStage
  return protocolStages([written])[0] as DynamicsStage
}

export interface Recorded {
  readonly rows: ThermoRow[]
  readonly frames: State[]
  readonly snapshots: Snapshot[]
  readonly events: ProtocolEvent[]
  readonly end: Snapshot
  readonly completed: boolean
  readonly drift: number
}

/** Runs a protocol to its end and keeps all that it reports. */
export async function record(
  system: System,
  evaluator: (system: System) => Evaluator,
  state: State | Snapshot,
  options: Partial<ProtocolOptions> & Pick<ProtocolOptions, 'stages'>,
): Promise<Recorded> {
  const events: ProtocolEvent[] = []
  const frames: State[] = []
  const protocol = runProtocol({
    system,
    from: 'stageIndex' in state ? state : stageStart(state),
    constraints: NO_CONSTRAINTS,
    prepare: async part => evaluator(part),
    seed: 1,
    ...options,
  })
  for await (const event of protocol) {
    events.push(event)
    if (event.kind === 'frame') frames.push(copyState(event.state))
  }
  const end = events.at(-1)!
  if (end.kind !== 'end') throw new Error('the protocol did not end')
  return {
    events,
    frames,
    rows: events.flatMap(event => (event.kind === 'thermo' ? [event.row] : [])),
    snapshots: events.flatMap(event => (event.kind === 'snapshot' ? [event.snapshot] : [])),
    end: end.snapshot,
    completed: end.completed,
    drift: events
      .flatMap(event =>
        event.kind === 'stage-end' && event.summary.kind === 'dynamics'
          ? [event.summary.drift_meV_per_atom_ps]
          : [],
      )
      .at(-1)!,
  }
}

/** Root mean square deviation from the mean. */
export const spread = (values: readonly number[]) => Math.sqrt(variance(values))
