import { join } from 'node:path'
import { barrierReport, type ReportedBand } from '../bands/barrierReport.ts'
import { type LoadedBand, loadBand } from '../bands/loadBand.ts'
import { writeFileAtomic, writeJson } from '../files/files.ts'
import { RUN_FILES } from '../files/runDirectory.ts'
import type { BarrierReport, SensitivityRange } from '../report/barrierModel.ts'
import { renderBarrierReport } from '../report/barrierPage.ts'
import { barrierSentence } from '../report/barrierSentence.ts'
import type { Check } from '../report/model.ts'
import { type BarriersRecord, finishedOf, missingRuns, runPaths } from './record.ts'
import type { BandCase } from './schema.ts'

/** The document of a study of barriers: results.json and what --json prints. */
export type BarrierResults = ReturnType<typeof resultsOf>

/**
 * Writes the page and the results of a study, of the bands that have finished.
 * @returns null when none has
 */
export function reportBarriers(study: BarriersRecord): BarrierResults | null {
  const { directory } = study
  const report = studyReport(study)
  if (!report) return null
  const path = join(directory, RUN_FILES.report)
  writeFileAtomic(path, renderBarrierReport(report))
  const results = resultsOf(study, report, path)
  // The file stands beside the page, wherever the study is moved to.
  writeJson(join(directory, RUN_FILES.results), { ...results, report: RUN_FILES.report })
  return results
}

interface FinishedCase {
  readonly item: BandCase
  readonly band: LoadedBand
}

function studyReport(study: BarriersRecord): BarrierReport | null {
  const { directory, published } = study
  const bands = study.cases
    .filter(({ key }) => finishedOf(study, [key]).length > 0)
    .map((item): FinishedCase => ({ item, band: loadBand(runPaths(directory, item.key).directory) }))
  const barriers = new Map(bands.map(({ item, band }) => [item.name, band.barrier.barrier_eV]))
  const difference = ([of, minus]: readonly [string, string]): number | undefined => {
    const [a, b] = [barriers.get(of), barriers.get(minus)]
    return a === undefined || b === undefined ? undefined : a - b
  }
  const [first, ...rest] = bands.map(
    ({ item, band }): ReportedBand => ({
      band,
      context: {
        name: item.name,
        label: item.label,
        color: item.color ?? null,
        role: item.role,
        status: item.status,
        basis: item.basis ?? null,
        range: item.range
          ? spread(
              [item.name, ...item.range.cases].map(name => barriers.get(name)),
              item.range.varied,
            )
          : null,
        against:
          item.against !== undefined && barriers.has(item.against)
            ? { case: item.against, tolerance_eV: item.tolerance_eV ?? null }
            : null,
      },
    }),
  )
  if (!first) return null
  return barrierReport([first, ...rest], {
    title: study.title,
    question: study.question ?? study.title,
    ionLabel: study.ion,
    published: Object.entries(published?.barrier_eV ?? {})
      .filter(([name]) => barriers.has(name))
      .map(([name, barrier_eV]) => ({
        case: name,
        barrier_eV,
        label: published!.label,
        doi: published!.doi ?? null,
      })),
    calibration: study.calibration.map(row => ({ ...row, doi: row.doi ?? null })),
    commands: study.commands,
    differences: study.differences.flatMap(({ name, of, minus, status, basis, range }) => {
      const value_eV = difference([of, minus])
      const figure = published?.difference_eV[name]
      return value_eV === undefined
        ? []
        : [
            {
              name,
              of,
              minus,
              value_eV,
              status,
              basis: basis ?? null,
              published:
                figure === undefined
                  ? null
                  : { value_eV: figure, label: published!.label, doi: published!.doi ?? null },
              range: range ? spread([value_eV, ...range.pairs.map(difference)], range.varied) : null,
            },
          ]
    }),
    checks: [...nullTests(bands, barriers), ...completeness(study)],
  })
}

/** The range of some values; null while one of them is missing, as the words would promise more than there is. */
function spread(values: readonly (number | undefined)[], varied: string): SensitivityRange | null {
  const known = values.filter(value => value !== undefined)
  return known.length < values.length ? null : { range_eV: [Math.min(...known), Math.max(...known)], varied }
}

function nullTests(bands: readonly FinishedCase[], barriers: ReadonlyMap<string, number>): Check[] {
  return bands.flatMap(({ item: { name, role, against, tolerance_eV = 0 } }) => {
    const reference = against === undefined ? undefined : barriers.get(against)
    if (role !== 'null-test' || reference === undefined) return []
    const shift = barriers.get(name)! - reference
    return [
      {
        name: `null test: ${name}`,
        passed: Math.abs(shift) <= tolerance_eV,
        detail: `shifts the barrier of ${against} by ${shift.toFixed(4)} eV; at most ${tolerance_eV} eV wanted`,
      },
    ]
  })
}

/** Nothing to say while no band is missing. */
function completeness(study: BarriersRecord): Check[] {
  const missing = missingRuns(study)
  if (missing.length === 0) return []
  return [
    {
      name: 'all bands computed',
      passed: false,
      detail: `missing: ${missing.map(({ run, reason }) => `${run} (${reason})`).join('; ')}; ranges with them are left out`,
    },
  ]
}

function resultsOf(study: BarriersRecord, report: BarrierReport, path: string) {
  const missing = missingRuns(study)
  return {
    study: study.study,
    mode: study.mode,
    report: path,
    cases: [
      ...report.cases.map(({ name, barrier_eV, range, status, converged }) => ({
        name,
        value: barrier_eV,
        /** Lowest and highest value over the cases that vary something, no interval of confidence; null where nothing was varied. */
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
    // Left out when every planned band has finished.
    ...(missing.length > 0 && { missing }),
  }
}
