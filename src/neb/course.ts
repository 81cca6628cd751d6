import { type BandForces, type EvaluatedBand, pathLengths } from './band.ts'

export type BandStage = 'plain' | 'climbing'

/** Report of a band that was reset to an earlier state. */
export interface Setback {
  readonly iteration: number
  readonly stage: BandStage
  /** The forces became too large, the path became too long, or climbing made no progress. */
  readonly reason: 'force' | 'length' | 'standstill'
  /** Index of the image with the largest force. */
  readonly image: number
  readonly fmax_eV_per_A: number
  /** Energy of the highest image above the initial end. */
  readonly height_eV: number
  readonly length_A: number
}

/**
 * History of a band, immutable. A climbing image does not follow a gradient: if its tangent is too different from the
 * path over the saddle, as with few images, it climbs away from the saddle with every optimiser. The band is then reset to
 * the state before climbing, relaxed further, and climbs again. If a plain band runs away, FIRE replaces L-BFGS.
 */
export interface Course {
  /** Largest force of the band at which it begins to climb. */
  readonly climbFrom_eV_per_A: number
  readonly firstLength_A: number
  /** Force above which the forces count as exploded; null before the first band of the stage. */
  readonly limit_eV_per_A: number | null
  /** First iteration with exploded forces; null if they are not exploded. */
  readonly explodedSince: number | null
  /** Lowest `fmax` of this stage and its iteration; null before the first band. */
  readonly best: { readonly iteration: number; readonly fmax_eV_per_A: number } | null
  /** The plain band with the lowest force. */
  readonly retreat: EvaluatedBand
  /** True when FIRE relaxes the plain band. */
  readonly steady: boolean
  readonly setbacks: readonly Setback[]
  /** True when no remedy is left. */
  readonly lost: boolean
}

/** A band with its forces, which a course judges. */
export interface Sighting {
  readonly iteration: number
  readonly stage: BandStage
  readonly band: EvaluatedBand
  readonly forces: Pick<BandForces, 'fmax_eV_per_A' | 'tangentForces_eV_per_A'>
}

/** Limit of the forces, divided by the largest force at the start of the stage, along or across the path. */
const EXPLODED = 3
/** Force that never counts as exploded, eV/Å: climbing bands that converged reached 2.4. */
const HARMLESS_EV_PER_A = 3
/** Allowed number of iterations with exploded forces, as the first steps along stiff springs or bonds may overshoot. */
const OVERSHOOT = 5
/** Largest length of a path, divided by its first length: bands that converged reached 2. */
const LONGEST = 5
/** Largest number of iterations in which a climbing band does not lower its lowest force. */
const PATIENCE = 100
/** Factor on `climbFrom_eV_per_A` after a setback. */
const CALMER = 0.3

const NEW_STAGE = { limit_eV_per_A: null, explodedSince: null, best: null }

/** The course of a band at its start. @param steady true if FIRE relaxes the plain band from the beginning */
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

/** The reason to reset a band; null if it is sound, or if no remedy is left. */
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

/** The course after one more iteration. */
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

/** The course of a band that is reset to its retreat. @param fmax_eV_per_A force at which the band is converged */
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

/** Index of the highest image if it is higher than both ends; otherwise null. */
function peak(energies: readonly number[]): number | null {
  const top = energies.indexOf(Math.max(...energies))
  return top > 0 && top < energies.length - 1 ? top : null
}

/** Least difference of energy at which another image becomes the climbing one, eV: two equal saddles would alternate. */
const TAKES_OVER_EV = 0.02

/**
 * Index of the image that climbs: the highest, if it is higher than both ends; null for none.
 * @param before index of the image that has climbed so far
 * @param settled true if the band is relaxed: the climbing image must then be the highest
 */
export function climber(energies: readonly number[], before: number | null, settled: boolean): number | null {
  const top = peak(energies)
  if (before === null || top === null || settled) return top
  return energies[top]! - energies[before]! > TAKES_OVER_EV ? top : before
}

const lengthOf = ({ images }: EvaluatedBand) => pathLengths(images).at(-1)!

const highestInside = (perImage: readonly number[]) => Math.max(...perImage.slice(1, -1))
