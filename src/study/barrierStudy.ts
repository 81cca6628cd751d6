import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Document, parseDocument } from 'yaml'
import * as z from 'zod'
import { barrierReport, type ReportedBand } from '../bands/barrierReport.ts'
import { type LoadedBand, loadBand } from '../bands/loadBand.ts'
import { parseYaml } from '../core/yaml.ts'
import { EXIT } from '../errors.ts'
import { readText, writeFileAtomic, writeJson } from '../files/files.ts'
import { RUN_FILES } from '../files/runDirectory.ts'
import { loadBandRecipe } from '../recipes/bandRecipe.ts'
import type {
  BarrierReport,
  CaseRole,
  PublishedBarrier,
  PublishedValue,
  SensitivityRange,
} from '../report/barrierModel.ts'
import { renderBarrierReport } from '../report/barrierPage.ts'
import { barrierSentence } from '../report/barrierSentence.ts'
import type { CalibrationRow, Status } from '../report/common.ts'
import { type Job, type JobProgress, runJobs, throwIfFailed } from './schedule.ts'

/** One band of a study. */
export interface StudyCase {
  /** Short and unique: plots, tables. */
  readonly name: string
  /** Name of its directory and recipe. */
  readonly key: string
  /** With its preposition, for sentences. */
  readonly label: string
  readonly color: string | null
  readonly role: CaseRole
  readonly status: Status
  readonly basis: string | null
  /** The committed recipe that it is, or that it differs from by `change`. */
  readonly recipe: string
  /** Replaces keys of that recipe: [path, value]. */
  readonly change?: readonly (readonly [path: readonly (string | number)[], value: unknown])[]
  readonly against?: { readonly case: string; readonly tolerance_eV: number | null }
  /** Only in the long study. */
  readonly full?: boolean
}

/** How far a barrier moves with the cases that vary something. */
export interface StudyRange {
  readonly cases: readonly string[]
  readonly varied: string
}

/** How far a difference moves: one value for each pair of cases. */
export interface StudyDifferenceRange {
  readonly pairs: readonly (readonly [of: string, minus: string])[]
  readonly varied: string
}

export interface StudyDifference {
  readonly name: string
  readonly of: string
  readonly minus: string
  readonly published: PublishedValue | null
  readonly status: Status
  readonly basis: string | null
  readonly range: StudyDifferenceRange | null
}

/** A published comparison of barriers. */
export interface BarrierStudy {
  readonly name: 'li-barrier' | 'ni-barrier'
  readonly title: string
  readonly question: string
  readonly ionLabel: string
  readonly cases: readonly [StudyCase, ...StudyCase[]]
  readonly ranges: Readonly<Record<string, StudyRange>>
  readonly differences: readonly StudyDifference[]
  readonly published: readonly PublishedBarrier[]
  readonly calibration: readonly CalibrationRow[]
}

export type StudyMode = 'quick' | 'full'

export interface BarrierStudyResults {
  readonly study: BarrierStudy['name']
  readonly mode: StudyMode
  readonly report: string
  readonly cases: readonly {
    readonly name: string
    readonly value: number
    /** Of a sensitivity range, which is no interval of confidence; null where nothing was varied. */
    readonly range: readonly [number, number] | null
    readonly ci95: null
    readonly unit: 'eV'
    readonly published: number | null
    readonly status: Status
    readonly converged: boolean
  }[]
  readonly sentence: string
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const STUDY_FILE = 'study.json'

const studySchema = z.strictObject({
  study: z.enum(['li-barrier', 'ni-barrier']),
  mode: z.enum(['quick', 'full']),
  command: z.array(z.string()),
})

/** What kind of barrier study a directory holds; null for none. */
export function barrierStudyOf(directory: string): BarrierStudy['name'] | null {
  const file = join(directory, STUDY_FILE)
  if (!existsSync(file)) return null
  const read = studySchema.safeParse(JSON.parse(readText(file)))
  return read.success ? read.data.study : null
}

/** The bands that a study of this mode has. */
export function casesOf(study: BarrierStudy, mode: StudyMode): StudyCase[] {
  return study.cases.filter(({ full }) => mode === 'full' || full !== true)
}

/**
 * Runs the bands of a study, each in a process of its own, then writes the page and the results.
 * @throws SimulationError naming the bands that failed; the others stay. A band that has not converged does not fail:
 *   the page says so
 */
export async function runBarrierStudy(
  study: BarrierStudy,
  options: {
    readonly directory: string
    readonly mode: StudyMode
    readonly command: readonly string[]
    onProgress?(progress: JobProgress): void
    readonly signal?: AbortSignal
  },
): Promise<BarrierStudyResults> {
  const { directory, mode, command, onProgress } = options
  writeJson(join(directory, STUDY_FILE), { study: study.name, mode, command: [...command] })
  const cases = casesOf(study, mode)
  const jobs = cases.map(
    (item): Job => ({
      name: item.name,
      args: ['neb', writeRecipe(directory, item), '--out', join(directory, item.key), '--threads', '1'],
    }),
  )
  let done = 0
  onProgress?.({ done, total: jobs.length })
  const outcomes = await runJobs(jobs, {
    ...(options.signal ? { signal: options.signal } : {}),
    onFinished: () => onProgress?.({ done: ++done, total: jobs.length }),
  })
  // A band that has not converged is a result: the page says so.
  throwIfFailed(outcomes, directory, [EXIT.done, EXIT.notConverged])

  return reportBarrierStudy(study, directory)
}

/** Writes the page and the results of a study that has run. @throws UserError for a band that is not there */
export function reportBarrierStudy(study: BarrierStudy, directory: string): BarrierStudyResults {
  const file = join(directory, STUDY_FILE)
  const { mode, command } = parseYaml(readText(file), studySchema, file)
  const report = studyReport(study, directory, mode, command)
  const path = join(directory, RUN_FILES.report)
  writeFileAtomic(path, renderBarrierReport(report))
  const results = resultsOf(study, mode, report, path)
  // The file stands beside the page, wherever the study is moved to.
  writeJson(join(directory, RUN_FILES.results), { ...results, report: RUN_FILES.report })
  return results
}

/** The recipe of a case: the committed one, comments and all, with what the case changes. @returns its path */
function writeRecipe(directory: string, { key, recipe, change = [] }: StudyCase): string {
  const path = join(directory, `${key}.yaml`)
  writeFileAtomic(path, caseRecipe({ key, recipe, change }).toString())
  return path
}

/** The recipe of a case as YAML, its paths absolute. */
export function caseRecipe({
  key,
  recipe,
  change = [],
}: Pick<StudyCase, 'key' | 'recipe' | 'change'>): Document {
  const source = join(ROOT, 'runs', recipe)
  const document = parseDocument(readText(source))
  document.set('name', key)
  document.setIn(['system', 'potential'], loadBandRecipe(source).recipe.system.potential)
  for (const [keys, value] of change) {
    document.setIn(keys, document.createNode(value))
  }
  return document
}

function studyReport(
  study: BarrierStudy,
  directory: string,
  mode: StudyMode,
  command: readonly string[],
): BarrierReport {
  const bands = casesOf(study, mode).map(item => ({ item, band: loadBand(join(directory, item.key)) }))
  const barrierOf = (name: string) => {
    const found = bands.find(({ item }) => item.name === name)
    if (!found) throw new RangeError(`the study has no case ${name}`)
    return found.band.barrier.barrier_eV
  }
  const spread = (values: readonly number[], varied: string): SensitivityRange => ({
    range_eV: [Math.min(...values), Math.max(...values)],
    varied,
  })
  const rangeOf = ({ cases, varied }: StudyRange) => spread(cases.map(barrierOf), varied)
  const reported = bands.map(({ item, band }) => reportedBand(item, band, study, rangeOf))
  const [first, ...rest] = reported as [ReportedBand, ...ReportedBand[]]
  return barrierReport([first, ...rest], {
    title: study.title,
    question: study.question,
    ionLabel: study.ionLabel,
    published: study.published,
    calibration: study.calibration,
    command,
    differences: study.differences.map(({ of, minus, range, ...difference }) => ({
      ...difference,
      of,
      minus,
      value_eV: barrierOf(of) - barrierOf(minus),
      range:
        range &&
        spread(
          range.pairs.map(([a, b]) => barrierOf(a) - barrierOf(b)),
          range.varied,
        ),
    })),
    checks: bands.flatMap(({ item, band }) => {
      if (item.role !== 'null-test' || !item.against) return []
      const shift = band.barrier.barrier_eV - barrierOf(item.against.case)
      const tolerance = item.against.tolerance_eV ?? 0
      return [
        {
          name: `null test: ${item.name}`,
          passed: Math.abs(shift) <= tolerance,
          detail: `shifts the barrier of ${item.against.case} by ${shift.toFixed(4)} eV; at most ${tolerance} eV wanted`,
        },
      ]
    }),
  })
}

function reportedBand(
  item: StudyCase,
  band: LoadedBand,
  study: BarrierStudy,
  rangeOf: (range: StudyRange) => SensitivityRange,
): ReportedBand {
  const { name, label, color, role, status, basis, against } = item
  const range = study.ranges[name]
  return {
    band,
    context: {
      name,
      label,
      color,
      role,
      status,
      basis,
      range: range ? rangeOf(range) : null,
      against: against ?? null,
    },
  }
}

function resultsOf(
  study: BarrierStudy,
  mode: StudyMode,
  report: BarrierReport,
  path: string,
): BarrierStudyResults {
  return {
    study: study.name,
    mode,
    report: path,
    cases: [
      ...report.cases.map(({ name, barrier_eV, range, status, converged }) => ({
        name,
        value: barrier_eV,
        range: range?.range_eV ?? null,
        ci95: null,
        unit: 'eV' as const,
        published: report.published.find(other => other.case === name)?.barrier_eV ?? null,
        status,
        converged,
      })),
      ...report.differences.map(({ name, value_eV, range, published, status, of, minus }) => ({
        name,
        value: value_eV,
        range: range?.range_eV ?? null,
        ci95: null,
        unit: 'eV' as const,
        published: published?.value_eV ?? null,
        status,
        converged: report.cases.every(item => item.converged || (item.name !== of && item.name !== minus)),
      })),
    ],
    sentence: barrierSentence(report),
  }
}
