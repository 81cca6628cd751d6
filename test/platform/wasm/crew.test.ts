import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { SimulationError } from '../../../src/errors.ts'
import type { Evaluator } from '../../../src/platform/platform.ts'
import { createSimdEvaluator } from '../../../src/platform/simd/simd.ts'
import { createCrew, type Job } from '../../../src/platform/wasm/crew.ts'
import { instantiateKernels } from '../../../src/platform/wasm/kernels.ts'
import { createArena, createMemory } from '../../../src/platform/wasm/memory.ts'
import { hotPvdf } from '../../tools/polymerBoxes.ts'

const program = (name: string) => pathToFileURL(join(import.meta.dirname, 'crewPrograms', name))

const pvdf = hotPvdf()

/** A crew of which all threads have started: what is to be seen of them would be over before that. */
async function startCrew(threads: number, programName?: string, memory = createMemory()) {
  const kernels = instantiateKernels(memory)
  const options = programName === undefined ? { threads } : { threads, program: program(programName) }
  const crew = createCrew(kernels, options)
  return { kernels, crew }
}

/** Forces and energy along a path that makes lists anew several times. */
async function along(threads: number, memory?: WebAssembly.Memory) {
  const { kernels, crew } = await startCrew(threads, undefined, memory)
  await crew.ready()
  const evaluator = createSimdEvaluator(pvdf.system, { kernels, crew })
  try {
    const results: number[][] = []
    for (let step = 0; step < 12; step++) {
      const positions = pvdf.state.positions.map((x, k) => x + 0.2 * step * Math.sin(k))
      const { energy, forces, virial } = await evaluator.evaluate({ ...pvdf.state, positions })
      results.push([energy, ...forces, ...virial])
    }
    return { results, helped: crew.helped }
  } finally {
    await evaluator.dispose()
  }
}

/** Evaluates until that fails. */
async function evaluateForever(evaluator: Evaluator, onEnd = () => {}): Promise<void> {
  for (;;) {
    await evaluator.evaluate(pvdf.state)
    onEnd()
    await new Promise(resolve => setTimeout(resolve, 1))
  }
}

describe('threads of the simd platform', () => {
  it('do not change a result, for any number of threads', async () => {
    const one = await along(1)
    expect(one.helped).toBe(0)
    for (const threads of [2, 5]) {
      const { results, helped } = await along(threads)
      expect(helped).toBeGreaterThan(0)
      expect(results).toEqual(one.results)
    }
  })

  it('are one if memory cannot be shared, and this memory can grow', async () => {
    const memory = createMemory(false)
    const before = memory.buffer.byteLength
    const { results, helped } = await along(4, memory)
    expect(helped).toBe(0)
    expect(memory.buffer.byteLength).toBeGreaterThan(before)
    expect(results).toEqual((await along(1)).results)
  })

  it('that end give an error with the cause, now and in later evaluations', async () => {
    const evaluator = createSimdEvaluator(pvdf.system, await startCrew(2, 'exits.mjs'))
    await expect(evaluateForever(evaluator)).rejects.toThrow(/a worker thread ended: exit code 3/)
    await expect(evaluator.evaluate(pvdf.state)).rejects.toThrow(/a worker thread ended: exit code 3/)
  })

  it('that throw at their start give the cause', async () => {
    const { kernels, crew } = await startCrew(2, 'throws.mjs')
    const evaluator = createSimdEvaluator(pvdf.system, { kernels, crew })
    await expect(crew.ready()).rejects.toThrow(/no such thing as a kernel/)
    await expect(evaluateForever(evaluator)).rejects.toThrow(
      /a worker thread ended: no such thing as a kernel/,
    )
  })

  it('that are ended during an evaluation end the evaluation', async () => {
    const { kernels, crew } = await startCrew(2, 'keeps.mjs')
    await crew.ready()
    const evaluator = createSimdEvaluator(pvdf.system, { kernels, crew })
    let ended = 0
    const evaluations = evaluateForever(evaluator, () => ended++)
    const rejected = expect(evaluations).rejects.toThrow(/disposed of/)
    // Until the thread has taken a job: the main thread can be quicker.
    for (let seen = -1; ended > seen; ) {
      seen = ended
      await new Promise(resolve => setTimeout(resolve, 500))
    }
    await evaluator.dispose()
    await rejected
  })

  it('do not share an evaluator among evaluations', async () => {
    const evaluator = createSimdEvaluator(pvdf.system, { threads: 1 })
    const first = evaluator.evaluate(pvdf.state)
    await expect(evaluator.evaluate(pvdf.state)).rejects.toThrow(/before the last one had ended/)
    expect((await first).energy).toBeLessThan(0)
  })
})

it('evaluators that take turns need no more memory each time', async () => {
  const memory = createMemory()
  const { kernels, crew } = await startCrew(1, undefined, memory)
  const evaluator = createSimdEvaluator(pvdf.system, { kernels, crew, reproducible: true })
  const others = pvdf.state.positions.map((x, k) => x + 0.9 * Math.sin(k))
  const take = async (turns: number) => {
    for (let turn = 0; turn < turns; turn++) {
      await evaluator.evaluate(pvdf.state)
      await evaluator.evaluate({ ...pvdf.state, positions: others })
    }
    return memory.buffer.byteLength
  }
  const few = await take(3)
  expect(await take(20)).toBe(few)
})

describe('a crew', () => {
  const prepare = async (threads = 1) => {
    const memory = createMemory()
    const { crew } = await startCrew(threads, undefined, memory)
    await crew.ready()
    return { arena: createArena(memory), crew }
  }
  /** Writes where there is no memory. */
  const failing: Job = {
    part: 'pair',
    calls: [{ kernel: 'clearPart', args: [0xffff_0000, 0, 0, 0] }],
  }

  it.each([1, 3])('of %i threads reports the message of a kernel that fails', async threads => {
    const { crew } = await prepare(threads)
    crew.start([failing])
    await expect(crew.finish()).rejects.toThrow(/the kernel clearPart failed: RuntimeError/)
    expect(() => crew.start([failing])).toThrow(SimulationError)
    await crew.dispose()
  })

  it('reports a kernel that does not exist', async () => {
    const { crew } = await prepare()
    crew.start([{ part: 'pair', calls: [{ kernel: 'noSuchKernel', args: [] }] }])
    await expect(crew.finish()).rejects.toThrow(/the kernel \? failed/)
  })

  it('does every job once, over many rounds', async () => {
    const { arena, crew } = await prepare(3)
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
    expect(crew.helped).toBeGreaterThan(0)
    await crew.dispose()
  })
})
