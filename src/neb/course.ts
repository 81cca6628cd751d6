import { type BandForces, type EvaluatedBand, pathLengths } from './band.ts'

export type BandStage = 'plain' | 'climbing'

/** Report of a band that went astray and was taken back. */
export interface Setback {
  readonly iteration: number
  readonly stage: BandStage
  /** Forces exploded, the path grew out of all proportion, or climbing came no nearer to a saddle. */
  readonly reason: 'force' | 'length' | 'standstill'
  /** Index of the image with the largest force. */
  readonly image: number
  readonly fmax_eV_per_A: number
  /** Energy of the highest image above the initial end. */
  readonly height_eV: number
  readonly length_A: number
}

/**
 * History of a band. A climbing image follows no gradient: where its tangent misses the way over the saddle by too
 * much, as with few images, it runs up a wall, whatever the optimiser. The band then goes back to where it began to
 * climb, comes to rest further, and climbs again. Where a plain band runs away, FIRE takes the place of L-BFGS.
 * Immutable.
 */
export interface Course {
  /** The band begins to climb at this force. */
  readonly climbFrom_eV_per_A: number
  readonly firstLength_A: number
  /** Forces above this explode; null before the first band of the stage. */
  readonly limit_eV_per_A: number | null
  /** First iteration of exploded forces; null where they are not. */
  readonly explodedSince: number | null
  /** Lowest force of this stage and its iteration; null before the first. */
  readonly best: { readonly iteration: number; readonly fmax_eV_per_A: number } | null
  /** The plain band with the lowest force. */
  readonly retreat: EvaluatedBand
  /** True when FIRE relaxes the plain band. */
  readonly steady: boolean
  readonly setbacks: readonly Setback[]
  /** True when no remedy is left. */
  readonly lost: boolean
}

/** A band with its forces, as a course judges it. */
export interface Sighting {
  readonly iteration: number
  readonly stage: BandStage
  readonly band: EvaluatedBand
  readonly forces: Pick<BandForces, 'fmax_eV_per_A' | 'tangentForces_eV_per_A'>
}

/** Forces explode beyond this many times those that the stage began with, along the path or across, … */
const EXPLODED = 3
/** Forces up to this never count as exploded, eV/Å: climbing bands that converge have been seen to reach 2.4. */
const HARMLESS_EV_PER_A = 3
/** Number of iterations with exploded forces that is allowed: the first steps along stiff springs or bonds overshoot, and come back. */
const OVERSHOOT = 5
/** A path is lost beyond this many times its first length: bands that converge have been seen to reach 2. */
const LONGEST = 5
/** Iterations within which a climbing band must come nearer to its saddle than ever before. */
const PATIENCE = 100
/** The force to climb from after a setback, as a part of that before. */
const CALMER = 0.3

const NEW_STAGE = { limit_eV_per_A: null, explodedSince: null, best: null }

/** @param steady whether FIRE relaxes the plain band from the beginning */
export function setOut(band: EvaluatedBand, climbFrom_eV_per_A: number, steady: boolean): Course {
  return {
    climbFrom_eV_per_A,
    firstLength_A: lengthOf(band),
    ...NEW_STAGE,
    retreat: band,
    steady,
    setbacks: [],
    lost: false,
  }
}

/** The course of a band that begins to climb. */
export function beginClimb(course: Course, band: EvaluatedBand): Course {
  return { ...course, ...NEW_STAGE, retreat: band }
}

/** The reason to take a band back; null when it is sound, or when no remedy is left. */
export function astray(course: Course, seen: Sighting): Setback | null {
  const { iteration, stage, band, forces } = seen
  const fmax = highestInside(forces.fmax_eV_per_A)
  const length_A = lengthOf(band)
  const reason = course.lost ? null : whatIsWrong(course, seen, fmax, length_A)
  return (
    reason && {
      iteration,
      stage,
      reason,
      image: forces.fmax_eV_per_A.indexOf(fmax, 1),
      fmax_eV_per_A: fmax,
      height_eV: Math.max(...band.energies_eV) - band.energies_eV[0]!,
      length_A,
    }
  )
}

function whatIsWrong(
  { limit_eV_per_A, explodedSince, firstLength_A, best }: Course,
  { iteration, stage }: Sighting,
  fmax: number,
  length_A: number,
): Setback['reason'] | null {
  const exploded = explodedSince === null ? 0 : iteration - explodedSince
  if (exploded >= OVERSHOOT && fmax > limit_eV_per_A!) return 'force'
  if (length_A > LONGEST * firstLength_A) return 'length'
  if (stage === 'plain' || best === null || fmax < best.fmax_eV_per_A) return null
  return iteration - best.iteration > PATIENCE ? 'standstill' : null
}

/** The course with one more band that is on its way. */
export function follow(course: Course, { iteration, stage, band, forces }: Sighting): Course {
  if (course.lost) return course
  const fmax = highestInside(forces.fmax_eV_per_A)
  const steepest = highestInside(forces.tangentForces_eV_per_A.map(Math.abs))
  const limit_eV_per_A =
    course.limit_eV_per_A ?? Math.max(EXPLODED * Math.max(fmax, steepest), HARMLESS_EV_PER_A)
  const explodedSince = fmax > limit_eV_per_A ? (course.explodedSince ?? iteration) : null
  const further = { ...course, limit_eV_per_A, explodedSince }
  if (course.best && fmax >= course.best.fmax_eV_per_A) return further
  return {
    ...further,
    best: { iteration, fmax_eV_per_A: fmax },
    retreat: stage === 'plain' ? band : course.retreat,
  }
}

/** The course of a band that goes back to its retreat. @param fmax_eV_per_A what is asked of the band */
export function takeBack(course: Course, setback: Setback, fmax_eV_per_A: number): Course {
  const setbacks = [...course.setbacks, setback]
  if (setback.stage === 'plain') {
    return { ...course, setbacks, explodedSince: null, steady: true, lost: course.steady }
  }
  return {
    ...course,
    ...NEW_STAGE,
    setbacks,
    climbFrom_eV_per_A: Math.max(CALMER * course.climbFrom_eV_per_A, fmax_eV_per_A),
    lost: course.climbFrom_eV_per_A <= fmax_eV_per_A,
  }
}

/** The highest image between the ends if it is higher than both, else null: nothing to climb to. */
function peak(energies: readonly number[]): number | null {
  const top = energies.indexOf(Math.max(...energies))
  return top > 0 && top < energies.length - 1 ? top : null
}

/** Another image takes over only where it is higher by this, eV: the images of twin saddles would take turns. */
const TAKES_OVER_EV = 0.02

/**
 * The image that is to climb: the highest, if it is higher than both ends; null for none.
 * @param before the one that has climbed so far
 * @param settled whether the band is at rest, so that what climbs must be the highest
 */
export function climber(energies: readonly number[], before: number | null, settled: boolean): number | null {
  const top = peak(energies)
  if (before === null || top === null || settled) return top
  return energies[top]! - energies[before]! > TAKES_OVER_EV ? top : before
}

const lengthOf = ({ images }: EvaluatedBand) => pathLengths(images).at(-1)!

const highestInside = (perImage: readonly number[]) => Math.max(...perImage.slice(1, -1))
