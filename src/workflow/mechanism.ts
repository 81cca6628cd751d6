import ndarray from 'ndarray'
import { type IonPairStates, ionPairStates, residenceTime } from '../analysis/contacts.ts'
import { mean } from '../analysis/stats.ts'
import {
  coordinationNumber,
  type Frames,
  longestDistance,
  radialDistribution,
} from '../analysis/structure.ts'
import type { Coordination, RadialDistribution, SystemReport } from '../report/model.ts'
import { neighborKinds } from './groups.ts'
import { atomsOf, type LoadedRun } from './loadRun.ts'
import type { AnalysedSystem } from './transport.ts'

/** Frames looked at per run: enough for smooth curves, few enough to take no time. */
const FRAMES_USED = 120
const RANGE_A = 8
/** Where the first shell ends when g(r) shows no minimum, Å. */
const FALLBACK_RADIUS_A = 3
/** Sites of an anion by which it is in contact. */
const ANION_SITE = 'O(anion)'

/** What surrounds the ions, averaged over the replicas. */
export function mechanismOf({
  runs,
  species,
}: AnalysedSystem): Pick<SystemReport, 'rdfs' | 'coordination' | 'ionPairStates'> {
  const perRun = runs.map(run => surroundings(run, species))
  const pairs = perRun[0]!.map(({ rdf }) => rdf.pair)
  const rdfs = pairs.map((pair, k): RadialDistribution => {
    const curves = perRun.map(kinds => kinds[k]!.rdf)
    const bins = Math.min(...curves.map(({ r_A }) => r_A.length))
    const average = (key: 'g' | 'n') =>
      Float64Array.from({ length: bins }, (_, bin) => mean(curves.map(curve => curve[key][bin]!)))
    return { pair, r_A: curves[0]!.r_A, g: average('g'), n: average('n') }
  })
  const coordination = pairs.map((pair, k): Coordination => {
    const values = perRun.map(kinds => kinds[k]!.coordination)
    return {
      ...values[0]!,
      pair,
      value: mean(values.map(({ value }) => value)),
      ci95: values.length === 1 ? values[0]!.ci95 : null,
    }
  })
  return { rdfs, coordination, ionPairStates: averageStates(runs, species, coordination) }
}

function surroundings(run: LoadedRun, species: string) {
  const frames = thinned(run)
  const ions = atomsOf(run, species)
  const maximum_A = Math.min(RANGE_A, longestDistance(frames))
  return neighborKinds(run, species).map(({ pair, atoms }) => {
    const { r_A, g, coordination: n } = radialDistribution(frames, ions, atoms, { maximum_A })
    const shell = coordinationNumber(frames, ions, atoms, { fallback_A: FALLBACK_RADIUS_A, maximum_A })
    const groups = atoms.map(atom => [atom])
    const residence = residenceTime(allFrames(run), ions, groups, {
      cutoff_A: shell.radius_A,
      frameInterval_ps: run.frameInterval_ps,
    })
    const coordination: Coordination = {
      pair,
      value: shell.value,
      ci95: shell.ci95,
      radius_A: shell.radius_A,
      residence: shell.value > 0.02 ? residence : null,
    }
    return { rdf: { pair, r_A, g, n }, coordination }
  })
}

function averageStates(
  runs: readonly LoadedRun[],
  species: string,
  coordination: readonly Coordination[],
): SystemReport['ionPairStates'] {
  const site = coordination.find(({ pair }) => pair.endsWith(ANION_SITE))
  if (!site) return null
  const states = runs.map((run): IonPairStates => {
    const sites = neighborKinds(run, species).find(({ pair }) => pair === site.pair)!.atoms
    const anions = new Map<number, number[]>()
    for (const atom of sites) {
      const molecule = run.structure.topology.molecules[atom]!
      anions.set(molecule, [...(anions.get(molecule) ?? []), atom])
    }
    return ionPairStates(thinned(run), atomsOf(run, species), [...anions.values()], site.radius_A)
  })
  const average = (key: 'free' | 'contact' | 'aggregate') => mean(states.map(state => state[key]))
  return { free: average('free'), contact: average('contact'), aggregate: average('aggregate') }
}

const allFrames = (run: LoadedRun): Frames => ({ positions: run.positions, box: run.boxes })

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
