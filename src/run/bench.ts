import { quantile } from '../analysis/stats.ts'
import { buildPairList, createExclusions } from '../core/neighbors.ts'
import type { State } from '../core/state.ts'
import type { System } from '../core/system.ts'
import { specialPairs } from '../core/topology.ts'
import type { ConstraintChoice } from '../dynamics/constraints.ts'
import { type DynamicsStage, stageStart } from '../dynamics/protocol.ts'
import { runProtocol } from '../dynamics/simulate.ts'
import { SimulationError } from '../errors.ts'
import { availablePlatforms, type PlatformKey, prepareEvaluator } from '../platform/choose.ts'
import type { Evaluator, Timings, Transfers } from '../platform/platform.ts'
import { longestCutoff } from './assemble.ts'
import { type Machine, machine } from './machine.ts'
import { replicate } from './replicate.ts'

export interface BenchRequest {
  readonly system: System
  readonly state: State
  readonly platforms: readonly PlatformKey[]
  /** Numbers of copies of the box along each of its vectors. */
  readonly sizes: readonly number[]
  /** Number of measurements of each platform and size; platforms take turns. */
  readonly turns: number
  /** Approximate length of one measurement, s. */
  readonly seconds: number
  readonly timestep_fs: number
  readonly constraints: ConstraintChoice['bonds']
  /** Numbers of threads to compare, on platforms with threads. Default: one per core, as far as the box is large enough. */
  readonly threads: readonly number[] | undefined
  onTurn?(done: number, of: number): void
}

export interface BenchResult {
  readonly platform: PlatformKey
  readonly backend: string
  readonly threads: number
  readonly atoms: number
  /** Whole steps of dynamics per second: median over the turns, as all figures here. */
  readonly steps_per_s: number
  readonly ns_per_day: number
  /** Time of the pair part per pair within the cut-off; null without pairs, or when the platform does not measure it. */
  readonly ns_per_pair: number | null
  /** Parts of the median step; null when the platform does not measure them. `rest`: integration, constraints and all else. */
  readonly breakdown: {
    readonly pair_ms: number
    readonly kspace_ms: number
    readonly bonded_ms: number
    readonly neighbours_ms: number
    readonly rest_ms: number
  } | null
  /** Mean traffic of a step with a device; null without a device. */
  readonly transfers: Transfers | null
}

export interface BenchReport {
  readonly machine: Machine
  readonly results: readonly BenchResult[]
}

/** Platforms available here, without those that run the gpu platform's kernels on the processor. */
export async function benchPlatforms(): Promise<readonly PlatformKey[]> {
  const here = await availablePlatforms()
  return here.filter(name => !name.startsWith('gpu:'))
}

/** Temperature of new velocities. */
const TEMPERATURE_K = 300

/**
 * Times whole steps of constant-energy dynamics. Within a size all platforms are ready at once and take turns, so that
 * what else the machine does falls on all of them alike.
 * @throws UserError, SimulationError
 */
export async function bench(request: BenchRequest): Promise<BenchReport> {
  const results: BenchResult[] = []
  const turnsInAll = request.sizes.length * request.turns
  for (const [index, n] of request.sizes.entries()) {
    const box = replicate(request.system, request.state, n)
    const pairs = n ** 3 * pairsWithinCutoff(request.system, request.state)
    const runs: Contestant[] = []
    try {
      for (const entry of entries(request)) runs.push(await begin(request, box, entry))
      for (let turn = 0; turn < request.turns; turn++) {
        for (const run of runs) await run.measure()
        request.onTurn?.(index * request.turns + turn + 1, turnsInAll)
      }
      results.push(...runs.map(run => run.result(pairs)))
    } finally {
      for (const run of runs) await run.end()
    }
  }
  return { machine: machine(), results }
}

interface Entry {
  readonly platform: PlatformKey
  readonly threads: number | undefined
}

/** Combinations of platform and threads; the reference always has one thread. */
const entries = ({ platforms, threads }: BenchRequest): Entry[] =>
  platforms.flatMap((platform): Entry[] => {
    const counts = platform === 'reference' ? undefined : threads
    return (counts ?? [undefined]).map(count => ({ platform, threads: count }))
  })

interface Contestant {
  /** One block of steps. */
  measure(): Promise<void>
  result(pairs: number): BenchResult
  end(): Promise<void>
}

/** One measurement, all per step. */
interface Measurement {
  readonly step_ms: number
  readonly parts_ms: Timings | null
  readonly transfers: Transfers | null
}

/** Prepares and warms up dynamics, which then run block by block; a row of the log ends each block. */
async function begin(
  request: BenchRequest,
  { system, state }: { system: System; state: State },
  { platform, threads }: Entry,
): Promise<Contestant> {
  const timestep_ps = request.timestep_fs * 1e-3
  let evaluator: Evaluator | undefined
  const run = (blockSteps: number) =>
    runProtocol({
      system,
      stages: [dynamics(request.timestep_fs)],
      from: stageStart(state),
      constraints: { bonds: request.constraints, tolerance: 1e-7 },
      prepare: async part => {
        evaluator = await prepareEvaluator(platform, part, { threads })
        return evaluator
      },
      seed: 1,
      output: { thermo_every_ps: blockSteps * timestep_ps },
    })
  const first = run(WARM_UP_STEPS)
  await nextRow(first)
  await nextRow(first)
  const started = performance.now()
  await nextRow(first)
  const step_ms = (performance.now() - started) / WARM_UP_STEPS
  await first.return()

  const blockSteps = Math.max(1, Math.round((1000 * request.seconds) / step_ms))
  const events = run(blockSteps)
  await nextRow(events)
  const measured: Measurement[] = []
  return {
    async measure() {
      const before = evaluator!.timings?.()
      const sent = evaluator!.transfers?.()
      const from = performance.now()
      await nextRow(events)
      const step_ms = (performance.now() - from) / blockSteps
      const after = evaluator!.timings?.()
      measured.push({
        step_ms,
        parts_ms: before && after ? perStep(before, after, blockSteps) : null,
        transfers: sent ? perStep(sent, evaluator!.transfers!(), blockSteps) : null,
      })
    },
    result(pairs) {
      const step_ms = median(measured.map(m => m.step_ms))
      const breakdown = breakdownOf(measured, step_ms)
      return {
        platform,
        backend: evaluator!.backend,
        threads: evaluator!.threads ?? 1,
        atoms: system.atomCount,
        steps_per_s: 1000 / step_ms,
        ns_per_day: (request.timestep_fs * 86.4) / step_ms,
        ns_per_pair: breakdown && pairs > 0 ? (1e6 * breakdown.pair_ms) / pairs : null,
        breakdown,
        transfers: meanTransfers(measured),
      }
    },
    async end() {
      await events.return()
    },
  }
}

/** Half the number of steps before the first measured one: enough for the loops to be compiled, few enough for large boxes. */
const WARM_UP_STEPS = 8

/** A stage longer than any benchmark. */
function dynamics(timestep_fs: number): DynamicsStage {
  return {
    name: 'bench',
    kind: 'dynamics',
    time_ps: 1e6,
    timestep_fs,
    temperature: { start_K: TEMPERATURE_K, end_K: TEMPERATURE_K },
    step: { kind: 'verlet' },
    bath: null,
    cell: { kind: 'fixed' },
    new_velocities: true,
    device: null,
  }
}

async function nextRow(events: ReturnType<typeof runProtocol>): Promise<void> {
  for (;;) {
    const { done, value } = await events.next()
    if (done) throw new SimulationError({ message: 'the dynamics ended before they were measured' })
    if (value.kind === 'thermo') return
  }
}

function perStep<Names extends string>(
  before: Readonly<Record<Names, number>>,
  after: Readonly<Record<Names, number>>,
  steps: number,
): Record<Names, number> {
  const names = Object.keys(before) as Names[]
  return Object.fromEntries(names.map(name => [name, (after[name] - before[name]) / steps])) as Record<
    Names,
    number
  >
}

function meanTransfers(measured: readonly Measurement[]): Transfers | null {
  const all = measured.flatMap(({ transfers }) => transfers ?? [])
  if (all.length === 0) return null
  const mean = (name: keyof Transfers) => all.reduce((sum, one) => sum + one[name], 0) / all.length
  return { launches: mean('launches'), sent_bytes: mean('sent_bytes'), read_bytes: mean('read_bytes') }
}

/** Parts of the median step, in the proportions of all steps: a pair list is built in some blocks and not in others. */
function breakdownOf(measured: readonly Measurement[], step_ms: number): BenchResult['breakdown'] {
  const parts = measured.flatMap(({ parts_ms }) => parts_ms ?? [])
  if (parts.length < measured.length) return null
  const whole = measured.reduce((sum, m) => sum + m.step_ms, 0)
  const share = (name: keyof Timings) => (step_ms * parts.reduce((sum, part) => sum + part[name], 0)) / whole
  const [pair_ms, kspace_ms, bonded_ms] = [share('pair'), share('kspace'), share('bonded')]
  const neighbours_ms = share('neighbours')
  const rest_ms = step_ms - pair_ms - kspace_ms - bonded_ms - neighbours_ms
  return { pair_ms, kspace_ms, bonded_ms, neighbours_ms, rest_ms }
}

const median = (values: readonly number[]): number =>
  quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  )

/** Pairs of atoms more than three bonds apart that are within the longest cut-off. */
function pairsWithinCutoff(system: System, { box, positions }: State): number {
  const cutoff_A = longestCutoff(system)
  if (cutoff_A === 0) return 0
  const bonded = specialPairs(system.topology, system.atomCount).pairs
  return buildPairList(box, positions, cutoff_A, createExclusions(system.atomCount, bonded)).partners.length
}
