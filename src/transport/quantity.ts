import { confidenceInterval, meanOf } from '../analysis/estimate.ts'
import { type Interval, mean } from '../analysis/stats.ts'
import type { Quantity } from '../report/model.ts'

/** Smallest number of boxes whose scatter gives an interval. */
export const FEWEST_BOXES = 3

/**
 * 95 % interval of a mean over boxes (Student t), within the possible limits; null for fewer than three, and where
 * all are equal, which does not show how much boxes may differ.
 */
export function betweenBoxes(
  values: readonly number[],
  [least, most]: Interval = [0, Number.POSITIVE_INFINITY],
): Interval | null {
  if (values.length < FEWEST_BOXES || new Set(values).size === 1) return null
  const [low, high] = confidenceInterval(meanOf(values))
  return [Math.max(least, low), Math.min(most, high)]
}

/** A mean over boxes with its interval. */
export const overBoxes = (values: readonly number[], limits?: Interval) => ({
  value: mean(values),
  ci95: betweenBoxes(values, limits),
})

/** Mean over boxes of fractions, as a percentage with its interval. */
export const sharesOverBoxes = (values: readonly number[]) =>
  overBoxes(
    values.map(value => 100 * value),
    [0, 100],
  )

/** Returns a maker of the rows of one group; keys that are left out are null. */
export const rowsOf =
  (group: string) =>
  (name: string, unit: string, quantity: Partial<Quantity> & Pick<Quantity, 'value'>): Quantity => ({
    group,
    name,
    unit,
    ci95: null,
    bound: null,
    note: null,
    ...quantity,
  })

/** A row without a number. */
export const none = (note: string) => ({ value: null, note })
