const MINUS = '\u2212'
const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹'

/** [low, high] */
type Interval = readonly [low: number, high: number]

/** A value with its 95 % interval; null for a value without one. */
interface Measured {
  readonly value: number
  readonly ci95: Interval | null
}

/** An estimate with the digits that its interval supports; a common power of ten is split off. */
export interface FormattedEstimate {
  readonly value: string
  /** "0.81–1.61", "above 0.81", "no bound", or null without an interval. */
  readonly interval: string | null
  /** " × 10⁻³", or empty. */
  readonly power: string
}

function decimalExponent(value: number): number {
  return Number(value.toExponential().split('e')[1])
}

/** Powers of ten are split off outside 0.01 … 99 999. */
function splitExponent(magnitude: number): number {
  if (magnitude === 0 || (magnitude >= 0.01 && magnitude < 1e5)) return 0
  return decimalExponent(magnitude)
}

function withMinus(text: string): string {
  return /[1-9]/.test(text) ? text.replace('-', MINUS) : text.replace('-', '')
}

function toDecimals(value: number, decimals: number): string {
  if (decimals >= 0) return withMinus(value.toFixed(decimals))
  const step = 10 ** -decimals
  return withMinus((Math.round(value / step) * step).toFixed(0))
}

function powerOfTen(exponent: number): string {
  return exponent === 0 ? '' : ` × 10${superscript(exponent)}`
}

/** "⁻³" */
export function superscript(integer: number): string {
  const digits = [...String(Math.abs(integer))].map(digit => SUPERSCRIPTS[Number(digit)]).join('')
  return integer < 0 ? `⁻${digits}` : digits
}

/** Decimals that show two significant digits of `uncertainty`, after it has been rounded to them. */
function supportedDecimals(uncertainty: number): number {
  return 1 - decimalExponent(Number(uncertainty.toPrecision(2)))
}

/**
 * Formats a value and its interval to the second significant digit of the uncertainty, half the width of the interval.
 * If the interval is positive, every number keeps at least two significant digits.
 */
export function formatEstimate(estimate: Measured): FormattedEstimate {
  const { value, ci95 } = estimate
  const halfWidth = ci95 ? (ci95[1] - ci95[0]) / 2 : Number.NaN
  if (!ci95 || !(halfWidth > 0) || !Number.isFinite(halfWidth) || !Number.isFinite(value)) {
    return { value: formatNumber(value), interval: ci95 && plainInterval(ci95), power: '' }
  }
  const exponent = splitExponent(Math.max(Math.abs(value), halfWidth))
  const scale = 10 ** exponent
  const decimals = supportedDecimals(halfWidth / scale)
  // A positive quantity keeps its lower end: a ratio of 0.38 (0.041–4.0) is not one of 0.4 (0.0–4.0).
  const shown = (number: number) =>
    toDecimals(number / scale, ci95[0] > 0 ? Math.max(decimals, supportedDecimals(number / scale)) : decimals)
  const [low, high] = ci95.map(shown) as [string, string]
  return {
    value: shown(value),
    interval: intervalText(low, high),
    power: powerOfTen(exponent),
  }
}

/** Text of an interval that supports no digits: open at an end, or without width. */
function plainInterval([low, high]: Interval): string {
  const isOpenBelow = low <= 0 || low === Number.POSITIVE_INFINITY
  if (high === Number.POSITIVE_INFINITY) return isOpenBelow ? 'no bound' : `above ${formatNumber(low)}`
  if (low === Number.NEGATIVE_INFINITY) return `below ${formatNumber(high)}`
  return intervalText(formatNumber(low), formatNumber(high))
}

function intervalText(low: string, high: string): string {
  return low.startsWith(MINUS) || low.includes('×') ? `${low} to ${high}` : `${low}–${high}`
}

/** "3.04 ± 0.22", "(9.7 ± 1.4) × 10⁻³": uncertainty to two significant digits, value to match. */
export function formatUncertain(value: number, uncertainty: number | null): string {
  if (uncertainty === null || !(uncertainty > 0) || !Number.isFinite(uncertainty)) return formatNumber(value)
  const exponent = splitExponent(Math.max(Math.abs(value), uncertainty))
  const scale = 10 ** exponent
  const decimals = supportedDecimals(uncertainty / scale)
  const text = `${toDecimals(value / scale, decimals)} ± ${toDecimals(uncertainty / scale, decimals)}`
  return exponent === 0 ? text : `(${text})${powerOfTen(exponent)}`
}

/** A number without uncertainty, to at most `digits` significant digits; "not known" for NaN and infinities. */
export function formatNumber(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return 'not known'
  const exponent = splitExponent(Math.abs(value))
  const rounded = Number((value / 10 ** exponent).toPrecision(digits))
  return withMinus(String(rounded)) + powerOfTen(exponent)
}

/** "1.47", "−0.41": a number with a fixed count of decimals. */
export function formatFixed(value: number, decimals = 2): string {
  return Number.isFinite(value) ? toDecimals(value, decimals) : 'not known'
}

/** "+0.52", "−0.41", "0.00" */
export function formatSigned(value: number, decimals = 2): string {
  const text = formatFixed(value, decimals)
  return value > 0 && /[1-9]/.test(text) ? `+${text}` : text
}

/** "1.04–1.08", "−0.57 to −0.26" */
export function formatRange([low, high]: Interval, decimals = 2): string {
  return intervalText(formatFixed(low, decimals), formatFixed(high, decimals))
}

/** "0.70–1.42" with the digits that the interval's width supports. */
export function formatInterval(interval: Interval): string {
  const { interval: text, power } = formatEstimate({ value: interval[0], ci95: interval })
  return `${text}${power}`
}

/** "3.04 Å²/ps (95 %: 2.61–3.47)" */
export function formatMeasurement(estimate: Measured, unit = ''): string {
  const { value, interval, power } = formatEstimate(estimate)
  const quantity = `${value}${power}${unit && ` ${unit}`}`
  return interval === null ? quantity : `${quantity} (95 %: ${interval}${power})`
}

/** "12 %", "0.7 %", "0 %": a fraction, or a probability. */
export function formatShare(fraction: number): string {
  if (!Number.isFinite(fraction)) return 'not known'
  const percent = 100 * fraction
  if (percent > 0 && percent < 0.1) return '< 0.1 %'
  if (percent > 99.9 && percent < 100) return '> 99.9 %'
  return `${formatFixed(percent, percent < 10 && !Number.isInteger(percent) ? 1 : 0)} %`
}

/** "4 min 12 s", "2 h 5 min" */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'not known'
  if (seconds < 60) return `${formatNumber(seconds, 2)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** "A", "A and B", "A, B and C" */
export function joinWords(words: readonly string[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

/** Returns the text with no-break spaces and joiners: numbers keep their units, and intervals stay whole, at line ends. */
export function unbroken(text: string): string {
  return text
    .replace(/(\d) (?=[%KpÅ×±]|eV?\b)/g, '$1\u00a0')
    .replace(/([×=]) /g, '$1\u00a0')
    .replaceAll(' =', '\u00a0=')
    .replace(/(\d)–(?=\d)/g, '$1\u2060–\u2060')
    .replaceAll('sub-diffusive', 'sub\u2011diffusive')
}
