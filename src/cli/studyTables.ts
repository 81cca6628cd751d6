import type { ComparedSystem } from '../analysis/comparison.ts'
import { formatDuration, formatEstimate, formatNumber, formatShare } from '../format.ts'
import type { Condition } from '../report/model.ts'
import type { BarrierResults } from '../study/barriers.ts'
import type { Expected, RunEstimate, StudyEstimate } from '../study/estimate.ts'
import type { RunState } from '../study/record.ts'
import type { GroupProgress, StudyProgress } from '../study/run.ts'
import { fixed, formatTable } from './output.ts'

/** Progress of a study, one case a line. @param elapsed_s since it began or went on */
export function progressTable({ groups }: StudyProgress, elapsed_s: number): string {
  const rate = workRate(groups, elapsed_s)
  let ahead = 0
  const rows = groups.map(one => {
    ahead += one.workLeft
    return row(one.name, one, one.workLeft === 0 ? 0 : ahead / rate)
  })
  if (groups.length > 1) rows.push(row('all', sum(groups), ahead / rate))
  return formatTable(['case', 'done', 'running', 'failed', 'waiting', 'ETA'], rows)
}

/** Progress of a study in one line, beginning with the run that has just ended. */
export function progressLine({ groups, ended }: StudyProgress, elapsed_s: number): string {
  const { done, running, failed, waiting, workLeft } = sum(groups)
  const all = done + running + failed + waiting
  const what = ended ? `${ended.run} ${describeEnd(ended.state)}; ` : ''
  const trouble = failed > 0 ? `, ${failed} failed` : ''
  return `${what}${done} of ${all} runs done${trouble}, ${running} running, ETA ${eta(workLeft / workRate(groups, elapsed_s))}`
}

function describeEnd(state: NonNullable<StudyProgress['ended']>['state']): string {
  if (state.kind === 'finished') return 'done'
  return state.kind === 'failed' ? `FAILED: ${state.message.split('\n')[0]}` : 'stopped'
}

type Counts = Omit<GroupProgress, 'name'>

const sum = (groups: readonly GroupProgress[]): Counts => {
  const total = (key: keyof Counts) => groups.reduce((all, one) => all + one[key], 0)
  return {
    done: total('done'),
    running: total('running'),
    failed: total('failed'),
    waiting: total('waiting'),
    workLeft: total('workLeft'),
    workDone: total('workDone'),
  }
}

const workRate = (groups: readonly GroupProgress[], elapsed_s: number) => sum(groups).workDone / elapsed_s

const row = (name: string, counts: Counts, left_s: number) => [
  name,
  ...[counts.done, counts.running, counts.failed, counts.waiting].map(String),
  left_s === 0 ? '' : eta(left_s),
]

const eta = (seconds: number) => (Number.isFinite(seconds) ? formatDuration(seconds) : '–')

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

/** Barriers and their differences, one a line. */
export function barriersTable({ cases }: BarrierResults): string {
  return formatTable(
    ['case', 'eV', 'range eV', 'published eV', 'status'],
    cases.map(({ name, value, range, published, status, converged }) => [
      name,
      fixed(value, 3),
      range ? `${fixed(range[0], 2)} to ${fixed(range[1], 2)}` : '',
      published === null ? '' : fixed(published, 2),
      converged ? status : `${status}, NOT converged`,
    ]),
  )
}

/** A band of a study that is planned. */
export interface BandLine {
  readonly case: string
  /** Its directory below that of the study. */
  readonly run: string
  readonly state: RunState['kind']
  /** Null for a band that is done. */
  readonly atoms: number | null
  readonly images: number
}

/** The bands of a study, one a line; the time that they take depends on the iterations that they need. */
export function bandsTable(bands: readonly BandLine[]): string {
  const done = bands.filter(({ state }) => state === 'finished').length
  return [
    formatTable(
      ['case', 'directory', 'state', 'atoms', 'images'],
      bands.map(({ case: name, run, state, atoms, images }) => [
        name,
        run,
        state === 'finished' ? 'done' : state,
        atoms === null ? '' : String(atoms),
        String(images),
      ]),
    ),
    `${bands.length} bands, ${done} of them done; nothing was written`,
  ].join('\n')
}

/** The runs of a study with the wall time to expect, one system of one case a line. */
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
  expected_s === 0
    ? '0 s'
    : `${formatDuration(expected_s)} (${formatDuration(low_s)} to ${formatDuration(high_s)})`
