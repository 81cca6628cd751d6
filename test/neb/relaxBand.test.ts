import { describe, expect, it } from 'vitest'
import type { BandCheckpoint } from '../../src/files/bandFiles.ts'
import { barrierOf } from '../../src/neb/barrier.ts'
import type { BandOptions, BandState } from '../../src/neb/neb.ts'
import { bandWarnings } from '../../src/neb/warnings.ts'
import { evaluatorOn, line, type Surface, statesOf } from './helpers/surfaces.ts'

const HEIGHT = 0.5
/** Wells at x = ±1 Å, one saddle at the origin, the valley bent in y. */
const bent: Surface = (x, y) => HEIGHT * (x * x - 1) ** 2 + 4 * (y - 0.6 * (1 - x * x)) ** 2

function options(extra: Partial<BandOptions> = {}): BandOptions {
  return {
    evaluator: evaluatorOn(bent),
    images: line([-1, 0], [1, 0], 7),
    springs: { kind: 'uniform', stiffness_eV_per_A2: 1 },
    optimizer: 'lbfgs',
    climb: true,
    fmax_eV_per_A: 0.005,
    max_iterations: 500,
    ...extra,
  }
}

const distances = (path: readonly number[]) => path.slice(1).map((length, i) => length - path[i]!)

describe.each(['lbfgs', 'fire'] as const)('%s', optimizer => {
  it('finds the barrier of a bent valley from a straight line', async () => {
    const band = (await statesOf(options({ optimizer }))).at(-1)!
    expect(band.converged).toBe(true)
    const barrier = barrierOf(band.path_A, band.energies_eV, band.tangentForces_eV_per_A)
    expect(barrier.barrier_eV).toBeCloseTo(HEIGHT, 4)
    expect(barrier.saddle.image).toBe(3)
  })

  it('a band continues bit for bit from a checkpoint in JSON', async () => {
    const whole = await statesOf(options({ optimizer }))
    for (const at of [2, whole.length - 3]) {
      const data: BandCheckpoint = JSON.parse(JSON.stringify(whole[at]!.checkpoint()))
      const rest = await statesOf(options({ optimizer, from: data, images: [] }))
      expect(rest.length).toBe(whole.length - at)
      const [a, b] = [whole.at(-1)!, rest.at(-1)!]
      expect(b.images.map(image => [...image])).toEqual(a.images.map(image => [...image]))
      expect(b.energies_eV).toEqual(a.energies_eV)
      expect([b.iteration, b.forceCalls, b.converged]).toEqual([a.iteration, a.forceCalls, true])
    }
  })

  it('ends unconverged when the iterations do not suffice', async () => {
    const states = await statesOf(options({ optimizer, max_iterations: 3 }))
    expect(states.map(state => state.iteration)).toEqual([0, 1, 2, 3])
    expect(states.at(-1)!.converged).toBe(false)
  })

  it('counts every image once per evaluation, the ends once', async () => {
    const evaluator = evaluatorOn(bent)
    const band = (await statesOf(options({ optimizer, evaluator }))).at(-1)!
    expect(band.forceCalls).toBe(7 + 5 * band.iteration)
    expect(evaluator.calls).toBe(band.forceCalls)
  })
})

describe('a band', () => {
  it('climbs only once it is nearly at rest, and is not converged before', async () => {
    const states = await statesOf(options({ climbFrom_eV_per_A: 0.1, fmax_eV_per_A: 0.05 }))
    const first = states.findIndex(state => state.stage === 'climbing')
    expect(first).toBeGreaterThan(0)
    expect(
      states.slice(0, first).every(s => s.climbing === null && !s.converged && s.fmax_eV_per_A > 0.1),
    ).toBe(true)
    expect(states[first]!.climbing!.image).toBe(3)
    // What L-BFGS learned before the forces turned round is gone.
    expect(states[first - 1]!.checkpoint().optimizer).not.toMatchObject({ last: null })
    expect(states[first]!.checkpoint().optimizer).toMatchObject({ pairs: [], last: null })
  })

  it('is converged only when the climbing image is, too', async () => {
    for (const state of await statesOf(options())) {
      if (!state.converged) continue
      expect(state.climbing!.fmax_eV_per_A).toBeLessThanOrEqual(0.005)
      expect(Math.max(...state.imageFmax_eV_per_A.slice(1, -1))).toBeLessThanOrEqual(0.005)
    }
  })

  it('has evenly spaced images with uniform springs, from an uneven start', async () => {
    const images = [-1, -0.9, -0.8, -0.7, -0.5, 0.2, 1].map(x => Float64Array.of(x, 0, 0))
    const band = (await statesOf(options({ images, climb: false }))).at(-1)!
    expect(band.converged).toBe(true)
    const spacing = distances(band.path_A)
    for (const d of spacing) expect(d).toBeCloseTo(spacing[0]!, 2)
  })

  it('has its images nearer together at the top with energy-weighted springs', async () => {
    const springs = { kind: 'energy-weighted', softest_eV_per_A2: 0.1, stiffest_eV_per_A2: 1 } as const
    const band = (await statesOf(options({ springs, climb: false }))).at(-1)!
    const spacing = distances(band.path_A)
    expect(spacing[2]!).toBeLessThan(0.8 * spacing[0]!)
  })

  it('reads low with an even number of images that do not climb, and says so', async () => {
    const band = (await statesOf(options({ images: line([-1, 0], [1, 0], 6), climb: false }))).at(-1)!
    expect(Math.max(...band.energies_eV) - band.energies_eV[0]!).toBeLessThan(0.95 * HEIGHT)
    const check = { climb: false, fmax_eV_per_A: 0.005, endpoints_fmax_eV_per_A: 0.005 }
    const warnings = bandWarnings(band, check)
    expect(warnings.map(warning => warning.flag)).toEqual(['even-without-climbing'])
    expect(warnings[0]!.message).toContain('6 images')
    expect(warnings[0]!.images).toEqual([2, 3])
  })

  it('a band keeps its ends and frozen atoms where they are under any force', async () => {
    const evaluator = {
      evaluate: async (images: readonly Float64Array[]) =>
        (await evaluatorOn(bent).evaluate(images)).map(({ energy, forces }) => ({
          energy,
          forces: Float64Array.of(...forces, 50, -50, 50),
        })),
    }
    const images = line([-1, 0], [1, 0], 5).map(image => Float64Array.of(...image, 7, 8, 9))
    const band = (await statesOf(options({ evaluator, images, frozen: Uint8Array.of(0, 1) }))).at(-1)!
    expect(band.converged).toBe(true)
    expect(band.images[0]).toEqual(images[0])
    expect(band.images[4]).toEqual(images[4])
    for (const image of band.images) expect([...image.slice(3)]).toEqual([7, 8, 9])
    // What is written out is the force of the potential.
    expect(band.forces[2]![3]).toBe(50)
  })

  it('does not climb where no image is higher than both ends', async () => {
    const slope: Surface = (x, y) => 0.3 * x + y * y
    const band = (
      await statesOf(options({ evaluator: evaluatorOn(slope), images: line([0, 0], [2, 0], 5) }))
    ).at(-1)!
    expect(band.climbing).toBeNull()
    expect(band.converged).toBe(true)
  })

  it('takes no atom further than the cap in one step', async () => {
    const states = await statesOf(options({ images: line([-1, 3], [1, 3], 7), stepCap_A: 0.07 }))
    const moves = states
      .slice(1)
      .flatMap((state, s) =>
        state.images.map((image, i) => Math.hypot(...image.map((x, k) => x - states[s]!.images[i]![k]!))),
      )
    expect(Math.max(...moves)).toBeLessThan(0.07 + 1e-12)
    expect(Math.max(...moves)).toBeGreaterThan(0.069)
  })

  it('names iteration, image and atom when a force is not finite', async () => {
    const evaluator = {
      evaluate: async (images: readonly Float64Array[], indices: readonly number[]) =>
        images.map((_, k) => ({
          energy: 0,
          forces: Float64Array.of(0, indices[k] === 2 ? Number.NaN : 0, 0),
        })),
    }
    await expect(statesOf(options({ evaluator }))).rejects.toMatchObject({
      name: 'SimulationError',
      where: 'iteration 0, image 3, atom 1',
    })
  })

  it('refuses two images', async () => {
    await expect(statesOf(options({ images: line([-1, 0], [1, 0], 2) }))).rejects.toThrow('2 images')
  })
})

/**
 * Wells at y = ±1 Å, a saddle at the origin; the valley runs there nearly along x, across the line between the wells:
 * three images take a wall for the way up.
 */
const winding: Surface = (x, y) => HEIGHT * (y * y - 1) ** 2 + 4 * (x - 2 * (y - y ** 3)) ** 2 + 0.02 * y

const windingBand = (images: number, extra: Partial<BandOptions> = {}) =>
  options({ evaluator: evaluatorOn(winding), images: line([0, -1], [0, 1], images), ...extra })

describe.each(['lbfgs', 'fire'] as const)('a band that %s lets climb up a wall', optimizer => {
  it('is taken back, tries again, and ends soon as the plain band that it was', async () => {
    const states = await statesOf(windingBand(3, { optimizer }))
    const band = states.at(-1)!
    expect(band).toMatchObject({ lost: true, converged: false, stage: 'plain', climbing: null })
    expect(band.setbacks.length).toBeGreaterThan(1)
    expect(band.setbacks.every(({ stage, image }) => stage === 'climbing' && image === 1)).toBe(true)
    expect(band.fmax_eV_per_A).toBeLessThanOrEqual(0.005)
    expect(band.energies_eV[1]).toBeLessThan(1.1 * HEIGHT)
    expect(band.iteration).toBeLessThan(500)
    // Nothing that has exploded is ever shown.
    expect(Math.max(...states.flatMap(state => state.energies_eV))).toBeLessThan(20)
    const [warning] = bandWarnings(band, { climb: true, fmax_eV_per_A: 0.005, endpoints_fmax_eV_per_A: 1 })
    expect(warning).toMatchObject({ flag: 'went-astray', images: [1] })
    expect(warning!.message).toMatch(/on image 2 of 3.*taken back \d times.*before it climbed/)
  })

  it('a band continues from any of its checkpoints to the same result', async () => {
    const whole = await statesOf(windingBand(3, { optimizer }))
    const json = (state: BandState) => JSON.stringify(state.checkpoint())
    for (const at of whole.keys()) {
      const from: BandCheckpoint = JSON.parse(json(whole[at]!))
      const end = (await statesOf(windingBand(3, { optimizer, from, images: [] }))).at(-1)!
      expect(json(end)).toBe(json(whole.at(-1)!))
    }
  })

  it('finds its saddle with more images', async () => {
    const band = (await statesOf(windingBand(9, { optimizer }))).at(-1)!
    expect(band.converged).toBe(true)
    const { barrier_eV } = barrierOf(band.path_A, band.energies_eV, band.tangentForces_eV_per_A)
    expect(barrier_eV).toBeCloseTo(HEIGHT + 0.02, 3)
  })
})

describe('a band that nothing holds to a place', () => {
  /** Two atoms that see only each other, as `bent` says. */
  const pair = {
    evaluate: async (images: readonly Float64Array[]) => {
      const seen = await evaluatorOn(bent).evaluate(
        images.map(x => x.slice(0, 3).map((v, c) => v - x[3 + c]!)),
      )
      return seen.map(({ energy, forces }) => ({
        energy,
        forces: Float64Array.of(...forces, ...forces.map(f => -f)),
      }))
    },
  }
  /** The second atom slides along while the first hops by it. */
  const sliding = line([-1, 0], [1, 0], 7).map((image, i) =>
    Float64Array.of(...image.map((x, c) => x + (c === 1 ? i : 0)), 0, i, 0),
  )
  const centre = (image: Float64Array) => [0, 1, 2].map(c => (image[c]! + image[3 + c]!) / 2)

  it('does not slide, nor is longer for it', async () => {
    const band = (await statesOf(options({ evaluator: pair, images: sliding, drifts: true }))).at(-1)!
    expect(band.converged).toBe(true)
    for (const image of band.images) {
      centre(image).forEach((x, c) => {
        expect(x).toBeCloseTo(centre(sliding[0]!)[c]!, 9)
      })
    }
    const alone = (await statesOf(options())).at(-1)!
    // Two atoms share the way of one.
    expect(band.path_A.at(-1)! * Math.SQRT2).toBeCloseTo(alone.path_A.at(-1)!, 1)
    expect(Math.max(...band.energies_eV)).toBeCloseTo(HEIGHT, 4)
  })
})

it('twin saddles do not take turns in climbing', async () => {
  // Three wells, two saddles that differ by 1 meV.
  const twin: Surface = (x, y) =>
    (HEIGHT * (1 - Math.cos(Math.PI * x))) / 2 + 0.001 * x + 4 * (y - 0.3 * Math.sin(Math.PI * x)) ** 2
  const states = await statesOf(options({ evaluator: evaluatorOn(twin), images: line([-2, 0], [2, 0], 9) }))
  expect(states.at(-1)!.converged).toBe(true)
  const climbers = states.flatMap(({ climbing }) => (climbing ? [climbing.image] : []))
  expect(climbers.filter((image, k) => k > 0 && image !== climbers[k - 1]).length).toBeLessThanOrEqual(1)
  expect(climbers.at(-1)).toBe(6)
})
