import { SimulationError, UserError } from '../errors.ts'
import type { BandCheckpoint } from '../files/bandFiles.ts'
import {
  type OptimizerName,
  type OptimizerState,
  optimizerData,
  optimizerState,
  optimizerStep,
  startOptimizer,
} from '../optimize/optimizer.ts'
import { withoutDrift } from '../optimize/vectors.ts'
import type { ImageEvaluation } from '../platform/platform.ts'
import { type BandForces, bandForces, type EvaluatedBand, pathLengths, type Springs } from './band.ts'
import {
  astray,
  type BandStage,
  beginClimb,
  type Course,
  climber,
  follow,
  type Setback,
  setOut,
  takeBack,
} from './course.ts'

/** Options of `relaxBand`. */
export interface BandOptions {
  /** Computes energies and forces of the images with some indices, for example an `ImageEvaluator`. */
  readonly evaluator: {
    evaluate(images: readonly Float64Array[], indices: readonly number[]): Promise<readonly ImageEvaluation[]>
  }
  /** [M] of [3N] Å, continuous, see `initialPath`; the first and the last do not move. */
  readonly images: readonly Float64Array[]
  /** [N] 1 for atoms that do not move and whose forces are ignored. */
  readonly frozen?: Uint8Array | null
  /**
   * True if there are no tethers and no frozen atoms: common translations of all atoms are then removed from each image.
   * Default: false.
   */
  readonly drifts?: boolean
  readonly springs: Springs
  readonly optimizer: OptimizerName
  /** True: the highest image climbs to the saddle after the band is roughly relaxed. */
  readonly climb: boolean
  /** `fmax` of the band at which it begins to climb. Default: 0.1 eV/Å. */
  readonly climbFrom_eV_per_A?: number
  readonly fmax_eV_per_A: number
  readonly max_iterations: number
  /** Largest displacement of an atom in one iteration. Default: 0.1 Å. */
  readonly stepCap_A?: number
  /** Curvature that L-BFGS assumes before its first step. Default: 70 eV/Å². */
  readonly firstCurvature_eV_per_A2?: number
  /** Checkpoint to continue from, instead of `images`. */
  readonly from?: BandCheckpoint | null
}

type BandData = Pick<BandCheckpoint, 'images' | 'energies_eV' | 'forces'>

/** A band after an iteration. [M] arrays are by image, both ends included, and do not change later. */
export interface BandState extends EvaluatedBand {
  readonly iteration: number
  readonly stage: BandStage
  /** Number of evaluations of images so far; the ends count once. */
  readonly forceCalls: number
  /** [M] length of the path up to each image, Å */
  readonly path_A: readonly number[]
  /** [M] force of the potential along the path, eV/Å: minus the slope of the energy */
  readonly tangentForces_eV_per_A: readonly number[]
  /** [M] longest NEB force on an atom; at the ends the longest force of the potential, which does not change. */
  readonly imageFmax_eV_per_A: readonly number[]
  /** Longest NEB force on an atom of the images between the ends. */
  readonly fmax_eV_per_A: number
  /** Index of the climbing image and its longest force; null for none. */
  readonly climbing: { readonly image: number; readonly fmax_eV_per_A: number } | null
  /** True if the longest force is at or below that of the options and, with `climb`, the band has begun to climb. */
  readonly converged: boolean
  /** Iterations at which the band was reset to an earlier state. */
  readonly setbacks: readonly Setback[]
  /** True if no remedy is left: this is the best plain band, and the relaxation ends. */
  readonly lost: boolean
  checkpoint(): BandCheckpoint
}

const CLIMB_FROM_EV_PER_A = 0.1
const STEP_CAP_A = 0.1
const FIRST_CURVATURE_EV_PER_A2 = 70

/**
 * Relaxes a band. Yields its state before the first step (for a continued band that of its checkpoint, without a force
 * call) and after each iteration. All images move as one vector of one optimiser. A band that runs away is reset
 * (`Course`). Ends when converged, or with `converged: false` after `max_iterations` or when the band is lost.
 * @throws UserError for fewer than three images, or images with different numbers of atoms; SimulationError naming the
 *   image whose energy or forces are not finite
 */
export async function* relaxBand(options: BandOptions): AsyncGenerator<BandState, void> {
  const stepOptions = {
    stepCap_A: options.stepCap_A ?? STEP_CAP_A,
    firstCurvature_eV_per_A2: options.firstCurvature_eV_per_A2 ?? FIRST_CURVATURE_EV_PER_A2,
  }
  const climbFrom = Math.max(options.climbFrom_eV_per_A ?? CLIMB_FROM_EV_PER_A, options.fmax_eV_per_A)
  const { from } = options
  const band = from ? bandOf(from) : await evaluateAll(options)
  // The images in a checkpoint of an earlier version may have drifted apart.
  if (options.drifts && from && !from.course) layOver(band.images)
  const moving = band.images.slice(1, -1)
  const indices = moving.map((_, i) => i + 1)
  const size = band.images[0]!.length

  let { images, energies_eV, forces } = band
  let stage: BandStage = from?.stage ?? 'plain'
  let climbingImage: number | null = from?.climbingImage ?? null
  let optimizer = from ? optimizerState(from.optimizer) : startOptimizer(options.optimizer)
  let forceCalls = from?.forceCalls ?? images.length
  let course = from?.course
    ? { ...from.course, retreat: from.course.retreat ? bandOf(from.course.retreat) : band }
    : setOut(band, climbFrom, options.optimizer === 'fire')
  const derive = (here: EvaluatedBand) =>
    bandForces(here, options.springs, climbingImage, options.frozen ?? null, options.drifts)
  /** Starts to climb if the forces are small enough, and chooses the climbing image. */
  const look = (here: EvaluatedBand) => {
    const derived = derive(here)
    if (!options.climb || course.lost) return derived
    const fmax = highest(derived.fmax_eV_per_A)
    if (stage === 'plain') {
      if (fmax > course.climbFrom_eV_per_A) return derived
      stage = 'climbing'
      course = beginClimb(course, here)
    }
    const top = climber(here.energies_eV, climbingImage, fmax <= options.fmax_eV_per_A)
    if (top === climbingImage) return derived
    climbingImage = top
    // The force on the climbing image changes its sign, so that the memory of the optimiser is no longer valid.
    optimizer = startOptimizer(options.optimizer)
    return derive(here)
  }
  for (let iteration = from?.iteration ?? 0; ; iteration++) {
    let here: EvaluatedBand = { images, energies_eV, forces }
    let derived = look(here)
    const setback = astray(course, { iteration, stage, band: here, forces: derived })
    if (setback) {
      course = takeBack(course, setback, options.fmax_eV_per_A)
      here = course.retreat
      stage = 'plain'
      climbingImage = null
      optimizer = startOptimizer(course.steady ? 'fire' : options.optimizer)
      derived = look(here)
    }
    course = follow(course, { iteration, stage, band: here, forces: derived })
    const fmax = highest(derived.fmax_eV_per_A)
    const converged =
      !course.lost && fmax <= options.fmax_eV_per_A && (stage === 'climbing' || !options.climb)
    yield stateOf(
      { iteration, forceCalls, stage, climbingImage, optimizer, course, here },
      derived,
      converged,
    )
    if (converged || course.lost || iteration >= options.max_iterations) return

    const next = optimizerStep(
      optimizer,
      join(here.images.slice(1, -1)),
      join(derived.nebForces.slice(1, -1)),
      stepOptions,
    )
    optimizer = next.state
    const moved = indices.map(i => next.positions.slice((i - 1) * size, i * size))
    const evaluations = await options.evaluator.evaluate(moved, indices)
    forceCalls += moved.length
    checkFinite(evaluations, indices, iteration + 1)
    images = [images[0]!, ...moved, images.at(-1)!]
    energies_eV = [energies_eV[0]!, ...evaluations.map(image => image.energy), energies_eV.at(-1)!]
    forces = [forces[0]!, ...evaluations.map(image => image.forces), forces.at(-1)!]
  }
}

/** State of the relaxation at the end of an iteration. */
interface Moment {
  readonly iteration: number
  readonly forceCalls: number
  readonly stage: BandStage
  readonly climbingImage: number | null
  readonly optimizer: OptimizerState
  readonly course: Course
  readonly here: EvaluatedBand
}

function stateOf(now: Moment, { tangentForces_eV_per_A, fmax_eV_per_A }: BandForces, converged: boolean) {
  const { iteration, forceCalls, stage, climbingImage, course, here } = now
  const state: BandState = {
    ...here,
    iteration,
    stage,
    forceCalls,
    path_A: pathLengths(here.images),
    tangentForces_eV_per_A,
    imageFmax_eV_per_A: fmax_eV_per_A,
    fmax_eV_per_A: highest(fmax_eV_per_A),
    climbing:
      climbingImage === null ? null : { image: climbingImage, fmax_eV_per_A: fmax_eV_per_A[climbingImage]! },
    converged,
    setbacks: course.setbacks,
    lost: course.lost,
    checkpoint: () => ({
      version: 1,
      iteration,
      forceCalls,
      stage,
      climbingImage,
      ...dataOf(here),
      optimizer: optimizerData(now.optimizer),
      course: {
        ...course,
        retreat: course.retreat.images === here.images ? null : dataOf(course.retreat),
      },
    }),
  }
  return state
}

/** Relaxes a band and returns its last state: see `relaxBand`. */
export async function relaxedBand(options: BandOptions): Promise<BandState> {
  let last: BandState | undefined
  for await (last of relaxBand(options)) {
    // Only the last state counts.
  }
  return last!
}

/** Largest value of the images between the ends. */
const highest = (perImage: readonly number[]) => Math.max(...perImage.slice(1, -1))

function join(parts: readonly Float64Array[]): Float64Array {
  const size = parts[0]!.length
  const whole = new Float64Array(parts.length * size)
  parts.forEach((part, i) => {
    whole.set(part, i * size)
  })
  return whole
}

function dataOf({ images, energies_eV, forces }: EvaluatedBand): BandData {
  const plain = (rows: readonly Float64Array[]) => rows.map(row => Array.from(row))
  return { images: plain(images), energies_eV: energies_eV.slice(), forces: plain(forces) }
}

function bandOf({ images, energies_eV, forces }: BandData): EvaluatedBand {
  const typed = (rows: readonly (readonly number[])[]) => rows.map(row => Float64Array.from(row))
  return { images: typed(images), energies_eV: energies_eV.slice(), forces: typed(forces) }
}

/** Removes the common translation of each image with respect to the first, in place. */
function layOver(images: readonly Float64Array[]): void {
  const first = images[0]!
  for (const image of images.slice(1)) {
    const moves = withoutDrift(image.map((x, k) => x - first[k]!))
    image.set(moves.map((move, k) => first[k]! + move))
  }
}

async function evaluateAll(options: BandOptions): Promise<EvaluatedBand> {
  const images = options.images.map(image => image.slice())
  if (images.length < 3) {
    throw new UserError({
      message: `a band of ${images.length} images has none between its ends`,
      hint: 'use at least 3 images, better 7 or 9',
    })
  }
  const other = images.findIndex(image => image.length !== images[0]!.length)
  if (other >= 0) {
    throw new UserError({
      message: `image ${other + 1} has ${images[other]!.length / 3} atoms, image 1 has ${images[0]!.length / 3}`,
    })
  }
  if (options.drifts) layOver(images)
  const indices = images.map((_, i) => i)
  const evaluations = await options.evaluator.evaluate(images, indices)
  checkFinite(evaluations, indices, 0)
  return {
    images,
    energies_eV: evaluations.map(image => image.energy),
    forces: evaluations.map(image => image.forces),
  }
}

function checkFinite(
  evaluations: readonly ImageEvaluation[],
  indices: readonly number[],
  iteration: number,
): void {
  evaluations.forEach(({ energy, forces }, i) => {
    const bad = forces.findIndex(force => !Number.isFinite(force))
    if (bad < 0 && Number.isFinite(energy)) return
    const atom = bad >= 0 ? `, atom ${Math.floor(bad / 3) + 1}` : ''
    throw new SimulationError({
      message: 'energy or forces are not finite',
      where: `iteration ${iteration}, image ${indices[i]! + 1}${atom}`,
      hint: 'atoms may lie on top of one another: try path: idpp, or give a via point',
    })
  })
}
