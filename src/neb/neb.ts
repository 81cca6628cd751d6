import { SimulationError, UserError } from '../errors.ts'
import {
  type OptimizerData,
  type OptimizerName,
  optimizerData,
  optimizerState,
  optimizerStep,
  startOptimizer,
} from '../optimize/optimizer.ts'
import type { ImageEvaluation } from '../platform/platform.ts'
import { bandForces, type EvaluatedBand, pathLengths, type Springs } from './band.ts'

export interface BandOptions {
  /** Energies and forces of some images of the band; `indices` says which. An `ImageEvaluator` will do. */
  readonly evaluator: {
    evaluate(images: readonly Float64Array[], indices: readonly number[]): Promise<readonly ImageEvaluation[]>
  }
  /** [M] of [3N] Å, continuous, as `initialPath` makes them; the first and the last stay as they are. */
  readonly images: readonly Float64Array[]
  /** [N] 1 for atoms that stay where they are and whose forces do not count. */
  readonly frozen?: Uint8Array | null
  readonly springs: Springs
  readonly optimizer: OptimizerName
  /** Whether the highest image climbs to the saddle once the band has come to rest roughly. */
  readonly climb: boolean
  /** `fmax` of the band at which it begins to climb; 0.1 eV/Å when left out. */
  readonly climbFrom_eV_per_A?: number
  readonly fmax_eV_per_A: number
  readonly max_iterations: number
  /** Furthest that one step takes any atom; 0.1 Å when left out. */
  readonly stepCap_A?: number
  /** Curvature that L-BFGS assumes before it has seen any; 70 eV/Å² when left out. */
  readonly firstCurvature_eV_per_A2?: number
  /** Goes on from here instead of from `images`. */
  readonly from?: BandCheckpoint | null
}

export type BandStage = 'plain' | 'climbing'

/** All that a band needs to go on bit for bit, as plain JSON data. */
export interface BandCheckpoint {
  readonly version: 1
  readonly iteration: number
  readonly forceCalls: number
  readonly stage: BandStage
  readonly climbingImage: number | null
  readonly images: readonly (readonly number[])[]
  readonly energies_eV: readonly number[]
  readonly forces: readonly (readonly number[])[]
  readonly optimizer: OptimizerData
}

/** A band after so many iterations; arrays run over images, ends included, and are not changed afterwards. */
export interface BandState extends EvaluatedBand {
  readonly iteration: number
  readonly stage: BandStage
  /** Images evaluated so far, each time counted, the ends once. */
  readonly forceCalls: number
  /** [M] length of the path up to each image, Å */
  readonly path_A: readonly number[]
  /** [M] force of the potential along the path, eV/Å: minus the slope of the energy */
  readonly tangentForces_eV_per_A: readonly number[]
  /** [M] longest NEB force on an atom; at the ends of the force itself, which no iteration lowers */
  readonly imageFmax_eV_per_A: readonly number[]
  /** The longest NEB force on an atom of any image between the ends. */
  readonly fmax_eV_per_A: number
  /** The climbing image (index, 0 is the initial end) and its own `fmax`. */
  readonly climbing: { readonly image: number; readonly fmax_eV_per_A: number } | null
  /** Band and climbing image are both at or below the `fmax` asked for; never true before climbing when it is to climb. */
  readonly converged: boolean
  checkpoint(): BandCheckpoint
}

const CLIMB_FROM_EV_PER_A = 0.1
const STEP_CAP_A = 0.1
const FIRST_CURVATURE_EV_PER_A2 = 70

/** The highest image between the ends if it is higher than both, else null: nothing to climb to. */
function highestInside(energies: readonly number[]): number | null {
  const top = energies.indexOf(Math.max(...energies))
  return top > 0 && top < energies.length - 1 ? top : null
}

/**
 * Relaxes a band, one yield per iteration, the first before any step (of a continued band: the state of its
 * checkpoint, without a force call). All images move as one vector under one optimiser. Ends when converged or after
 * `max_iterations` of them, then with `converged: false`.
 * @throws UserError when there are fewer than three images or they differ in length; SimulationError naming the image
 *   whose energy or forces are not finite
 */
export async function* relaxBand(options: BandOptions): AsyncGenerator<BandState, void> {
  const frozen = options.frozen ?? null
  const stepOptions = {
    stepCap_A: options.stepCap_A ?? STEP_CAP_A,
    firstCurvature_eV_per_A2: options.firstCurvature_eV_per_A2 ?? FIRST_CURVATURE_EV_PER_A2,
  }
  const climbFrom = Math.max(options.climbFrom_eV_per_A ?? CLIMB_FROM_EV_PER_A, options.fmax_eV_per_A)
  const { from } = options
  const band = from ? bandOf(from) : await evaluateAll(options)
  const moving = band.images.slice(1, -1)
  const indices = moving.map((_, i) => i + 1)
  const size = band.images[0]!.length

  let { images, energies_eV, forces } = band
  let stage: BandStage = from?.stage ?? 'plain'
  let climbingImage: number | null = from?.climbingImage ?? null
  let optimizer = from ? optimizerState(from.optimizer) : startOptimizer(options.optimizer)
  let forceCalls = from?.forceCalls ?? images.length
  for (let iteration = from?.iteration ?? 0; ; iteration++) {
    const here = { images, energies_eV, forces }
    let derived = bandForces(here, options.springs, null, frozen)
    if (options.climb) {
      if (stage === 'plain' && highest(derived.fmax_eV_per_A) <= climbFrom) stage = 'climbing'
      if (stage === 'climbing') {
        const top = highestInside(energies_eV)
        // The forces on it turn round: what the optimiser has learned no longer holds.
        if (top !== climbingImage) optimizer = startOptimizer(options.optimizer)
        climbingImage = top
        derived = bandForces(here, options.springs, climbingImage, frozen)
      }
    }
    const fmax = highest(derived.fmax_eV_per_A)
    const converged = fmax <= options.fmax_eV_per_A && (stage === 'climbing' || !options.climb)
    const now = { iteration, forceCalls, stage, climbingImage, optimizer }
    yield {
      ...here,
      iteration,
      stage,
      forceCalls,
      path_A: pathLengths(images),
      tangentForces_eV_per_A: derived.tangentForces_eV_per_A,
      imageFmax_eV_per_A: derived.fmax_eV_per_A,
      fmax_eV_per_A: fmax,
      climbing:
        climbingImage === null
          ? null
          : { image: climbingImage, fmax_eV_per_A: derived.fmax_eV_per_A[climbingImage]! },
      converged,
      checkpoint: () => ({
        version: 1,
        iteration: now.iteration,
        forceCalls: now.forceCalls,
        stage: now.stage,
        climbingImage: now.climbingImage,
        images: here.images.map(image => Array.from(image)),
        energies_eV: here.energies_eV.slice(),
        forces: here.forces.map(force => Array.from(force)),
        optimizer: optimizerData(now.optimizer),
      }),
    }
    if (converged || iteration >= options.max_iterations) return

    const next = optimizerStep(
      optimizer,
      join(images.slice(1, -1)),
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

/** As `relaxBand`, to its end. */
export async function relaxedBand(options: BandOptions): Promise<BandState> {
  let last: BandState | undefined
  for await (last of relaxBand(options)) {
    // Only the last state counts.
  }
  return last!
}

/** Largest of the images between the ends. */
const highest = (perImage: readonly number[]) => Math.max(...perImage.slice(1, -1))

function join(parts: readonly Float64Array[]): Float64Array {
  const size = parts[0]!.length
  const whole = new Float64Array(parts.length * size)
  parts.forEach((part, i) => {
    whole.set(part, i * size)
  })
  return whole
}

function bandOf(checkpoint: BandCheckpoint): EvaluatedBand {
  const typed = (rows: readonly (readonly number[])[]) => rows.map(row => Float64Array.from(row))
  const { images, energies_eV, forces } = checkpoint
  return { images: typed(images), energies_eV: energies_eV.slice(), forces: typed(forces) }
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
