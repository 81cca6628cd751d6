import { type Comparison, compareSystems } from '../analysis/comparison.ts'
import { RUN_FILES } from '../files/runDirectory.ts'
import type { AbsentCondition, Condition } from '../report/model.ts'
import type { CaseResult, CaseSystem, Yardstick } from './compare.ts'
import { finishedOf, runsOf, type TransportRecord } from './record.ts'
import type { SystemsCase } from './schema.ts'

/**
 * One row for each system that can be compared: with the first of its case, or, where it is alone there, with the study's
 * first system of another case that was run in the same way at the same temperature and charge scale. The study's second
 * system is also compared with other forms of the first.
 * @param results in the order of the rows
 */
export function conditionRows(results: readonly CaseResult[], yardstick: Yardstick): Condition[] {
  return results.flatMap(result => {
    const [first, ...others] = result.systems
    if (!first) return []
    if (others.length > 0) {
      return [
        ...others.map((system, k) =>
          row(result, pairOf(first, system, null), result.comparisons[k]!, yardstick),
        ),
        ...amongForms(result, yardstick),
      ]
    }
    const borrowed = referenceFor(result, first, results, yardstick)
    if (!borrowed) return []
    const { reference, from } = borrowed
    const compared = compareSystems({ numerator: first, denominator: reference }, yardstick.factor)
    return [row(result, pairOf(reference, first, from), compared, yardstick)]
  })
}

/** The study's second system over forms of the first that its case does not begin with. */
function amongForms(result: CaseResult, yardstick: Yardstick): Condition[] {
  const [, ...others] = result.systems
  const [first, second] = yardstick.systems
  const numerator = others.find(({ name }) => name === second)
  const forms = others.filter(({ name, material }) => name !== material && material === first)
  return numerator === undefined
    ? []
    : forms.map(form =>
        row(
          result,
          pairOf(form, numerator, null),
          compareSystems({ numerator, denominator: form }, yardstick.factor),
          yardstick,
        ),
      )
}

/** The study's first system, run as `system` was, in another case. */
function referenceFor(
  result: CaseResult,
  system: CaseSystem,
  results: readonly CaseResult[],
  { systems }: Yardstick,
): { reference: CaseSystem; from: string } | undefined {
  const { temperature_K, charge_scale } = result.conditions
  const isSame = (other: CaseSystem) =>
    other.name === system.name && other.likeness.box === system.likeness.box
  return results
    .filter(
      ({ name, conditions }) =>
        name !== result.name &&
        conditions.temperature_K === temperature_K &&
        conditions.charge_scale === charge_scale &&
        conditions.degree === null &&
        conditions.placement === null,
    )
    .flatMap(({ name, systems: candidates }) => candidates.map(reference => ({ reference, from: name })))
    .find(
      ({ reference }) =>
        reference.own &&
        reference.name === systems[0] &&
        reference.likeness.protocol === system.likeness.protocol &&
        !isSame(reference),
    )
}

interface Pair {
  readonly denominator: CaseSystem
  readonly numerator: CaseSystem
  readonly borrowedFrom: string | null
}

const pairOf = (denominator: CaseSystem, numerator: CaseSystem, borrowedFrom: string | null): Pair => ({
  denominator,
  numerator,
  borrowedFrom,
})

function row(
  { name, conditions }: CaseResult,
  { denominator, numerator, borrowedFrom }: Pair,
  compared: Comparison,
  { systems, publishedRatio }: Yardstick,
): Condition {
  const [low, high] = compared.ratio.ci95 ?? [0, Number.POSITIVE_INFINITY]
  const contains = (value: number) => (Number.isFinite(high) ? low <= value && value <= high : null)
  // At degree 0 the second system is the first material: a null, of which nothing was published.
  const ofPublished =
    publishedRatio !== null &&
    denominator.material === systems[0] &&
    numerator.material === systems[1] &&
    conditions.degree !== 0
  return {
    ...compared,
    name,
    page: `${encodeURIComponent(name)}/${RUN_FILES.report}`,
    temperature_K: conditions.temperature_K,
    chargeScale: conditions.charge_scale,
    degree: conditions.degree,
    placement: conditions.placement,
    color: numerator.color,
    borrowedFrom,
    ofPublished,
    publishedInside: ofPublished ? contains(publishedRatio) : null,
    oneInside: contains(1),
  }
}

/** Conditions of the recipe that have no row, and why. A case is named once where nothing of its lists has run. */
export function absentConditions(
  study: TransportRecord,
  rows: readonly Pick<Condition, 'name'>[],
  { systems }: Yardstick,
): AbsentCondition[] {
  const recorded = new Map(study.cases.map(one => [one.name, one]))
  const finishedRuns = (name: string) => {
    const one = recorded.get(name)
    return one ? finishedOf(study, runsOf(one)).length : 0
  }
  return study.routes.flatMap(({ name, cases }) => {
    const isUntouched = cases.every(one => finishedRuns(one) === 0)
    if (isUntouched) return [{ name, reason: 'not run' }]
    return cases
      .filter(one => !rows.some(row => row.name === one))
      .map(one => ({ name: one, reason: reasonFor(recorded.get(one), finishedRuns(one), systems) }))
  })
}

function reasonFor(one: SystemsCase | undefined, finished: number, [reference]: readonly string[]): string {
  if (!one || finished === 0) return 'not run'
  const { temperature_K, charge_scale } = one.conditions
  if (one.systems.length === 1) {
    return `no other case has ${reference} run in the same way at ${temperature_K} K and charge scale ${charge_scale} to compare with`
  }
  return `${finished} of ${runsOf(one).length} runs have finished, none of a second system`
}
