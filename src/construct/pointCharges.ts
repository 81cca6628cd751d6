import type { Box } from '../core/box.ts'
import { erfc } from '../forces/erfc.ts'
import { ewaldMethod } from '../forces/ewald.ts'
import { CODATA_2018 } from '../units.ts'
import { dot, subtract, times, type Vector } from './vectors.ts'

export interface PointCharge {
  /** Å */
  readonly position: Vector
  /** e */
  readonly charge: number
}

export interface UnitChargeEnergies {
  /** [C] energy of a unit charge at each candidate in the field of the surroundings, eV. */
  readonly field: Float64Array
  /** [C·C] energy of two unit charges at two candidates with all their images, eV; on the diagonal twice that of one with its own. */
  readonly pair: Float64Array
}

const CUTOFF_A = 9
const ACCURACY = 1e-7

/**
 * Ewald sums, split into pairs, with a neutralising background where charges do not cancel; with vacuum along z also
 * the correction of Yeh & Berkowitz in the form for charged cells, −2πC/V·½ΣΣqq′(z − z′)² (Ballenegger, Arnold & Cerdà
 * 2009, https://doi.org/10.1063/1.3216473). Energies of fillings with equally many charges may be compared.
 */
export function unitChargeEnergies(request: {
  readonly box: Box
  readonly slab: boolean
  readonly candidates: readonly Vector[]
  readonly surroundings: readonly PointCharge[]
}): UnitChargeEnergies {
  const { box, slab, candidates, surroundings } = request
  const size = candidates.length
  const charges = Float64Array.from([...candidates.map(() => 1), ...surroundings.map(({ charge }) => charge)])
  const method = ewaldMethod({ name: 'ewald', box, charges, cutoff_A: CUTOFF_A, accuracy: ACCURACY })
  if (method.name !== 'ewald') throw new TypeError(method.name)
  const { alpha_per_A: alpha, kCutoff_per_A } = method
  const near = shortRange(box, alpha)
  const background = -Math.PI / (alpha * alpha * box.volume)
  const slabTerm = (a: Vector, b: Vector) => (slab ? (-2 * Math.PI * (a[2] - b[2]) ** 2) / box.volume : 0)

  const field = Float64Array.from(candidates, a =>
    surroundings.reduce(
      (sum, { position: b, charge }) => sum + charge * (near(subtract(a, b)) + background + slabTerm(a, b)),
      0,
    ),
  )
  const pair = new Float64Array(size * size)
  candidates.forEach((a, i) => {
    candidates.slice(0, i).forEach((b, j) => {
      pair[i * size + j] = near(subtract(a, b)) + background + slabTerm(a, b)
    })
    pair[i * size + i] = near([0, 0, 0]) + background - (2 * alpha) / Math.sqrt(Math.PI)
  })
  const phases = new Float64Array(2 * size)
  for (const { k, weight } of halfOfReciprocalSpace(box, alpha, kCutoff_per_A)) {
    candidates.forEach((a, i) => {
      phases[2 * i] = Math.cos(dot(k, a))
      phases[2 * i + 1] = Math.sin(dot(k, a))
    })
    let [re, im] = [0, 0]
    for (const { position, charge } of surroundings) {
      re += charge * Math.cos(dot(k, position))
      im += charge * Math.sin(dot(k, position))
    }
    for (let i = 0; i < size; i++) {
      const [c, s] = [phases[2 * i]!, phases[2 * i + 1]!]
      field[i] = field[i]! + weight * (c * re + s * im)
      for (let j = 0; j <= i; j++) {
        const index = i * size + j
        pair[index] = pair[index]! + weight * (c * phases[2 * j]! + s * phases[2 * j + 1]!)
      }
    }
  }
  for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) pair[j * size + i] = pair[i * size + j]!
  const C = CODATA_2018.coulomb_eV_A
  return { field: field.map(value => value * C), pair: pair.map(value => value * C) }
}

/** Σ erfc(αr)/r over the images of a displacement within the cut-off, itself left out when it is zero, 1/Å. */
function shortRange(box: Box, alpha: number): (displacement: Vector) => number {
  const reach = box.heights.map(height => Math.ceil(CUTOFF_A / height + 0.5))
  const [ra, rb, rc] = reach as [number, number, number]
  const images: Vector[] = []
  for (let a = -ra; a <= ra; a++) {
    for (let b = -rb; b <= rb; b++) {
      for (let c = -rc; c <= rc; c++) images.push(times([a, b, c], box.matrix))
    }
  }
  return displacement => {
    const s = times(displacement, box.inverse)
    const r0 = times(s.map(x => x - Math.round(x)) as unknown as Vector, box.matrix)
    let sum = 0
    for (const image of images) {
      const r = Math.hypot(r0[0] + image[0], r0[1] + image[1], r0[2] + image[2])
      if (r < CUTOFF_A && r > 1e-9) sum += erfc(alpha * r) / r
    }
    return sum
  }
}

/** One of each pair k and −k, with the weight 2 · 4π/V · e^{−k²/4α²}/k². */
function halfOfReciprocalSpace(box: Box, alpha: number, cutoff: number): { k: Vector; weight: number }[] {
  const lengths = [0, 1, 2].map(i => Math.hypot(...[0, 1, 2].map(k => box.matrix[3 * i + k]!)))
  const [na, nb, nc] = lengths.map(length => Math.ceil((cutoff * length) / (2 * Math.PI))) as [
    number,
    number,
    number,
  ]
  const vectors: { k: Vector; weight: number }[] = []
  for (let a = 0; a <= na; a++) {
    for (let b = -nb; b <= nb; b++) {
      for (let c = -nc; c <= nc; c++) {
        if (a === 0 && (b < 0 || (b === 0 && c <= 0))) continue
        const k = [0, 1, 2].map(
          axis =>
            2 *
            Math.PI *
            (box.inverse[3 * axis]! * a + box.inverse[3 * axis + 1]! * b + box.inverse[3 * axis + 2]! * c),
        ) as unknown as Vector
        const squared = dot(k, k)
        if (squared > cutoff * cutoff) continue
        const weight = ((8 * Math.PI) / (box.volume * squared)) * Math.exp(-squared / (4 * alpha * alpha))
        vectors.push({ k, weight })
      }
    }
  }
  return vectors
}
