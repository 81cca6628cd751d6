import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseDocument } from 'yaml'
import * as z from 'zod'
import { parseYaml } from '../core/yaml.ts'
import { readText, writeFileAtomic, writeJson } from '../io/files.ts'
import { loadRecipe } from '../io/recipe.ts'
import { RUN_FILES } from '../io/runDirectory.ts'
import type { PublishedRatio, PublishedSlope, TransportReport } from '../report/model.ts'
import { renderTransportReport } from '../report/page.ts'
import { sentence } from '../report/sentence.ts'
import { loadRun } from '../workflow/loadRun.ts'
import { plannedSteps } from '../workflow/md.ts'
import { type Job, type JobProgress, runJobs, throwIfFailed } from '../workflow/schedule.ts'
import {
  type AnalysedSystem,
  analyseSystems,
  type ComparedSystems,
  compareSystems,
  fitWindow,
} from '../workflow/transport.ts'
import { transportReport } from '../workflow/transportReport.ts'

/**
 * Li⁺ in PVDF against dehydrofluorinated PVDF: Ye et al., EES Batteries 2025, 1, 502,
 * https://doi.org/10.1039/d5eb00031a, who report MSD slopes without a protocol beyond "molecular dynamics".
 * No parameter is fitted to them.
 */
const YE_2025 = '10.1039/d5eb00031a'
const PVDF = 'PVDF'
const DHF = 'dHF-PVDF'
const PUBLISHED: readonly PublishedSlope[] = [
  { system: PVDF, slope_A2_per_ps: 0.2e-3, label: 'Ye 2025', doi: YE_2025 },
  { system: DHF, slope_A2_per_ps: 1.23e-3, label: 'Ye 2025', doi: YE_2025 },
]
const PUBLISHED_RATIO: PublishedRatio = {
  value: 6.2,
  label: 'Ye 2025',
  doi: YE_2025,
  conditions: 'temperature, charges and protocol not given',
}

/** Seeds differ between the systems too: equal ones would share the thermostat's noise and tie the runs together. */
const SYSTEMS = [
  { name: PVDF, key: 'pvdf', label: 'PVDF', color: '#0072B2', firstSeed: 1 },
  { name: DHF, key: 'dhf', label: 'dehydrofluorinated PVDF', color: '#D55E00', firstSeed: 101 },
] as const

/** Boxes of each kind that are shipped, relaxed by runs/pvdf-box.yaml and runs/dhf-box.yaml with seeds 1 to 3. */
const QUICK_BOXES = [1, 2, 3] as const

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const STUDY_FILE = 'study.json'

const studySchema = z.strictObject({
  study: z.literal('pvdf-transport'),
  mode: z.literal('quick'),
  command: z.array(z.string()),
  systems: z.array(z.strictObject({ name: z.string(), runs: z.array(z.string()) })).min(2),
})
type StudyFile = z.infer<typeof studySchema>

export interface StudyResults {
  readonly study: 'pvdf-transport'
  readonly mode: 'quick'
  readonly report: string
  readonly cases: readonly {
    readonly name: string
    readonly value: number
    readonly ci95: readonly [number, number]
    readonly unit: string
    readonly published: number | null
    readonly status: 'predicted'
  }[]
  /** Ratios that two single boxes of one material show. */
  readonly null_ratio_ci95: readonly [number, number]
  readonly sentence: string
}

/**
 * Runs the quick study into a new directory: three boxes of each kind at 700 K, in parallel, then analysis and report.
 * @throws SimulationError naming the runs that failed; the others stay
 */
export async function runPvdfTransport(options: {
  readonly directory: string
  readonly command: readonly string[]
  onProgress?(progress: JobProgress): void
  readonly signal?: AbortSignal
}): Promise<{ results: StudyResults; systems: readonly AnalysedSystem[] }> {
  const { directory } = options
  const planned = SYSTEMS.map(({ name, key, firstSeed }) => ({
    name,
    runs: QUICK_BOXES.map(box => ({
      key: `${key}-${box}`,
      file: writeReplica(directory, key, box, firstSeed + box - 1),
    })),
  }))
  const study: StudyFile = {
    study: 'pvdf-transport',
    mode: 'quick',
    command: [...options.command],
    systems: planned.map(({ name, runs }) => ({ name, runs: runs.map(({ key }) => key) })),
  }
  writeJson(join(directory, STUDY_FILE), study)
  const jobs = planned.flatMap(({ runs }) =>
    runs.map(
      ({ key, file }): Job => ({
        name: key,
        // As many processes as there are processors: threads would be in each other's way.
        args: ['md', file, '--threads', '1', '--out', join(directory, key)],
      }),
    ),
  )
  const total = jobs.length * plannedSteps(loadRecipe(planned[0]!.runs[0]!.file).recipe.stages)
  const outcomes = await runJobs(jobs, {
    ...(options.signal ? { signal: options.signal } : {}),
    onProgress: progress =>
      options.onProgress?.({ done: [...progress.values()].reduce((sum, { done }) => sum + done, 0), total }),
  })
  throwIfFailed(outcomes, directory)

  const { systems, comparison, report } = await analyseStudy(directory)
  const path = join(directory, RUN_FILES.report)
  writeFileAtomic(path, renderTransportReport(report))
  const results = resultsOf(systems, comparison, report, path)
  writeJson(join(directory, RUN_FILES.results), results)
  return { results, systems }
}

/** The recipe of one replica: the kind's own, comments and all, with another box and seed. @returns its path */
function writeReplica(directory: string, key: string, box: number, seed: number): string {
  const source = join(ROOT, 'runs', `${key}-700K.yaml`)
  const replica = parseDocument(readText(source))
  replica.set('name', `${key}-${box}`)
  replica.set('seed', seed)
  replica.setIn(['system', 'potential'], loadRecipe(source).recipe.system.potential)
  replica.setIn(['system', 'structure'], join(ROOT, 'structures', `${key}-700K-${box}.extxyz`))
  const path = join(directory, `${key}-${box}.yaml`)
  writeFileAtomic(path, replica.toString())
  return path
}

export function isStudyDirectory(directory: string): boolean {
  return existsSync(join(directory, STUDY_FILE))
}

/** The page of a study that has run. */
export async function reportStudy(directory: string): Promise<TransportReport> {
  return (await analyseStudy(directory)).report
}

async function analyseStudy(directory: string) {
  const file = join(directory, STUDY_FILE)
  const study = parseYaml(readText(file), studySchema, file)
  const groups = await Promise.all(
    study.systems.map(async ({ name, runs }) => ({
      name,
      runs: await Promise.all(runs.map(run => loadRun(join(directory, run)))),
    })),
  )
  const window = fitWindow(
    groups.flatMap(({ runs }) => runs),
    {},
  )
  const systems = analyseSystems(groups, 'Li', window)
  const [first, second] = systems as [AnalysedSystem, AnalysedSystem]
  const comparison = compareSystems(first, second)
  const report = transportReport([first, second], comparison, {
    title: 'Li⁺ in PVDF and in dehydrofluorinated PVDF',
    command: study.command,
    labels: Object.fromEntries(SYSTEMS.map(({ name, label }) => [name, label])),
    colors: Object.fromEntries(SYSTEMS.map(({ name, color }) => [name, color])),
    published: PUBLISHED,
    publishedRatio: PUBLISHED_RATIO,
  })
  return { systems, comparison, report }
}

function resultsOf(
  systems: readonly AnalysedSystem[],
  comparison: ComparedSystems,
  report: TransportReport,
  path: string,
): StudyResults {
  return {
    study: 'pvdf-transport',
    mode: 'quick',
    report: path,
    cases: [
      ...systems.map(({ name, transport }) => ({
        name: `Li⁺ MSD slope, ${name}`,
        value: transport.slope_A2_per_ps,
        ci95: transport.slope_ci95_A2_per_ps,
        unit: 'Å²/ps',
        published: PUBLISHED.find(({ system }) => system === name)?.slope_A2_per_ps ?? null,
        status: 'predicted' as const,
      })),
      {
        name: 'ratio',
        value: comparison.ratio,
        ci95: comparison.ratio_ci95,
        unit: '',
        published: PUBLISHED_RATIO.value,
        status: 'predicted',
      },
    ],
    null_ratio_ci95: comparison.null_ratio_ci95,
    sentence: sentence(report),
  }
}
