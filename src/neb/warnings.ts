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

/** Something about a band that a reader should know; a caller may turn any flag into an error. */
export interface BandWarning {
  readonly flag: BandFlag
  /** Names images counted from 1. */
  readonly message: string
  /** Indices, 0 is the initial end. */
  readonly images: readonly number[]
}

export interface BandWarningOptions {
  /** Whether the band was to climb. */
  readonly climb: boolean
  readonly fmax_eV_per_A: number
  /** Ends count as relaxed up to this. */
  readonly endpoints_fmax_eV_per_A: number
}

/** Energies this close count as equal, eV. */
const SAME_ENERGY_EV = 1e-3
/** Shallower dips than this are no minimum of their own, eV. */
const DIP_EV = 0.01
/** A climbing image sits on its saddle: a path that rises this much above it has a higher one, eV. */
const UNRESOLVED_EV = 0.01

/** What happened to a band that was taken back. @param images of the band */
export function describeSetback(setback: Setback, images: number): string {
  const { iteration, stage, reason, image, fmax_eV_per_A, height_eV, length_A } = setback
  const what = {
    force: stage === 'climbing' ? 'the climbing band ran away' : 'the band blew up',
    length: 'the path grew out of all proportion',
    standstill: 'the climbing band came no nearer to a saddle',
  }[reason]
  return `${what} by iteration ${iteration}: ${fmax_eV_per_A.toPrecision(3)} eV/Å on image ${image + 1} of ${images}, the highest image ${height_eV.toFixed(2)} eV above the initial end, a path of ${length_A.toFixed(1)} Å`
}

/** What a relaxed band does not show by itself. */
export function bandWarnings(
  band: Pick<
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
  >,
  options: BandWarningOptions,
): BandWarning[] {
  const { energies_eV: energies } = band
  const last = energies.length - 1
  const warnings: BandWarning[] = []
  const warn = (flag: BandFlag, images: readonly number[], message: string) =>
    warnings.push({ flag, images, message })
  const nth = (image: number) => `image ${image + 1} of ${last + 1}`
  const inside = energies.map((_, i) => i).slice(1, -1)

  const setback = band.setbacks.at(-1)
  if (band.lost && setback) {
    const tries = band.setbacks.length === 1 ? '' : ` (it was taken back ${band.setbacks.length} times)`
    const advice =
      setback.stage === 'climbing'
        ? 'the band before it climbed, whose barrier reads low; use more images, path: idpp or a via point'
        : 'the best band before; use softer springs or tethers, path: idpp or a via point'
    warn(
      'went-astray',
      [setback.image],
      `${describeSetback(setback, last + 1)}${tries}. What is shown is ${advice}`,
    )
  } else if (!band.converged) {
    const worst = inside.reduce((a, b) => (band.imageFmax_eV_per_A[b]! > band.imageFmax_eV_per_A[a]! ? b : a))
    warn(
      'not-converged',
      [worst],
      `the band has not converged: after ${band.iteration} iterations the largest force is ${band.fmax_eV_per_A.toFixed(4)} eV/Å, on ${nth(worst)}, and ${options.fmax_eV_per_A} was asked for`,
    )
  }
  const lowerEnd = Math.min(energies[0]!, energies[last]!)
  const below = inside.filter(i => energies[i]! < lowerEnd - SAME_ENERGY_EV)
  if (below.length > 0) {
    const lowest = below.reduce((a, b) => (energies[b]! < energies[a]! ? b : a))
    warn(
      'below-both-ends',
      below,
      `${nth(lowest)} lies ${(lowerEnd - energies[lowest]!).toFixed(3)} eV below both ends: there is a minimum between them; relax it and compute each part of the path by itself`,
    )
  }
  for (const i of inside) {
    const dip = Math.min(Math.max(...energies.slice(0, i)), Math.max(...energies.slice(i + 1))) - energies[i]!
    const lowest = energies[i]! <= energies[i - 1]! && energies[i]! < energies[i + 1]!
    if (lowest && dip > DIP_EV && !below.includes(i)) {
      warn(
        'intermediate-minimum',
        [i],
        `${nth(i)} is a minimum between two barriers, ${dip.toFixed(3)} eV deep: the barrier shown is the higher one`,
      )
    }
  }
  if (last % 2 === 1 && !options.climb) {
    warn(
      'even-without-climbing',
      [(last - 1) / 2, (last + 1) / 2],
      `a band of ${last + 1} images has none in its middle and no climbing image: a symmetric barrier reads low; use an odd number or climb`,
    )
  }
  if (last === 2) {
    warn(
      'single-image',
      [1],
      'a band of 3 images cannot tell a saddle from a minimum between two saddles: use 5 or more',
    )
  }
  for (const end of [0, last]) {
    const fmax = band.imageFmax_eV_per_A[end]!
    if (fmax > options.endpoints_fmax_eV_per_A) {
      warn(
        'end-not-relaxed',
        [end],
        `the ${end === 0 ? 'initial' : 'final'} end (${nth(end)}) is not relaxed: its largest force is ${fmax.toFixed(4)} eV/Å, ${options.endpoints_fmax_eV_per_A} is wanted`,
      )
    }
  }
  const top = energies.indexOf(Math.max(...energies))
  if (top === 0 || top === last) {
    warn(
      'no-saddle',
      [top],
      `no image is higher than the ${top === 0 ? 'initial' : 'final'} end: the path shows no saddle`,
    )
  } else if (last > 3 && (top === 1 || top === last - 1)) {
    warn(
      'saddle-next-to-end',
      [top],
      `the highest image (${nth(top)}) is next to the ${top === 1 ? 'initial' : 'final'} end: the way up is resolved by one step; use more images`,
    )
  }
  if (band.converged && band.climbing) {
    const { saddle } = barrierOf(band.path_A, energies, band.tangentForces_eV_per_A)
    const excess = saddle.energy_eV - energies[top]!
    if (excess > UNRESOLVED_EV) {
      const next = band.path_A.findIndex(at => at > saddle.path_A)
      warn(
        'saddle-between-images',
        [next - 1, next],
        `the path rises ${excess.toFixed(3)} eV above its highest image between images ${next} and ${next + 1} of ${last + 1}: no image has found that saddle; use more images`,
      )
    }
  }
  return warnings
}

/** Atoms closer than this part of the shortest distance of their kinds at the ends have run into each other… */
const TOO_CLOSE = 0.65
/** …unless they are still this far apart, Å. */
const FAR_ENOUGH_A = 1.5

/** Images of an initial path in which atoms collide, one warning each. @param elements [N] @param images [M] of [3N] Å */
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
