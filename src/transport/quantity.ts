import { confidenceInterval, meanOf } from '../analysis/estimate.ts'
import { type Interval, mean } from '../analysis/stats.ts'
import type { Quantity } from '../report/model.ts'

/** Boxes from which their scatter gives an interval. */
export const FEWEST_BOXES = 3

/**
 * 95 % interval of a mean over boxes (Student t), within the limits of what is possible; null for fewer than three, and where
 * all are equal, which says nothing of how much they may differ.
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

/** The same as percentages, of fractions. */
export const sharesOverBoxes = (values: readonly number[]) =>
  overBoxes(
    values.map(value => 100 * value),
    [0, 100],
  )

/** Rows of one group; what is not said of a number is absent. */
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
