import type { ComparedSystem } from '../analysis/comparison.ts'
import { formatEstimate, formatNumber, formatShare } from '../format.ts'
import type { Condition } from '../report/studyModel.ts'
import type { Expected, RunEstimate, StudyEstimate } from '../study/studyEstimate.ts'
import type { CaseProgress, StudyProgress } from '../study/studyRuns.ts'
import { duration } from './progress.ts'
import { formatTable } from './table.ts'

/** How far a study is, one case a line. @param elapsed_s since it began or went on */
export function progressTable({ cases }: StudyProgress, elapsed_s: number): string {
  const rate = stepRate(cases, elapsed_s)
  let ahead = 0
  const rows = cases.map(one => {
    ahead += one.stepsLeft
    return row(one.name, one, one.stepsLeft === 0 ? 0 : ahead / rate)
  })
  if (cases.length > 1) rows.push(row('all', sum(cases), ahead / rate))
  return formatTable(['case', 'done', 'running', 'failed', 'waiting', 'ETA'], rows)
}

/** The same in one line, beginning with the run that has just ended. */
export function progressLine({ cases, ended }: StudyProgress, elapsed_s: number): string {
  const { done, running, failed, waiting, stepsLeft } = sum(cases)
  const all = done + running + failed + waiting
  const what = ended ? `${ended.run} ${describeEnd(ended.state)}; ` : ''
  const trouble = failed > 0 ? `, ${failed} failed` : ''
  return `${what}${done} of ${all} runs done${trouble}, ${running} running, ETA ${eta(stepsLeft / stepRate(cases, elapsed_s))}`
}

function describeEnd(state: NonNullable<StudyProgress['ended']>['state']): string {
  if (state.kind === 'finished') return 'done'
  return state.kind === 'failed' ? `FAILED: ${state.message.split('\n')[0]}` : 'stopped'
}

type Counts = Omit<CaseProgress, 'name'>

const sum = (cases: readonly CaseProgress[]): Counts => {
  const total = (key: keyof Counts) => cases.reduce((all, one) => all + one[key], 0)
  return {
    done: total('done'),
    running: total('running'),
    failed: total('failed'),
    waiting: total('waiting'),
    stepsLeft: total('stepsLeft'),
    stepsDone: total('stepsDone'),
  }
}

const stepRate = (cases: readonly CaseProgress[], elapsed_s: number) => sum(cases).stepsDone / elapsed_s

const row = (name: string, counts: Counts, left_s: number) => [
  name,
  ...[counts.done, counts.running, counts.failed, counts.waiting].map(String),
  left_s === 0 ? '' : eta(left_s),
]

const eta = (seconds: number) => (Number.isFinite(seconds) ? duration(seconds) : '–')

/** Every condition with its ratio, one a line. */
export function conditionsTable(rows: readonly Condition[]): string {
  const factor = formatNumber(rows[0]?.factor ?? Number.NaN)
  const slope = ({ slope_A2_per_ps }: ComparedSystem) => {
    const { value, power } = formatEstimate(slope_A2_per_ps)
    return value + power
  }
  const yesOrNo = (yes: boolean | null) => (yes === null ? '–' : yes ? 'yes' : 'no')
  return formatTable(
    [
      'case',
      'systems',
      'boxes',
      'slopes / Å²/ps',
      'ratio',
      '95 %',
      `P(≥ ${factor})`,
      'published inside',
      '1 inside',
    ],
    rows.map(row => {
      const { name, numerator, denominator, ratio, probabilities, publishedInside, oneInside } = row
      const { value, interval, power } = formatEstimate(ratio)
      const from = row.borrowedFrom === null ? '' : ` of ${row.borrowedFrom}`
      return [
        name,
        `${numerator.name} : ${denominator.name}${from}`,
        `${numerator.boxes} : ${denominator.boxes}`,
        `${slope(numerator)} : ${slope(denominator)}`,
        value + power,
        interval === null ? '–' : interval + power,
        probabilities ? formatShare(probabilities.atLeast) : '–',
        yesOrNo(publishedInside),
        yesOrNo(oneInside),
      ]
    }),
  )
}

/** What a study consists of and how long it takes, one system of one case a line. */
export function planTable({ runs, wall, jobs }: StudyEstimate): string {
  const groups = new Map<string, RunEstimate[]>()
  for (const estimate of runs) {
    const key = `${estimate.run.case}/${estimate.run.system}`
    groups.set(key, [...(groups.get(key) ?? []), estimate])
  }
  const rows = [...groups.values()].map(group => {
    const [{ run, atoms, wall: each }] = group as [RunEstimate, ...RunEstimate[]]
    const done = group.filter(({ state }) => state.kind === 'finished').length
    return [
      run.case,
      run.system,
      String(group.length),
      String(done),
      String(atoms),
      String(run.steps),
      (run.time_ps * 1e-3).toFixed(3),
      expected(each),
    ]
  })
  const ns = runs.reduce((all, { run }) => all + run.time_ps * 1e-3, 0)
  const steps = runs.reduce((all, { run }) => all + run.steps, 0)
  return [
    formatTable(['case', 'system', 'runs', 'done', 'atoms', 'steps each', 'ns each', 'wall time each'], rows),
    `${runs.length} runs, ${steps} steps, ${ns.toFixed(3)} ns in all; nothing was written`,
    `expected wall time of what is left: ${expected(wall)}, ${jobs} ${jobs === 1 ? 'run' : 'runs'} at a time; an estimate ${basis(runs)}`,
  ].join('\n')
}

function basis(runs: readonly RunEstimate[]): string {
  const kinds = new Set(runs.map(run => run.basis))
  const from = { runs: 'from runs that have finished', benchmark: 'from a short benchmark' }
  return [...kinds].map(kind => from[kind]).join(' and ')
}

const expected = ({ low_s, expected_s, high_s }: Expected) =>
  expected_s === 0 ? '0 s' : `${duration(expected_s)} (${duration(low_s)} to ${duration(high_s)})`
