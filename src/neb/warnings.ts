import type { Box } from '../core/box.ts'
import { barrierOf } from './barrier.ts'
import type { Setback } from './course.ts'
import { closePairs } from './geometry.ts'
import type { BandState } from './neb.ts'

export type BandFlag =
  | 'not-converged'
  | 'went-astray'
  | 'below-both-ends'
  | 'intermediate-minimum'
  | 'even-without-climbing'
  | 'single-image'
  | 'end-not-relaxed'
  | 'saddle-next-to-end'
  | 'no-saddle'
  | 'saddle-between-images'
  | 'atoms-collide'

/** A warning about a band; a caller may turn any flag into an error. */
export interface BandWarning {
  readonly flag: BandFlag
  /** Text in which images count from 1. */
  readonly message: string
  /** Indices of the images concerned; 0 is the initial end. */
  readonly images: readonly number[]
}

/** Options of the relaxation that warnings depend on. */
export interface BandWarningOptions {
  /** True for a band with a climbing image. */
  readonly climb: boolean
  readonly fmax_eV_per_A: number
  /** Largest force of a relaxed end. */
  readonly endpoints_fmax_eV_per_A: number
}

/** Difference below which energies count as equal, eV. */
const SAME_ENERGY_EV = 1e-3
/** Least depth of an intermediate minimum, eV. */
const DIP_EV = 0.01
/** Least height of the path above the climbing image that shows another, higher saddle, eV. */
const UNRESOLVED_EV = 0.01

/** Describes a setback in words. @param images number of images of the band */
export function describeSetback(setback: Setback, images: number): string {
  const { iteration, stage, reason, image, fmax_eV_per_A, height_eV, length_A } = setback
  const what = {
    force: stage === 'climbing' ? 'the climbing band ran away' : 'the band blew up',
    length: 'the path grew out of all proportion',
    standstill: 'the climbing band came no nearer to a saddle',
  }[reason]
  return `${what} by iteration ${iteration}: ${fmax_eV_per_A.toPrecision(3)} eV/Å on image ${image + 1} of ${images}, the highest image ${height_eV.toFixed(2)} eV above the initial end, a path of ${length_A.toFixed(1)} Å`
}

type WarnedBand = Pick<
  BandState,
  | 'energies_eV'
  | 'path_A'
  | 'tangentForces_eV_per_A'
  | 'imageFmax_eV_per_A'
  | 'fmax_eV_per_A'
  | 'converged'
  | 'climbing'
  | 'iteration'
  | 'setbacks'
  | 'lost'
>

/** Warnings about a relaxed band: its convergence, shape, number of images, ends and saddle, in this order. */
export function bandWarnings(band: WarnedBand, options: BandWarningOptions): BandWarning[] {
  return [
    ...convergenceWarnings(band, options),
    ...dipWarnings(band),
    ...countWarnings(band, options),
    ...endWarnings(band, options),
    ...saddleWarnings(band),
  ]
}

/** Name of an image in messages, counted from 1. */
const nth = (index: number, { energies_eV }: WarnedBand) => `image ${index + 1} of ${energies_eV.length}`

/** Indices of the images between the ends. */
const inside = ({ energies_eV }: WarnedBand) => energies_eV.map((_, i) => i).slice(1, -1)

function convergenceWarnings(band: WarnedBand, options: BandWarningOptions): BandWarning[] {
  const setback = band.setbacks.at(-1)
  if (band.lost && setback) {
    const tries = band.setbacks.length === 1 ? '' : ` (it was taken back ${band.setbacks.length} times)`
    const advice =
      setback.stage === 'climbing'
        ? 'the band before it climbed, whose barrier reads low; use more images, path: idpp or a via point'
        : 'the best band before; use softer springs or tethers, path: idpp or a via point'
    const what = describeSetback(setback, band.energies_eV.length)
    const message = `${what}${tries}. What is shown is ${advice}`
    return [{ flag: 'went-astray', images: [setback.image], message }]
  }
  if (band.converged) return []
  const force = (i: number) => band.imageFmax_eV_per_A[i]!
  const worst = inside(band).reduce((a, b) => (force(b) > force(a) ? b : a))
  const message = `the band has not converged: after ${band.iteration} iterations the largest force is ${band.fmax_eV_per_A.toFixed(4)} eV/Å, on ${nth(worst, band)}, and ${options.fmax_eV_per_A} was asked for`
  return [{ flag: 'not-converged', images: [worst], message }]
}

/** Warnings about images below both ends, and minima between two barriers. */
function dipWarnings(band: WarnedBand): BandWarning[] {
  const { energies_eV: energies } = band
  const warnings: BandWarning[] = []
  const lowerEnd = Math.min(energies[0]!, energies.at(-1)!)
  const below = inside(band).filter(i => energies[i]! < lowerEnd - SAME_ENERGY_EV)
  if (below.length > 0) {
    const lowest = below.reduce((a, b) => (energies[b]! < energies[a]! ? b : a))
    const depth_eV = (lowerEnd - energies[lowest]!).toFixed(3)
    const message = `${nth(lowest, band)} lies ${depth_eV} eV below both ends: there is a minimum between them; relax it and compute each part of the path by itself`
    warnings.push({ flag: 'below-both-ends', images: below, message })
  }
  for (const i of inside(band)) {
    const dip = Math.min(Math.max(...energies.slice(0, i)), Math.max(...energies.slice(i + 1))) - energies[i]!
    const lowest = energies[i]! <= energies[i - 1]! && energies[i]! < energies[i + 1]!
    if (!lowest || dip <= DIP_EV || below.includes(i)) continue
    const message = `${nth(i, band)} is a minimum between two barriers, ${dip.toFixed(3)} eV deep: the barrier shown is the higher one`
    warnings.push({ flag: 'intermediate-minimum', images: [i], message })
  }
  return warnings
}

/** Warnings about a number of images with which a saddle may be missed. */
function countWarnings({ energies_eV }: WarnedBand, { climb }: BandWarningOptions): BandWarning[] {
  const count = energies_eV.length
  const warnings: BandWarning[] = []
  if (count % 2 === 0 && !climb) {
    const message = `a band of ${count} images has none in its middle and no climbing image: a symmetric barrier reads low; use an odd number or climb`
    warnings.push({ flag: 'even-without-climbing', images: [count / 2 - 1, count / 2], message })
  }
  if (count === 3) {
    const message =
      'a band of 3 images cannot tell a saddle from a minimum between two saddles: use 5 or more'
    warnings.push({ flag: 'single-image', images: [1], message })
  }
  return warnings
}

function endWarnings(band: WarnedBand, options: BandWarningOptions): BandWarning[] {
  return [0, band.energies_eV.length - 1].flatMap((end): BandWarning[] => {
    const fmax = band.imageFmax_eV_per_A[end]!
    if (!(fmax > options.endpoints_fmax_eV_per_A)) return []
    const message = `the ${end === 0 ? 'initial' : 'final'} end (${nth(end, band)}) is not relaxed: its largest force is ${fmax.toFixed(4)} eV/Å, ${options.endpoints_fmax_eV_per_A} is wanted`
    return [{ flag: 'end-not-relaxed', images: [end], message }]
  })
}

function saddleWarnings(band: WarnedBand): BandWarning[] {
  const { energies_eV: energies } = band
  const last = energies.length - 1
  const warnings: BandWarning[] = []
  const top = energies.indexOf(Math.max(...energies))
  if (top === 0 || top === last) {
    const message = `no image is higher than the ${top === 0 ? 'initial' : 'final'} end: the path shows no saddle`
    warnings.push({ flag: 'no-saddle', images: [top], message })
  } else if (last > 3 && (top === 1 || top === last - 1)) {
    const message = `the highest image (${nth(top, band)}) is next to the ${top === 1 ? 'initial' : 'final'} end: the way up is resolved by one step; use more images`
    warnings.push({ flag: 'saddle-next-to-end', images: [top], message })
  }
  if (!band.converged || !band.climbing) return warnings
  const { saddle } = barrierOf(band.path_A, energies, band.tangentForces_eV_per_A)
  const excess = saddle.energy_eV - energies[top]!
  if (excess > UNRESOLVED_EV) {
    const next = band.path_A.findIndex(at => at > saddle.path_A)
    const message = `the path rises ${excess.toFixed(3)} eV above its highest image between images ${next} and ${next + 1} of ${last + 1}: no image has found that saddle; use more images`
    warnings.push({ flag: 'saddle-between-images', images: [next - 1, next], message })
  }
  return warnings
}

/** Distance below which two atoms collide, divided by the shortest distance of their elements at the ends. */
const TOO_CLOSE = 0.65
/** Distance beyond which atoms never collide, Å. */
const FAR_ENOUGH_A = 1.5

/** One warning for each image of an initial path in which atoms collide. @param elements [N] @param images [M] of [3N] Å */
export function pathWarnings(
  box: Box,
  elements: readonly string[],
  images: readonly Float64Array[],
): BandWarning[] {
  const kindsOf = (i: number, j: number) => [elements[i]!, elements[j]!].sort().join()
  const shortest = new Map<string, number>()
  for (const end of [images[0]!, images.at(-1)!]) {
    for (const { i, j, distance_A } of closePairs(box, end, FAR_ENOUGH_A / TOO_CLOSE)) {
      const kinds = kindsOf(i, j)
      shortest.set(kinds, Math.min(distance_A, shortest.get(kinds) ?? Number.POSITIVE_INFINITY))
    }
  }
  return images.slice(1, -1).flatMap((image, k): BandWarning[] => {
    const close = closePairs(box, image, FAR_ENOUGH_A).filter(
      ({ i, j, distance_A }) =>
        distance_A < TOO_CLOSE * (shortest.get(kindsOf(i, j)) ?? Number.POSITIVE_INFINITY),
    )
    if (close.length === 0) return []
    const { i, j, distance_A } = close.reduce((a, b) => (b.distance_A < a.distance_A ? b : a))
    return [
      {
        flag: 'atoms-collide',
        images: [k + 1],
        message: `atoms ${i + 1} (${elements[i]}) and ${j + 1} (${elements[j]}) are ${distance_A.toFixed(2)} Å apart in image ${k + 2} of ${images.length} of the initial path; path: idpp or a via point leads round`,
      },
    ]
  })
}
