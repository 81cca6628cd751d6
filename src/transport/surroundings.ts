import ndarray from 'ndarray'
import { type ContactLifetimes, createContactRecord, ionClusters } from '../analysis/contacts.ts'
import type { Decay } from '../analysis/correlate.ts'
import { mean } from '../analysis/stats.ts'
import {
  firstMinimum,
  longestDistance,
  type RadialDistribution as MeasuredDistribution,
  radialDistribution,
} from '../analysis/structure.ts'
import { formatNumber } from '../format.ts'
import type { Coordination, Quantity, RadialDistribution, Residence, SystemReport } from '../report/model.ts'
import { ionLabel, type NeighborKind, neighborKinds } from '../run/groups.ts'
import { atomsOf, type LoadedRun } from '../run/loadRun.ts'
import { framesOf } from './frames.ts'
import { none, overBoxes, rowsOf, sharesOverBoxes } from './quantity.ts'
import type { Survey } from './survey.ts'
import type { AnalysedSystem } from './transport.ts'

/** Largest number of frames in which contacts are looked for: longer runs are read in larger steps. */
const CONTACT_FRAMES = 10_000
/** Shortest lifetime that can be measured, in frames. */
const FRAMES_TO_TIME = 2
const RANGE_A = 8
const BIN_A = 0.05
/** A first shell ends before this; a minimum farther out belongs to a later one. */
const SHELL_LIMIT_A = 5
/** End of the first shell where g(r) has no minimum, Å. */
const FALLBACK_RADIUS_A = 3
/** Sites of an anion by which it is in contact: the first of these that it has. */
const ANION_SITES = ['O(anion)', 'F(anion)']

/** Surroundings of the ions of one system. */
export type Surroundings = Pick<SystemReport, 'rdfs' | 'coordination' | 'ionClusters'> & {
  readonly quantities: readonly Quantity[]
}

interface Neighbors {
  readonly kind: NeighborKind
  readonly rdf: MeasuredDistribution
}

/** Distributions, coordination and pairing of every system, with one radius per kind of pair, so that they compare. */
export async function surroundingsOf(systems: readonly AnalysedSystem[]): Promise<Surroundings[]> {
  const bySystem = systems.map(({ runs, surveys, species }) =>
    runs.map((run, k) => neighborsOf(run, surveys[k]!, species)),
  )
  const radius = new Map<string, Shell>()
  for (const pair of new Set(bySystem.flat(2).map(({ kind }) => kind.pair))) {
    const curves = bySystem.flat(2).filter(({ kind }) => kind.pair === pair)
    radius.set(pair, shellOf(curves.map(({ rdf }) => rdf)))
  }
  const all: Surroundings[] = []
  for (const [k, system] of systems.entries()) all.push(await surroundings(system, bySystem[k]!, radius))
  return all
}

function neighborsOf(run: LoadedRun, { frames }: Survey, species: string): Neighbors[] {
  const maximum_A = Math.min(RANGE_A, Math.floor(longestDistance(frames) / BIN_A) * BIN_A)
  return neighborKinds(run, species).map(kind => ({
    kind,
    rdf: radialDistribution(frames, atomsOf(run, species), kind.atoms, { maximum_A, binWidth_A: BIN_A }),
  }))
}

/** Radius within which neighbours count, and its origin. */
type Shell = Pick<Coordination, 'radius_A' | 'radiusFrom'>

/** End of the first shell of the mean of some curves. */
function shellOf(curves: readonly MeasuredDistribution[]): Shell {
  const found = firstMinimum({ ...curves[0]!, g: averaged(curves, 'g') })
  return found !== null && found < SHELL_LIMIT_A
    ? { radius_A: found, radiusFrom: 'first minimum' }
    : { radius_A: FALLBACK_RADIUS_A, radiusFrom: 'chosen' }
}

function averaged(curves: readonly MeasuredDistribution[], key: 'g' | 'coordination'): Float64Array {
  const bins = Math.min(...curves.map(({ r_A }) => r_A.length))
  return Float64Array.from({ length: bins }, (_, bin) => mean(curves.map(curve => curve[key][bin]!)))
}

async function surroundings(
  system: AnalysedSystem,
  perRun: readonly (readonly Neighbors[])[],
  radius: ReadonlyMap<string, Shell>,
): Promise<Surroundings> {
  const { runs, species } = system
  const lifetimes: Map<string, ContactLifetimes | null>[] = []
  for (const [k, run] of runs.entries()) {
    const kinds = perRun[k]!.map(({ kind }) => kind)
    lifetimes.push(await contactLifetimes(run, species, kinds, radius))
  }
  const pairs = perRun[0]!.map(({ kind }) => kind.pair)
  const of = (pair: string) => perRun.map(list => list.find(({ kind }) => kind.pair === pair)!)
  const rdfs = pairs.map((pair): RadialDistribution => {
    const curves = of(pair).map(({ rdf }) => rdf)
    return { pair, r_A: curves[0]!.r_A, g: averaged(curves, 'g'), n: averaged(curves, 'coordination') }
  })
  const step_ps = contactStep(runs[0]!) * runs[0]!.frameInterval_ps
  const coordination = pairs.map((pair): Coordination => {
    const shell = radius.get(pair)!
    const { radius_A } = shell
    // Entry k counts up to the outer edge of bin k.
    const numbers = of(pair).map(({ rdf }) => rdf.coordination[Math.round(radius_A / rdf.binWidth_A) - 1]!)
    const times = lifetimes.map(found => found.get(pair) ?? null)
    return {
      pair,
      ...shell,
      ...overBoxes(numbers),
      residence: residence(
        times.map(time => time?.intermittent ?? null),
        step_ps,
      ),
      unbroken: residence(
        times.map(time => time?.continuous ?? null),
        step_ps,
      ),
    }
  })
  return { rdfs, coordination, ...clusters(system, lifetimes, radius) }
}

/** Lifetimes of contacts by kind: a second pass over the trajectory, as the radii are known only after the first. */
async function contactLifetimes(
  run: LoadedRun,
  species: string,
  kinds: readonly NeighborKind[],
  radius: ReadonlyMap<string, Shell>,
): Promise<Map<string, ContactLifetimes | null>> {
  const ions = atomsOf(run, species)
  const every = contactStep(run)
  const records = kinds.map(({ pair, partners }) => ({
    pair,
    record: createContactRecord(ions, partners, radius.get(pair)!.radius_A),
  }))
  for await (const { positions, box } of framesOf(run, every)) {
    const frames = { positions: ndarray(positions, [1, positions.length / 3, 3]), box }
    for (const { record } of records) record.add(frames, 0)
  }
  const frameInterval_ps = every * run.frameInterval_ps
  return new Map(records.map(({ pair, record }) => [pair, record.lifetimes({ frameInterval_ps })]))
}

const contactStep = ({ frameCount }: LoadedRun) => Math.ceil(frameCount / CONTACT_FRAMES)

/** Mean over the runs; a lower bound as soon as one is too short to see the end, null when too short for the time between frames. */
function residence(list: readonly (Decay | null)[], frameInterval_ps: number): Residence | null {
  const known = list.filter(decay => decay !== null)
  const { value: time_ps, ci95 } = overBoxes(known.map(decay => decay.time_ps))
  const resolved = known.length === list.length && time_ps > FRAMES_TO_TIME * frameInterval_ps
  if (!resolved) return null
  const atLeast = known.some(decay => decay.atLeast)
  return { time_ps, ci95: atLeast ? null : ci95, atLeast }
}

function clusters(
  { runs, surveys, species }: AnalysedSystem,
  lifetimes: readonly ReadonlyMap<string, ContactLifetimes | null>[],
  radius: ReadonlyMap<string, Shell>,
): Pick<Surroundings, 'ionClusters' | 'quantities'> {
  const pair = ANION_SITES.map(site => `${species}–${site}`).find(name => radius.has(name))
  if (pair === undefined) return { ionClusters: null, quantities: [] }
  const radius_A = radius.get(pair)!.radius_A
  const label = ionLabel(species)
  const rows = rowsOf(`Clusters of ions: ${pair} within ${formatNumber(radius_A)} Å`)
  const anions = runs.map(run => neighborKinds(run, species).find(kind => kind.pair === pair)?.partners)
  if (!anions.every(list => list !== undefined)) {
    return { ionClusters: null, quantities: [rows(`${label} free`, '%', none(`${label} alone`))] }
  }
  const found = runs.map((run, k) =>
    ionClusters(surveys[k]!.frames, atomsOf(run, species), anions[k]!, radius_A),
  )
  const partners = lifetimes.map(found => found.get(pair)?.partners ?? 0)
  const share = (name: string, key: 'free' | 'contactPair' | 'aggregate' | 'freeAnions' | 'largest') =>
    rows(name, '%', sharesOverBoxes(found.map(one => one[key])))
  const average = (key: 'free' | 'contactPair' | 'aggregate') => mean(found.map(one => one[key]))
  return {
    ionClusters: {
      free: average('free'),
      contactPair: average('contactPair'),
      aggregate: average('aggregate'),
    },
    quantities: [
      rows(`anions at a ${label}`, '', overBoxes(partners)),
      share(`${label} free`, 'free'),
      share(`${label} in a contact pair`, 'contactPair'),
      share(`${label} in an aggregate`, 'aggregate'),
      share('anions free', 'freeAnions'),
      share('ions in the largest cluster', 'largest'),
      rows(`ions in the cluster of a ${label}`, '', overBoxes(found.map(({ meanSize }) => meanSize))),
    ],
  }
}
