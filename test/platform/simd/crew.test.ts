import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { SimulationError } from '../../../src/errors.ts'
import { prepareEvaluator } from '../../../src/platform/choose.ts'
import { createArena } from '../../../src/platform/simd/arena.ts'
import { createCrew, type Job } from '../../../src/platform/simd/crew.ts'
import { createMemory, instantiateKernels } from '../../../src/platform/simd/kernels.ts'
import { createSimdEvaluator } from '../../../src/platform/simd/simd.ts'
import { hotPvdf } from '../../tools/polymerBoxes.ts'

const program = (name: string) => pathToFileURL(join(import.meta.dirname, 'crewPrograms', name))

const pvdf = hotPvdf()

/** Forces and energy along a path that makes lists anew several times. */
async function along(threads: number) {
  const evaluator = createSimdEvaluator(pvdf.system, { threads })
  try {
    const results: number[][] = []
    for (let step = 0; step < 6; step++) {
      const positions = pvdf.state.positions.map((x, k) => x + 0.35 * step * Math.sin(k))
      const { energy, forces, virial } = await evaluator.evaluate({ ...pvdf.state, positions })
      results.push([energy, ...forces, ...virial])
    }
    return results
  } finally {
    await evaluator.dispose()
  }
}

describe('threads of the simd platform', () => {
  it('do not change a result, however many there are', async () => {
    const one = await along(1)
    expect(await along(2)).toEqual(one)
    expect(await along(5)).toEqual(one)
  })

  it('are one where memory cannot be shared', async () => {
    const shared = await prepareEvaluator('simd', pvdf.system, { threads: 1 })
    const alone = createSimdEvaluator(pvdf.system, { threads: 4, memory: createMemory(false) })
    const expected = (await shared.evaluate(pvdf.state)).forces.slice()
    expect((await alone.evaluate(pvdf.state)).forces).toEqual(expected)
    expect(alone.threads).toBe(1)
    await shared.dispose()
  })

  it('that end are an error with its cause, not a hang', async () => {
    const evaluator = createSimdEvaluator(pvdf.system, { threads: 2, program: program('exits.mjs') })
    const evaluateForever = async () => {
      for (;;) await evaluator.evaluate(pvdf.state)
    }
    await expect(evaluateForever()).rejects.toThrow(/a worker thread ended: exit code 3/)
  })

  it('that throw when they start say what', async () => {
    const evaluator = createSimdEvaluator(pvdf.system, { threads: 2, program: program('throws.mjs') })
    const evaluateForever = async () => {
      for (;;) {
        await evaluator.evaluate(pvdf.state)
        await new Promise(resolve => setTimeout(resolve, 1))
      }
    }
    await expect(evaluateForever()).rejects.toThrow(/a worker thread ended: no such thing as a kernel/)
  })
})

describe('a crew', () => {
  const prepare = (threads = 1) => {
    const memory = createMemory()
    return { arena: createArena(memory), crew: createCrew(instantiateKernels<unknown>(memory), { threads }) }
  }
  /** Writes where there is no memory. */
  const failing: Job = {
    part: 'pair',
    calls: [{ kernel: 'clearPart', args: [0xffff_0000, 0, 0, 0] }],
  }

  it.each([1, 3])('of %i hands on what a kernel says when it fails', async threads => {
    const { crew } = prepare(threads)
    crew.start([failing])
    await expect(crew.finish()).rejects.toThrow(SimulationError)
    await crew.dispose()
  })

  it('says when a kernel is not there', async () => {
    const { crew } = prepare()
    crew.start([{ part: 'pair', calls: [{ kernel: 'noSuchKernel', args: [] }] }])
    await expect(crew.finish()).rejects.toThrow(/a kernel failed/)
  })

  it('does every job once, over many rounds', async () => {
    const { arena, crew } = prepare(3)
    const cells = 40
    const at = arena.allocate(96 * cells)
    const order = arena.allocate(4)
    const forces = arena.allocate(64)
    const touched = arena.allocate(1)
    arena.f32(forces, 16).set([1, 0, 0, 0, 2, 0, 0, 0, 3])
    arena.u8(touched, 1)[0] = 1
    // Adds (1, 2, 3) to the one atom at an address.
    const jobs = Array.from({ length: cells }, (_, k): Job => {
      const args = [1, order, 1, forces, 64, touched, 1, at + 96 * k, 0, 1]
      return { part: 'pair', calls: [{ kernel: 'addForces', args }] }
    })
    const rounds = 500
    for (let round = 0; round < rounds; round++) {
      crew.start(jobs.slice(0, 7))
      crew.start(jobs.slice(7))
      await crew.finish()
    }
    const sums = arena.f64(at, 12 * cells)
    for (let k = 0; k < cells; k++) {
      expect([...sums.subarray(12 * k, 12 * k + 3)]).toEqual([rounds, 2 * rounds, 3 * rounds])
    }
    expect(crew.timings().pair).toBeGreaterThan(0)
    await crew.dispose()
  })
})
