import { describe, expect, it } from 'vitest'
import type { PairForce, PairForm, Truncation } from '../../../src/core/force.ts'
import { pairTerms, type RowLayout, rowLayout, rowNumbers } from '../../../src/platform/clusters/rows.ts'
import { createBatch, pairKernel } from '../../../src/platform/reference/pairKernels.ts'

const CUTOFF_A = 8
const PLAIN: Truncation = { kind: 'plain' }
const SHIFTED: Truncation = { kind: 'shifted' }
const SWITCHED: Truncation = { kind: 'switched', from_A: 6 }

const PARAMETERS: Record<PairForm, readonly number[]> = {
  'lennard-jones': [0.01, 3],
  buckingham: [22764, 0.149, 27.88],
  born: [0.2, 0.3, 2.5, 10, -3],
  morse: [0.0294, 2.679, 2.419],
  'inverse-twelfth': [22],
}
const forms = Object.keys(PARAMETERS) as PairForm[]

function term(form: PairForm, changes: Partial<PairForce> = {}): PairForce {
  return {
    kind: 'pair',
    form,
    parameters: Float64Array.from(PARAMETERS[form]),
    cutoffs: Float64Array.of(CUTOFF_A),
    truncation: PLAIN,
    tailCorrection: false,
    special: [0, 0, 0],
    ...changes,
  }
}

/** What assembly/potential.ts computes of a row, in double precision. */
function evaluate(row: readonly number[], { exponentials, switched }: RowLayout, r: number) {
  const [c6, c12, cutoff2, c8] = row as [number, number, number, number]
  if (r * r >= cutoff2) return { energy: 0, forceOverR: 0 }
  let energy = c6 / 6 / r ** 6 + c8 / 8 / r ** 8 + c12 / 12 / r ** 12
  let forceOverR = c6 / r ** 8 + c8 / r ** 10 + c12 / r ** 14
  for (let k = 0; k < exponentials; k++) {
    const [beta, s, f2, f1] = row.slice(4 + 4 * k) as [number, number, number, number]
    const x = 2 ** (beta * r + s)
    energy += ((f2 / 2) * x + f1) * (x / (-beta * Math.LN2))
    forceOverR += ((f2 * x + f1) * x) / r
  }
  const [shift, from, inverseWidth] = row.slice(4 + 4 * exponentials) as [number, number, number]
  energy -= shift
  if (!switched) return { energy, forceOverR }
  const x = Math.min(1, Math.max(0, (r - from) * inverseWidth))
  const value = 1 - x ** 3 * (10 - x * (15 - 6 * x))
  const slope = 30 * (x * (1 - x)) ** 2 * inverseWidth
  return { energy: energy * value, forceOverR: forceOverR * value + (energy * slope) / r }
}

/** By the reference's kernel. */
function expected(force: PairForce, r: number) {
  const batch = createBatch(1)
  batch.count = 1
  batch.r2[0] = r * r
  const energy = pairKernel(force, 2 * CUTOFF_A)(batch)
  return { energy, forceOverR: batch.total[0]! }
}

const DISTANCES = [0.9, 1.6, 2.419, 3.5, 5.9, 6.1, 7.5, 7.999, 8.001]

describe('the coefficients of a row give its terms', () => {
  it.each(forms.flatMap(form => [PLAIN, SHIFTED, SWITCHED].map(truncation => ({ form, truncation }))))(
    '$form, $truncation.kind',
    ({ form, truncation }) => {
      const force = term(form, { truncation })
      const layout = rowLayout([force])
      const row = rowNumbers([force], 0, layout)
      expect(row).toHaveLength(layout.width)
      for (const r of DISTANCES) {
        const { energy, forceOverR } = expected(force, r)
        const found = evaluate(row, layout, r)
        expect(Math.abs(found.energy - energy), `energy at ${r} Å`).toBeLessThan(
          1e-11 * (1 + Math.abs(energy)),
        )
        expect(Math.abs(found.forceOverR - forceOverR), `force at ${r} Å`).toBeLessThan(
          1e-11 * (1 + Math.abs(forceOverR)),
        )
      }
    },
  )

  it('in double precision, as a sum with factors and shifts', () => {
    const terms = [term('buckingham'), term('morse', { truncation: SHIFTED }), term('lennard-jones')]
    const factors = new Map(terms.map((item, k) => [item, [0.5, 0, 2][k]!]))
    const layout = rowLayout(terms)
    expect(layout.exponentials).toBe(2)
    const row = rowNumbers(terms, 0, layout, item => factors.get(item)!)
    for (const r of DISTANCES) {
      const energy = terms.reduce((sum, item) => sum + factors.get(item)! * expected(item, r).energy, 0)
      expect(Math.abs(evaluate(row, layout, r).energy - energy)).toBeLessThan(1e-11 * (1 + Math.abs(energy)))
    }
  })

  it.each([
    ['a narrow Morse well far out', term('morse', { parameters: Float64Array.of(1, 20, 5) }), [4.9, 5, 5.2]],
    ['a steep wall', term('born', { parameters: Float64Array.of(1e-3, 0.02, 3, 0, 0) }), [2.9, 3, 3.2]],
  ])('in single precision: %s', (_name, force, distances) => {
    const layout = rowLayout([force])
    const row = rowNumbers([force], 0, layout).map(Math.fround)
    for (const r of distances) {
      const { energy } = expected(force, r)
      // Errors of β·r are multiplied by the steepness.
      expect(Math.abs(evaluate(row, layout, r).energy / energy - 1)).toBeLessThan(5e-5)
    }
  })
})

describe('terms that share no row', () => {
  const first = term('buckingham')
  const elsewhere = Float64Array.of(0)

  it.each([
    ['another cut-off', term('morse', { cutoffs: Float64Array.of(7) })],
    ['a switch', term('morse', { truncation: SWITCHED })],
    ['an exponential that grows', term('morse', { parameters: Float64Array.of(1, -1, 2) })],
    ['one beyond single precision', term('morse', { parameters: Float64Array.of(1, 40, 5) })],
  ])('%s', (_name, second) => {
    expect(pairTerms([first, second])).toEqual([first])
  })

  it.each([
    ['shifted beside plain', term('morse', { truncation: SHIFTED })],
    ['another cut-off between other types', term('morse', { cutoffs: elsewhere, truncation: SWITCHED })],
  ])('but %s does', (_name, second) => {
    expect(pairTerms([first, second])).toEqual([first, second])
  })
})
