import { erfcFromGaussian } from './erfc.ts'

/**
 * Real-space electrostatics of two unit charges with e²/(4πε₀) = 1: energy and −(dE/dr)/r, both from r and e^{−α²r²}.
 *
 * | method | E | source |
 * |---|---|---|
 * | cut | 1/r | |
 * | ewald, pme | erfc(αr)/r | Ewald 1921, https://doi.org/10.1002/andp.19213690304 |
 * | wolf | erfc(αr)/r − erfc(αR)/R | Wolf et al. 1999, https://doi.org/10.1063/1.478738, eq. 5.13 |
 * | dsf | wolf + (r − R)·[erfc(αR)/R² + 2α/√π e^{−α²R²}/R] | Fennell & Gezelter 2006, https://doi.org/10.1063/1.2206581, eq. 19 |
 *
 * The Wolf force is the exact derivative of its energy: it keeps a small step at the cut-off R that `dsf` removes.
 */
export function screenedEnergy(
  r: number,
  alpha: number,
  gaussian: number,
  erfc: ErfcOfGaussian = erfcFromGaussian,
): number {
  return erfc(alpha * r, gaussian) / r
}

/** −(dE/dr)/r of the screened interaction. @param energy erfc(αr)/r @param gaussian e^{−α²r²} */
export function screenedForceOverR(r: number, alpha: number, gaussian: number, energy: number): number {
  return (energy + TWO_OVER_SQRT_PI * alpha * gaussian) / (r * r)
}

/** erfc(x) for x ≥ 0, given e^{−x²}. */
export type ErfcOfGaussian = (x: number, gaussian: number) => number

const TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI)

/** α²r² covered by one interval of the table: cubic Hermite interpolation is then good to 1e-11 of α. */
const SCREENING_INTERVAL = 1 / 64

/**
 * Tabulates the smooth part of a screened interaction, which is analytic in u = r²: g(u) = erf(αr)/r and
 * h(u) = (dg/dr)/r, so that E = 1/r − g and −(dE/dr)/r = 1/r³ + h. Each interval of u has eight numbers: two cubics in
 * the local coordinate 0…1, g first. A look-up is three times as fast as erfc and an exponential.
 */
export function createScreeningTable(
  alpha: number,
  cutoff: number,
): { readonly table: Float64Array; readonly intervalsPerR2: number } {
  const count = Math.ceil((alpha * alpha * cutoff * cutoff) / SCREENING_INTERVAL) + 1
  const step = (cutoff * cutoff) / (count - 1)
  const table = new Float64Array(8 * count)
  const scale = TWO_OVER_SQRT_PI * alpha
  const node = (k: number) => {
    const t = alpha * alpha * step * k
    return {
      g: scale * boys(0, t),
      gSlope: -scale * alpha ** 2 * boys(1, t) * step,
      h: -2 * scale * alpha ** 2 * boys(1, t),
      hSlope: 2 * scale * alpha ** 4 * boys(2, t) * step,
    }
  }
  for (let k = 0; k < count; k++) {
    const a = node(k)
    const b = node(k + 1)
    table.set(hermite(a.g, a.gSlope, b.g, b.gSlope), 8 * k)
    table.set(hermite(a.h, a.hSlope, b.h, b.hSlope), 8 * k + 4)
  }
  return { table, intervalsPerR2: 1 / step }
}

const hermite = (y0: number, d0: number, y1: number, d1: number) => [
  y0,
  d0,
  3 * (y1 - y0) - 2 * d0 - d1,
  2 * (y0 - y1) + d0 + d1,
]

/** Boys function Fₙ(t) = ∫₀¹ s^{2n} e^{−ts²} ds by its series of positive terms (Shavitt 1963); dFₙ/dt = −Fₙ₊₁. */
function boys(n: number, t: number): number {
  let term = 1 / (2 * n + 1)
  let sum = term
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (2 * t) / (2 * n + 2 * k + 1)
    sum += term
  }
  return Math.exp(-t) * sum
}

/**
 * Constants of a damped sum that vanishes at the cut-off: E = erfc(αr)/r − energyShift + forceShift·r for two unit
 * charges, with e²/(4πε₀) = 1.
 */
export interface TruncatedCoulomb {
  /** 1/Å */
  readonly energyShift: number
  /** 1/Å² */
  readonly forceShift: number
  /** Self energy per q², 1/Å. */
  readonly self: number
}

/** Constants of the method of Wolf et al. 1999. @param alpha 1/Å @param cutoff Å */
export function wolfShift(alpha: number, cutoff: number): TruncatedCoulomb {
  const { energy } = atCutoff(alpha, cutoff)
  return { energyShift: energy, forceShift: 0, self: -(energy / 2 + alpha / Math.sqrt(Math.PI)) }
}

/** Constants of the damped shifted force (Fennell & Gezelter 2006). @param alpha 1/Å @param cutoff Å */
export function dampedShiftedForce(alpha: number, cutoff: number): TruncatedCoulomb {
  const { energy, slope } = atCutoff(alpha, cutoff)
  const energyShift = energy + slope * cutoff
  return { energyShift, forceShift: slope, self: -(energyShift / 2 + alpha / Math.sqrt(Math.PI)) }
}

function atCutoff(alpha: number, cutoff: number): { energy: number; slope: number } {
  const gaussian = Math.exp(-((alpha * cutoff) ** 2))
  const energy = screenedEnergy(cutoff, alpha, gaussian)
  return { energy, slope: screenedForceOverR(cutoff, alpha, gaussian, energy) * cutoff }
}
