import ndarray from 'ndarray'
import { ionPairStates, residenceTime } from '../analysis/contacts.ts'
import { studentTQuantile } from '../analysis/distributions.ts'
import { mean, variance } from '../analysis/stats.ts'
import {
  type Frames,
  firstMinimum,
  longestDistance,
  type RadialDistribution as MeasuredDistribution,
  radialDistribution,
} from '../analysis/structure.ts'
import type { Coordination, Interval, RadialDistribution, SystemReport } from '../report/model.ts'
import { type NeighborKind, neighborKinds } from './groups.ts'
import { atomsOf, type LoadedRun } from './loadRun.ts'
import type { AnalysedSystem } from './transport.ts'

/** Frames looked at per run: enough for smooth curves, few enough to take no time. */
const FRAMES_USED = 120
const RANGE_A = 8
const BIN_A = 0.05
/** A first shell ends before this; a minimum farther out belongs to a later one. */
const SHELL_LIMIT_A = 5
/** Where the first shell ends when g(r) shows no minimum, Å. */
const FALLBACK_RADIUS_A = 3
/** Sites of an anion by which it is in contact. */
const ANION_SITE = 'O(anion)'

/** What surrounds the ions of one system. */
export type Mechanism = Pick<SystemReport, 'rdfs' | 'coordination' | 'ionPairStates'>

interface Surroundings {
  readonly run: LoadedRun
  readonly kind: NeighborKind
  readonly rdf: MeasuredDistribution
}

/** Distributions, coordination and pairing of every system, with one radius per kind of pair, so that they compare. */
export function mechanismsOf(systems: readonly AnalysedSystem[]): Mechanism[] {
  const bySystem = systems.map(({ runs, species }) => runs.map(run => surroundings(run, species)))
  const radius = new Map<string, number>()
  for (const pair of new Set(bySystem.flat(2).map(({ kind }) => kind.pair))) {
    const curves = bySystem.flat(2).filter(({ kind }) => kind.pair === pair)
    radius.set(pair, shellRadius(curves.map(({ rdf }) => rdf)))
  }
  return systems.map((system, k) => mechanism(system, bySystem[k]!, radius))
}

function surroundings(run: LoadedRun, species: string): Surroundings[] {
  const frames = thinned(run)
  const maximum_A = Math.min(RANGE_A, Math.floor(longestDistance(frames) / BIN_A) * BIN_A)
  return neighborKinds(run, species).map(kind => ({
    run,
    kind,
    rdf: radialDistribution(frames, atomsOf(run, species), kind.atoms, { maximum_A, binWidth_A: BIN_A }),
  }))
}

/** End of the first shell of the mean of some curves. */
function shellRadius(curves: readonly MeasuredDistribution[]): number {
  const found = firstMinimum({ ...curves[0]!, g: averaged(curves, 'g') })
  return found !== null && found < SHELL_LIMIT_A ? found : FALLBACK_RADIUS_A
}

function averaged(curves: readonly MeasuredDistribution[], key: 'g' | 'coordination'): Float64Array {
  const bins = Math.min(...curves.map(({ r_A }) => r_A.length))
  return Float64Array.from({ length: bins }, (_, bin) => mean(curves.map(curve => curve[key][bin]!)))
}

function mechanism(
  { runs, species }: AnalysedSystem,
  perRun: readonly (readonly Surroundings[])[],
  radius: ReadonlyMap<string, number>,
): Mechanism {
  const kinds = perRun[0]!.map(({ kind }) => kind.pair)
  const of = (pair: string) => perRun.map(list => list.find(({ kind }) => kind.pair === pair)!)
  const rdfs = kinds.map((pair): RadialDistribution => {
    const curves = of(pair).map(({ rdf }) => rdf)
    return { pair, r_A: curves[0]!.r_A, g: averaged(curves, 'g'), n: averaged(curves, 'coordination') }
  })
  const coordination = kinds.map((pair): Coordination => {
    const radius_A = radius.get(pair)!
    // Entry k counts up to the outer edge of bin k.
    const numbers = of(pair).map(({ rdf }) => rdf.coordination[Math.round(radius_A / rdf.binWidth_A) - 1]!)
    const value = mean(numbers)
    return {
      pair,
      radius_A,
      value,
      ci95: betweenRuns(numbers),
      residence: residence(of(pair), species, radius_A),
    }
  })
  return { rdfs, coordination, ionPairStates: pairStates(runs, species, radius) }
}

/** 95 % interval of a mean over runs; null for fewer than three. */
function betweenRuns(values: readonly number[]): Interval | null {
  if (values.length < 3) return null
  const half = studentTQuantile(0.975, values.length - 1) * Math.sqrt(variance(values) / values.length)
  return [mean(values) - half, mean(values) + half]
}

/** Mean lifetime of a contact over the runs; a lower bound as soon as one run is too short to see it end, null when unresolved. */
function residence(
  list: readonly Surroundings[],
  species: string,
  cutoff_A: number,
): Coordination['residence'] {
  const times = list.map(({ run, kind }) =>
    residenceTime({ positions: run.positions, box: run.boxes }, atomsOf(run, species), kind.partners, {
      cutoff_A,
      frameInterval_ps: run.frameInterval_ps,
    }),
  )
  const known = times.filter(time => time !== null)
  const time_ps = mean(known.map(time => time.time_ps))
  // What ends between two frames cannot be timed.
  const resolved = known.length === times.length && list.every(({ run }) => time_ps > run.frameInterval_ps)
  return resolved ? { time_ps, atLeast: known.some(({ atLeast }) => atLeast) } : null
}

function pairStates(
  runs: readonly LoadedRun[],
  species: string,
  radius: ReadonlyMap<string, number>,
): SystemReport['ionPairStates'] {
  const pair = [...radius.keys()].find(key => key.endsWith(ANION_SITE))
  if (pair === undefined) return null
  const states = runs.map(run => {
    const anions = neighborKinds(run, species).find(kind => kind.pair === pair)?.partners ?? []
    return ionPairStates(thinned(run), atomsOf(run, species), anions, radius.get(pair)!)
  })
  const average = (key: 'free' | 'contact' | 'aggregate') => mean(states.map(state => state[key]))
  return { free: average('free'), contact: average('contact'), aggregate: average('aggregate') }
}

/** Every n-th frame. */
function thinned(run: LoadedRun): Frames {
  const [frames, atoms, axes] = run.positions.shape as [number, number, number]
  const every = Math.max(1, Math.floor(frames / FRAMES_USED))
  const { data, stride, offset } = run.positions
  const [perFrame, perAtom, perAxis] = stride as [number, number, number]
  const count = Math.floor((frames - 1) / every) + 1
  return {
    positions: ndarray(data, [count, atoms, axes], [perFrame * every, perAtom, perAxis], offset),
    box: run.boxes.filter((_, k) => k % every === 0),
  }
}
