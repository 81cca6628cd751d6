import { availableParallelism } from 'node:os'
import { mean } from '../analysis/stats.ts'
import { densityOf } from '../core/system.ts'
import { stageStart } from '../dynamics/protocol.ts'
import { runProtocol } from '../dynamics/simulate.ts'
import { readManifest } from '../files/manifest.ts'
import { PLATFORM_KEYS, type PlatformChoice, prepareEvaluator } from '../platform/choose.ts'
import { protocolStages } from '../recipes/stages.ts'
import { type BenchResult, bench } from '../run/bench.ts'
import { type PreparedRun, prepareRun } from '../run/prepare.ts'
import type { PlannedMd } from './plan.ts'
import { type RunState, runPaths, runState } from './record.ts'
import { isOpen } from './run.ts'

/** A time with the range in which it is expected, s. */
export interface Expected {
  readonly low_s: number
  readonly expected_s: number
  readonly high_s: number
}

export interface StudyEstimate {
  readonly runs: readonly RunEstimate[]
  /** Wall time of all open runs, `jobs` at a time. */
  readonly wall: Expected
  readonly jobs: number
}

export interface RunEstimate {
  readonly run: PlannedMd
  readonly state: RunState
  readonly atoms: number
  /** Wall time of the whole run. */
  readonly wall: Expected
  /** `runs`: finished ones of the same case and system. */
  readonly basis: 'runs' | 'benchmark'
}

/** Density of a loosely packed box after compression at constant pressure, for organic matter with salt, g/cm³. */
const CONDENSED_g_per_cm3 = { low: 1, expected: 1.4, high: 2 }
/** Relative range of a wall time from a benchmark, which is short and shares the machine with other runs. */
const BENCHMARK_SPREAD = { low: 0.9, expected: 1, high: 1.25 }
const RUNS_SPREAD = { low: 0.95, expected: 1, high: 1.1 }
/** Largest number of steps of the relaxation before a benchmark. */
const MOST_MINIMIZER_STEPS = 200
const BENCH = { sizes: [1], turns: 3, seconds: 0.25, timestep_fs: 1, threads: [1] }

/**
 * Estimates the wall time of a study. Boxes of one composition are measured once; finished runs give the time of their case and system.
 * @param directory of a study that has begun; null for a new one
 * @throws UserError for anything that is wrong with a box
 */
export async function estimateStudy(
  runs: readonly PlannedMd[],
  options: {
    readonly directory: string | null
    readonly jobs?: number | undefined
    readonly platform?: PlatformChoice | undefined
    readonly retryFailed: boolean
    onBox?(done: number, of: number): void
  },
): Promise<StudyEstimate> {
  const { directory, jobs = availableParallelism(), platform = 'auto', retryFailed } = options
  const boxes = new Map<string, { readonly box: PreparedRun; readonly speed: BenchResult }>()
  const compositions = new Set(runs.map(composition))
  const finished = finishedTimes(runs, directory)
  const estimates: RunEstimate[] = []
  for (const run of runs) {
    const key = composition(run)
    if (!boxes.has(key)) {
      const box = prepareRun(run.loaded)
      boxes.set(key, { box, speed: await measure(box, platform) })
      options.onBox?.(boxes.size, compositions.size)
    }
    const { box, speed } = boxes.get(key)!
    const times = finished.get(kindOf(run))
    estimates.push({
      run,
      state: directory === null ? { kind: 'new' } : runState(directory, run.key),
      atoms: box.system.atomCount,
      wall: times ? spread(mean(times)) : benchmarked(run, box, speed),
      basis: times ? 'runs' : 'benchmark',
    })
  }
  const open = estimates.filter(({ state }) => isOpen(state, retryFailed))
  const total = (key: keyof Expected) =>
    scheduled(
      open.map(({ wall }) => wall[key]),
      jobs,
    )
  return {
    runs: estimates,
    wall: { low_s: total('low_s'), expected_s: total('expected_s'), high_s: total('high_s') },
    jobs,
  }
}

/** Text that is equal for boxes of equal speed: temperature and charges do not count. */
function composition({ loaded: { recipe } }: PlannedMd): string {
  const { build, structure } = recipe.system
  return JSON.stringify([
    recipe.system.potential,
    build ?? structure,
    recipe.interactions,
    recipe.constraints,
  ])
}

const kindOf = (run: PlannedMd) => `${run.case}/${run.system}`

/** Wall times of the runs that have finished by case and system, s. */
function finishedTimes(runs: readonly PlannedMd[], directory: string | null): Map<string, number[]> {
  const times = new Map<string, number[]>()
  for (const run of runs) {
    if (directory === null || runState(directory, run.key).kind !== 'finished') continue
    const { wall_s } = readManifest(runPaths(directory, run.key).file('manifest')).wall_clock
    if (wall_s !== null) times.set(kindOf(run), [...(times.get(kindOf(run)) ?? []), wall_s])
  }
  return times
}

const spread = (seconds: number): Expected => ({
  low_s: RUNS_SPREAD.low * seconds,
  expected_s: RUNS_SPREAD.expected * seconds,
  high_s: RUNS_SPREAD.high * seconds,
})

/** Measures the speed of a box, relaxed by the stages before its first stage of dynamics. */
async function measure(box: PreparedRun, platform: PlatformChoice): Promise<BenchResult> {
  const { system, recipe } = box
  const evaluator = await prepareEvaluator(platform, system, { threads: 1 })
  await evaluator.dispose()
  const key = PLATFORM_KEYS.find(name => name === (platform === 'auto' ? evaluator.ran : platform))!
  const dynamics = recipe.stages.findIndex(stage => 'time_ps' in stage)
  const stages = protocolStages(recipe.stages.slice(0, dynamics)).map(stage =>
    stage.kind === 'minimize'
      ? { ...stage, max_steps: Math.min(stage.max_steps, MOST_MINIMIZER_STEPS) }
      : stage,
  )
  let { state } = box
  const events = runProtocol({
    system,
    stages,
    from: stageStart(state),
    constraints: recipe.constraints,
    prepare: part => prepareEvaluator(key, part, { threads: 1 }),
    seed: recipe.seed,
    constants: box.constants,
    output: { thermo_every_ps: 1 },
  })
  for await (const event of events) if (event.kind === 'end') state = event.snapshot.state
  const constraints = recipe.constraints.bonds
  const { results } = await bench({ ...BENCH, system, state, platforms: [key], constraints })
  return results[0]!
}

function benchmarked(run: PlannedMd, { system, state }: PreparedRun, speed: BenchResult): Expected {
  const packed = densityOf(system.masses, state.box.volume)
  const wall_s = (density: number, factor: number) =>
    (run.steps * factor * stepTime_ms(speed, density / packed)) / 1000
  const [low, expected, high] = densities(run, packed)
  return {
    low_s: wall_s(low, BENCHMARK_SPREAD.low),
    expected_s: wall_s(expected, BENCHMARK_SPREAD.expected),
    high_s: wall_s(high, BENCHMARK_SPREAD.high),
  }
}

/** Wall time of a step in a compressed box, ms: the pairs within the cut-off grow in proportion to the density. */
function stepTime_ms({ steps_per_s, breakdown }: BenchResult, compression: number): number {
  const step_ms = 1000 / steps_per_s
  const pairs_ms = breakdown ? breakdown.pair_ms + breakdown.neighbours_ms : step_ms
  return step_ms + pairs_ms * (compression - 1)
}

/** Lowest, expected and highest density during most of a run, g/cm³. */
function densities({ loaded: { recipe } }: PlannedMd, packed: number): [number, number, number] {
  let range: [number, number, number] = [packed, packed, packed]
  for (const stage of recipe.stages) {
    if (stage.kind === 'nvt' && stage.density_end_g_per_cm3 !== undefined) {
      const density = stage.density_end_g_per_cm3
      range = [density, density, density]
    } else if (stage.kind === 'npt' && recipe.system.build && range[1] === packed) {
      const { low, expected, high } = CONDENSED_g_per_cm3
      range = [Math.max(packed, low), Math.max(packed, expected), Math.max(packed, high)]
    }
  }
  return range
}

/** Returns the time at which the last task ends when each free worker takes the next one, s. */
function scheduled(tasks_s: readonly number[], workers: number): number {
  const free = Array.from({ length: Math.max(1, workers) }, () => 0)
  for (const task of tasks_s) free[free.indexOf(Math.min(...free))]! += task
  return Math.max(...free)
}
