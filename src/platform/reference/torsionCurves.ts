import type { DihedralForce } from '../../core/force.ts'
import { harmonicEnergy, harmonicSlope } from '../../forces/bonded.ts'
import { distinctRows } from './bondedTerm.ts'

/**
 * Energy as a function of the angle φ of some torsions.
 * @param torsions [count] their numbers
 * @param cosines [count] cos φ @param sines [count] sin φ @param slopes [count] dE/dφ, eV, overwritten
 * @returns Σ E, eV
 */
export type TorsionCurve = (
  torsions: Int32Array,
  cosines: Float64Array,
  sines: Float64Array,
  slopes: Float64Array,
) => number

/** A Fourier series in φ, summed as polynomials in cos φ: Σ aₙ cos nφ = P(c), Σ bₙ sin nφ = s·Q(c). */
export function fourierSeries(force: Pick<DihedralForce, 'order' | 'coefficients'>): TorsionCurve {
  const { order } = force
  const width = order + 1
  const given = distinctRows(force.coefficients, 2 * width)
  const [first, second] = chebyshev(order)
  /** P and Q of each row. */
  const polynomials = new Float64Array(given.values.length)
  for (let row = 0; row < given.values.length; row += 2 * width) {
    const coefficients = given.values.subarray(row, row + 2 * width)
    const size = coefficients.reduce((sum, value) => sum + Math.abs(value), 0)
    for (let n = 0; n <= order; n++) {
      // sin π, which phases of π bring along, is not quite zero where it should be.
      const sine = coefficients[width + n]!
      for (let power = 0; power <= n; power++) {
        polynomials[row + power]! += coefficients[n]! * first[n]![power]!
        if (n > 0 && Math.abs(sine) > 1e-14 * size) {
          polynomials[row + width + power]! += sine * second[n - 1]![power]!
        }
      }
    }
  }
  const { offsets } = given
  const hasSines = polynomials.some((value, k) => value !== 0 && k % (2 * width) >= width)

  return (torsions, cosines, sines, slopes) =>
    sumSeries({ order, hasSines, offsets, polynomials }, torsions, cosines, sines, slopes)
}

interface Series {
  readonly order: number
  readonly hasSines: boolean
  /** [M] where P and, after it, Q of each torsion begin. */
  readonly offsets: Int32Array
  readonly polynomials: Float64Array
}

function sumSeries(series: Series, ...[torsions, cosines, sines, slopes]: Parameters<TorsionCurve>): number {
  const { order, hasSines, offsets, polynomials } = series
  let energy = 0
  for (let k = 0; k < torsions.length; k++) {
    const P = offsets[torsions[k]!]!
    const c = cosines[k]!
    const s = sines[k]!
    let value = 0
    let derivative = 0
    for (let n = P + order; n >= P; n--) {
      derivative = derivative * c + value
      value = value * c + polynomials[n]!
    }
    energy += value
    slopes[k] = -s * derivative
    if (!hasSines) continue
    const Q = P + order + 1
    value = 0
    derivative = 0
    for (let n = Q + order; n >= Q; n--) {
      derivative = derivative * c + value
      value = value * c + polynomials[n]!
    }
    energy += s * value
    slopes[k]! += c * value - s * s * derivative
  }
  return energy
}

/** Coefficients by power of the Chebyshev polynomials: Tₙ(cos φ) = cos nφ and Uₙ(cos φ) = sin (n+1)φ / sin φ. */
function chebyshev(order: number): [first: number[][], second: number[][]] {
  const next = (a: number[], b: number[]) =>
    Array.from({ length: order + 1 }, (_, n) => 2 * (b[n - 1] ?? 0) - a[n]!)
  const unit = (power: number, value: number) =>
    Array.from({ length: order + 1 }, (_, n) => (n === power ? value : 0))
  const first = [unit(0, 1), unit(1, 1)]
  const second = [unit(0, 1), unit(1, 2)]
  while (first.length <= order) {
    first.push(next(first.at(-2)!, first.at(-1)!))
    second.push(next(second.at(-2)!, second.at(-1)!))
  }
  return [first, second]
}

/** ½k(χ − χ₀)² in the angle χ = |φ| between the planes. @param p [2M] k (eV/rad²), χ₀ */
export function harmonicAngle(p: Float64Array): TorsionCurve {
  return (torsions, cosines, sines, slopes) => {
    let energy = 0
    torsions.forEach((torsion, k) => {
      const phi = Math.atan2(sines[k]!, cosines[k]!)
      const chi = Math.abs(phi)
      energy += harmonicEnergy(chi, p[2 * torsion]!, p[2 * torsion + 1]!)
      slopes[k] = harmonicSlope(chi, p[2 * torsion]!, p[2 * torsion + 1]!) * Math.sign(phi)
    })
    return energy
  }
}
