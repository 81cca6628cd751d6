import { describe, expect, it, onTestFinished } from 'vitest'
import { createBox } from '../../../src/core/box.ts'
import { createState } from '../../../src/core/state.ts'
import type { System } from '../../../src/core/system.ts'
import { type ImageEvaluatorOptions, prepareImageEvaluator } from '../../../src/platform/images/images.ts'
import type { ImageEvaluator } from '../../../src/platform/platform.ts'
import { referencePlatform } from '../../../src/platform/reference/reference.ts'
import { randomSequence, STREAM } from '../../../src/rng.ts'
import { hideGpu } from '../../tools/noGpu.ts'
import { coulombForce, makeCase, pairForce } from '../parity/cases.ts'

hideGpu()

const { system, state } = makeCase('ions', [
  pairForce('buckingham', { kind: 'plain' }),
  coulombForce({ name: 'ewald', alpha_per_A: 0.7, kCutoff_per_A: 7 }),
])
const { box } = state

/** One atom after another wanders off, across the cell's faces too. */
const images = Array.from({ length: 12 }, (_, n) => {
  const random = randomSequence(n, STREAM.build)
  return state.positions.map(
    (x, k) => x + 0.2 * random.uniform() + (Math.floor(k / 3) === n ? 3 + 9 * random.uniform() : 0),
  )
})

async function evaluator(options: ImageEvaluatorOptions, of: System = system): Promise<ImageEvaluator> {
  const created = await prepareImageEvaluator('auto', of, box, options)
  onTestFinished(() => created.dispose())
  return created
}

/** Again and again until something holds: worker threads join when they have started. */
async function until(holds: () => Promise<boolean>, limit_s = 60): Promise<void> {
  const end = performance.now() + 1000 * limit_s
  while (!(await holds())) if (performance.now() > end) throw new Error(`not within ${limit_s} s`)
}

/** Until worker threads must have joined. */
async function throughout(seconds: number, task: () => Promise<unknown>): Promise<void> {
  const end = performance.now() + 1000 * seconds
  await until(async () => {
    await task()
    return performance.now() > end
  })
}

const program = (code: string) => new URL(`data:text/javascript,${encodeURIComponent(code)}`)

describe('images of a band on threads', () => {
  it('have the results of single evaluations', async () => {
    const together = await (await evaluator({ threads: 1 })).evaluate(images)
    for (const [k, positions] of images.entries()) {
      const alone = await (await referencePlatform.prepare(system)).evaluate(createState(positions, box))
      expect(together[k]!.energy).toBeCloseTo(alone.energy, 9)
      const scale = Math.max(...alone.forces.map(Math.abs))
      alone.forces.forEach((f, c) => {
        expect(Math.abs(together[k]!.forces[c]! - f) / scale).toBeLessThan(1e-12)
      })
    }
  })

  it('have the same bits after any other evaluation', async () => {
    const travelled = await evaluator({ threads: 1 })
    // Near enough for the lists of pairs that were built then to serve now.
    await travelled.evaluate(images.map(image => image.map((x, k) => x + 0.05 * Math.sin(k))))
    const there = await travelled.evaluate(images)
    for (const [k, positions] of images.entries()) {
      const [fresh] = await (await evaluator({ threads: 1 })).evaluate([positions])
      expect(there[k]).toEqual(fresh)
    }
  })

  it('have the same bits with any number of threads', async () => {
    const alone = await (await evaluator({ threads: 1 })).evaluate(images)
    const shared = await evaluator({ threads: 3 })
    await throughout(2, async () => expect(await shared.evaluate(images)).toEqual(alone))
  })

  it('can be evaluated by several calls at the same time', async () => {
    const shared = await evaluator({ threads: 2 })
    const parts = [images.slice(0, 5), [], images.slice(5, 6), images.slice(6)]
    const results = await Promise.all(parts.map(part => shared.evaluate(part)))
    expect(results.flat()).toEqual(await shared.evaluate(images))
  })

  it('are returned in new arrays, in any number', async () => {
    const shared = await evaluator({ threads: 2 })
    const [first] = await shared.evaluate(images.slice(0, 1))
    const kept = first!.forces.slice()
    expect(await shared.evaluate([])).toEqual([])
    expect(await shared.evaluate(images.slice(3))).toHaveLength(images.length - 3)
    expect(first!.forces).toEqual(kept)
  })

  it('keep no lists of another cell', async () => {
    const other = createBox(box.matrix.map(x => 1.01 * x))
    const small = await (await prepareImageEvaluator('reference', system, other, { threads: 1 })).evaluate(
      images,
    )
    const large = await (await evaluator({ threads: 1 })).evaluate(images)
    expect(small[0]!.energy).not.toBe(large[0]!.energy)
  })
})

describe('a worker thread', () => {
  it('computes its share of the images', async () => {
    // Says that it is ready and takes every image there is, but computes nothing.
    const greedy = program(`
      import { parentPort } from 'node:worker_threads'
      parentPort.on('message', memory => {
        while (Atomics.add(memory.next, 0, 1) < memory.count) memory.energies.fill(42)
        parentPort.postMessage([])
      })
      parentPort.postMessage('ready')`)
    const shared = await evaluator({ threads: 2, program: greedy })
    await until(async () => (await shared.evaluate(images)).at(-1)!.energy === 42)
  })

  it.each([
    ['that throws', "throw new Error('out of ink')", /a worker thread ended: out of ink/],
    ['that leaves', 'process.exit(3)', /a worker thread ended: exit code 3/],
    [
      'that leaves in the middle',
      `import { parentPort } from 'node:worker_threads'
       parentPort.on('message', memory => { Atomics.add(memory.next, 0, 1); process.exit(4) })
       parentPort.postMessage('ready')`,
      /a worker thread ended: exit code 4/,
    ],
  ])('%s is an error with its cause, and stays one', async (_what, code, message) => {
    const shared = await evaluator({ threads: 2, program: program(code) })
    const fails = throughout(60, () => shared.evaluate(images))
    await expect(fails).rejects.toThrow(message)
    await expect(shared.evaluate(images)).rejects.toThrow(message)
  })
})

describe('an image that cannot be evaluated', () => {
  it.each([1, 3])('is named in the error, the first of its call, with %i threads', async threads => {
    const shared = await evaluator({ threads })
    await throughout(threads > 1 ? 1 : 0, () => shared.evaluate(images))
    const broken = images.map((image, k) => (k === 4 || k === 9 ? image.with(6, Number.NaN) : image))
    const well = shared.evaluate(images)
    const error = await shared.evaluate(broken).catch(e => e)
    expect(error).toMatchObject({
      name: 'SimulationError',
      message: 'the position of atom 3 is not finite',
      where: 'image 5, coordinate x',
    })
    expect(await well).toEqual(await shared.evaluate(images))
  })
})

it('images refuse a wrong number of threads, and a platform that does not exist', async () => {
  await expect(prepareImageEvaluator('auto', system, box, { threads: 0 })).rejects.toThrow(/threads is 0/)
  await expect(prepareImageEvaluator('gpu', system, box, { threads: 1 })).rejects.toThrow(/'gpu'/)
})
