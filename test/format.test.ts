import { describe, expect, test } from 'vitest'
import {
  formatDuration,
  formatEstimate,
  formatInterval,
  formatMeasurement,
  formatNumber,
  formatShare,
  formatUncertain,
  joinWords,
} from '../src/format.ts'

describe('value ± uncertainty', () => {
  test.each([
    [3.0412, 0.2199, '3.04 ± 0.22'],
    [0.00972, 0.00141, '(9.7 ± 1.4) × 10⁻³'],
    [12345, 678, '12350 ± 680'],
    [1.5, 0.0996, '1.50 ± 0.10'],
    [123.4, 12.3, '123 ± 12'],
    [-0.4567, 0.0123, '−0.457 ± 0.012'],
    [0.0004, 0.5, '0.00 ± 0.50'],
    [-0.001, 0.5, '0.00 ± 0.50'],
    [1.234e7, 2.1e5, '(1.234 ± 0.021) × 10⁷'],
  ])('%d ± %d', (value, uncertainty, text) => {
    expect(formatUncertain(value, uncertainty)).toBe(text)
  })

  test('without an uncertainty three digits remain', () => {
    expect(formatUncertain(1.2987, null)).toBe('1.3')
    expect(formatUncertain(1.2987, Number.NaN)).toBe('1.3')
  })
})

describe('estimates', () => {
  test('digits follow half the width of the interval', () => {
    expect(formatEstimate({ value: 1.1634, ci95: [0.8131, 1.6099] })).toEqual({
      value: '1.16',
      interval: '0.81–1.61',
      power: '',
    })
  })

  test('a positive quantity keeps two digits of its lower end', () => {
    expect(formatMeasurement({ value: 1.52, ci95: [0.78, 3.01] })).toBe('1.5 (95 %: 0.78–3.0)')
    expect(formatMeasurement({ value: 0.4, ci95: [0.0412, 3.96] })).toBe('0.40 (95 %: 0.041–4.0)')
    expect(formatMeasurement({ value: 0.4, ci95: [0, 3.96] })).toBe('0.4 (95 %: 0.0–4.0)')
  })

  test('value and interval share their power of ten', () => {
    const text = formatMeasurement({ value: 0.0097, ci95: [0.0081, 0.0113] }, 'Å²/ps')
    expect(text).toBe('9.7 × 10⁻³ Å²/ps (95 %: 8.1–11.3 × 10⁻³)')
  })

  test('an interval that begins below zero is written out', () => {
    expect(formatInterval([-0.1, 0.3])).toBe('−0.10 to 0.30')
  })

  test('an interval without an upper end has words, not numbers', () => {
    expect(formatInterval([0, Number.POSITIVE_INFINITY])).toBe('no bound')
    expect(formatMeasurement({ value: 0.5, ci95: [0.126, Number.POSITIVE_INFINITY] })).toBe(
      '0.5 (95 %: above 0.126)',
    )
  })

  test('no interval', () => {
    expect(formatMeasurement({ value: 1.3, ci95: null })).toBe('1.3')
  })
})

test.each([
  [0, '0'],
  [6.2, '6.2'],
  [500, '500'],
  [0.0002, '2 × 10⁻⁴'],
  [0.00123, '1.23 × 10⁻³'],
  [-1234.5, '−1230'],
  [2.5e11, '2.5 × 10¹¹'],
  [Number.NaN, 'not known'],
])('plain number %d', (value, text) => {
  expect(formatNumber(value)).toBe(text)
})

test.each([
  [7.31, '7.3 s'],
  [252, '4 min 12 s'],
  [7500, '2 h 5 min'],
])('%d seconds', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text)
})

test.each([
  [0.1234, '12 %'],
  [0.0671, '6.7 %'],
  [0.05, '5 %'],
  [0, '0 %'],
  [1, '100 %'],
  [1e-5, '< 0.1 %'],
  [0.99999, '> 99.9 %'],
  [Number.NaN, 'not known'],
])('%d as a share', (fraction, text) => {
  expect(formatShare(fraction)).toBe(text)
})

test('words are joined', () => {
  expect(joinWords(['A'])).toBe('A')
  expect(joinWords(['A', 'B', 'C'])).toBe('A, B and C')
})
