import { SimulationError } from '../errors.ts'
import { dot, longestVector, withoutDrift, withoutFrozen } from '../optimize/vectors.ts'

/** Springs between neighbouring images: all with the same stiffness, or stiffer at higher energies. */
export type Springs =
  | { readonly kind: 'uniform'; readonly stiffness_eV_per_A2: number }
  | {
      readonly kind: 'energy-weighted'
      readonly softest_eV_per_A2: number
      readonly stiffest_eV_per_A2: number
    }

/** Images of a band with their energies and forces; [M] arrays are by image, both ends included. */
export interface EvaluatedBand {
  /** [M] of [3N] Å, continuous from image to image. */
  readonly images: readonly Float64Array[]
  /** [M] eV */
  readonly energies_eV: readonly number[]
  /** [M] of [3N] eV/Å, forces of the potential without springs. */
  readonly forces: readonly Float64Array[]
}

/** Distances from each image to the next in the space of all coordinates, Å. @returns [M−1] */
export function spacings(images: readonly Float64Array[]): number[] {
  return images.slice(1).map((image, i) => {
    const before = images[i]!
    return Math.sqrt(image.reduce((sum, x, k) => sum + (x - before[k]!) ** 2, 0))
  })
}

/** Length of the path up to each image, Å. @returns [M] */
export function pathLengths(images: readonly Float64Array[]): number[] {
  let length = 0
  return [0, ...spacings(images).map(spacing => (length += spacing))]
}

/**
 * Unit tangents by the improved estimate: Henkelman & Jónsson 2000, https://doi.org/10.1063/1.1323224, eqs 8–11. At the
 * ends, the tangent is along the line to the neighbour.
 * @throws SimulationError naming two images that coincide
 */
export function improvedTangents(
  images: readonly Float64Array[],
  energies_eV: readonly number[],
): Float64Array[] {
  const steps = images.slice(1).map((image, i) => image.map((x, k) => x - images[i]![k]!))
  return images.map((_, i) => {
    const backward = steps[i - 1]
    const forward = steps[i]
    const tangent = backward && forward ? bisect(backward, forward, energies_eV, i) : (forward ?? backward!)
    const length = Math.sqrt(dot(tangent, tangent))
    if (!(length > 0)) {
      throw new SimulationError({
        message: `the path has no direction at image ${i + 1} of ${images.length}`,
        hint: 'neighbouring images coincide: build the path anew, or with fewer images',
      })
    }
    return tangent.map(x => x / length)
  })
}

function bisect(
  backward: Float64Array,
  forward: Float64Array,
  energies: readonly number[],
  i: number,
): Float64Array {
  const up = energies[i + 1]! - energies[i]!
  const down = energies[i]! - energies[i - 1]!
  if (up > 0 && down > 0) return forward
  if (up < 0 && down < 0) return backward
  const larger = Math.max(Math.abs(up), Math.abs(down))
  const smaller = Math.min(Math.abs(up), Math.abs(down))
  if (larger === 0) return forward.map((x, k) => x + backward[k]!)
  const [ahead, behind] = energies[i + 1]! > energies[i - 1]! ? [larger, smaller] : [smaller, larger]
  return forward.map((x, k) => ahead * x + behind * backward[k]!)
}

/**
 * Stiffness of each spring, eV/Å² [M−1]. Energy-weighted: k = (1 − a) k_u + a k_l with a = (E_max − E)/(E_max − E_ref) if
 * E, the higher energy of the two images, is above E_ref, that of the higher end; otherwise k = k_l. k_u is the stiffest
 * and k_l the softest spring: Ásgeirsson et al. 2021, https://doi.org/10.1021/acs.jctc.1c00462, with k_l = k_u/10, after
 * Henkelman et al. 2000, https://doi.org/10.1063/1.1329672, eq. 6.
 */
export function springStiffness(springs: Springs, energies_eV: readonly number[]): number[] {
  if (springs.kind === 'uniform') return energies_eV.slice(1).map(() => springs.stiffness_eV_per_A2)
  const { softest_eV_per_A2: softest, stiffest_eV_per_A2: stiffest } = springs
  const reference = Math.max(energies_eV[0]!, energies_eV.at(-1)!)
  const highest = Math.max(...energies_eV)
  return energies_eV.slice(1).map((energy, i) => {
    const higher = Math.max(energy, energies_eV[i]!)
    const softness = higher > reference ? (highest - higher) / (highest - reference) : 1
    return (1 - softness) * stiffest + softness * softest
  })
}

/** Forces of the nudged elastic band. */
export interface BandForces {
  /** [M] of [3N], unit vectors */
  readonly tangents: readonly Float64Array[]
  /** [M] force of the potential along the tangent, eV/Å */
  readonly tangentForces_eV_per_A: readonly number[]
  /** [M] of [3N] eV/Å, NEB forces; at the ends the force of the potential. Zero on frozen atoms. */
  readonly nebForces: readonly Float64Array[]
  /** [M] longest NEB force on an atom, eV/Å */
  readonly fmax_eV_per_A: readonly number[]
}

/**
 * Computes the NEB forces: F⊥ + (k₊|R₊ − R| − k₋|R − R₋|) τ on images between the ends, F − 2(F·τ)τ on the climbing image
 * (Henkelman et al. 2000, https://doi.org/10.1063/1.1329672, eq. 5).
 * @param climbing index of the climbing image, null for none
 * @param drifts true if no tether and no frozen atom fixes the position of the whole. Common translations are then removed
 *   from tangents and forces; they cost no energy, and images would drift apart without end (Melander, Laasonen & Jónsson
 *   2015, https://doi.org/10.1021/ct501155k)
 */
export function bandForces(
  band: EvaluatedBand,
  springs: Springs,
  climbing: number | null,
  frozen: Uint8Array | null,
  drifts = false,
): BandForces {
  const { images, energies_eV } = band
  const last = images.length - 1
  const held = (vectors: Float64Array) => {
    const kept = withoutFrozen(vectors, frozen)
    return drifts ? withoutDrift(kept) : kept
  }
  const tangents = improvedTangents(images, energies_eV).map(held)
  const forces = band.forces.map(held)
  const along = forces.map((force, i) => dot(force, tangents[i]!))
  const stiffness = springStiffness(springs, energies_eV)
  const distances = spacings(images)
  const nebForces = forces.map((force, i) => {
    if (i === 0 || i === last) return force
    const pull =
      i === climbing ? -along[i]! : stiffness[i]! * distances[i]! - stiffness[i - 1]! * distances[i - 1]!
    return force.map((f, k) => f + (pull - along[i]!) * tangents[i]![k]!)
  })
  return { tangents, tangentForces_eV_per_A: along, nebForces, fmax_eV_per_A: nebForces.map(longestVector) }
}
