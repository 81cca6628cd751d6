import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { WebAssemblyKernel } from 'gpu.js'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { UserError } from '../../../src/errors.ts'
import { type Backend, createBackend, type KernelDescription } from '../../../src/platform/gpu/backends.ts'
import { loadGpuJs } from '../../../src/platform/gpu/gpuJs.ts'
import { onEachBackend, onWebGpu } from './helpers.ts'

const kernel = (source: string, others: Partial<KernelDescription> = {}): KernelDescription => ({
  name: 'test',
  source,
  arrays: 1,
  numbers: 0,
  components: 1,
  output: [3],
  longestLoop: 1,
  ...others,
})

/** What else a device does, as far as it is looked at here. */
interface Compiler {
  createShaderModule(settings: { readonly code: string }): object
  createComputePipeline(settings: object): object
}

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

onEachBackend(name => {
  let backend: Backend
  beforeAll(async () => {
    backend = await createBackend(name)
  })
  afterAll(() => backend?.dispose())

  it('returns an Array(n) of each element as plain numbers', async () => {
    const source = 'function (a, s) { const x = a[0][this.thread.x]; return [x, s * x, this.thread.x]; }'
    const input = backend.array(3)
    input.write(Float32Array.of(5, 6, 7))
    const one = backend.kernel(kernel(source, { numbers: 1, components: 3 }))
    expect([...(await one.run([input], [0.5]))]).toEqual([5, 2.5, 0, 6, 3, 1, 7, 3.5, 2])
    input.write(Float32Array.of(1, 1, 1))
    expect([...(await one.run([input], [2]))]).toEqual([1, 2, 0, 1, 2, 1, 1, 2, 2])
  })

  it('gives overlapping launches of a kernel their own results', async () => {
    const one = backend.kernel(kernel('function (a, s) { return a[0][this.thread.x] + s; }', { numbers: 1 }))
    const input = backend.array(3)
    input.write(Float32Array.of(1, 2, 3))
    const results = await Promise.all([0, 10, 20].map(s => one.run([input], [s])))
    expect(results.map(result => [...result])).toEqual([
      [1, 2, 3],
      [11, 12, 13],
      [21, 22, 23],
    ])
  })

  it('leaves results where another kernel reads them, and the same one writes the next', async () => {
    const twice = backend.kernel(
      kernel('function (a) { const x = a[0][this.thread.x]; return [x, 2 * x, -x]; }', { components: 3 }),
    )
    const sum = backend.kernel(
      kernel('function (a) { const k = this.thread.x; return a[k][0] + 10 * a[k][1] + 100 * a[k][2]; }'),
    )
    const input = backend.array(3)
    for (const [from, expected] of [
      [Float32Array.of(1, 2, 3), [-79, -158, -237]],
      [Float32Array.of(0, -1, 10), [0, 79, -790]],
    ] as const) {
      input.write(from)
      const rows = await twice.launch([input], [])
      expect([rows.width, rows.height]).toEqual([3, 3])
      const sums = await sum.launch([rows], [], 1)
      expect([...(await sums.read())]).toEqual(expected)
      expect([...(await rows.read())].slice(3, 6)).toEqual([from[1], 2 * from[1]!, -from[1]!])
    }
    for (const part of [twice, sum, input]) part.dispose()
  })

  it('runs loops to their end, beyond the 1000 rounds at which gpu.js stops them', async () => {
    const source =
      'function (a) { let n = 0; const end = a[0][0]; for (let k = 0; k < end; k++) { n += 1; } return n; }'
    const input = backend.array(1)
    input.write(Float32Array.of(5000))
    const one = backend.kernel(kernel(source, { longestLoop: 5000 }))
    expect([...(await one.run([input], []))]).toEqual([5000, 5000, 5000])
  })

  it('reads the right element of an array of more than 2²⁴', async () => {
    const [width, height] = [4099, 4201]
    const values = Float32Array.from({ length: width * height }, (_, k) => k % 9973)
    const [array, where] = [backend.array(width, height), backend.array(2, 3)]
    array.write(values)
    const places = [
      [4200, 4098],
      [4200, 1],
      [4093, 3701],
    ]
    where.write(Float32Array.from(places.flat()))
    const source =
      'function (a, at) { const y = at[this.thread.x][0]; const x = at[this.thread.x][1]; return a[y][x]; }'
    const one = backend.kernel(kernel(source, { arrays: 2 }))
    const found = await one.run([array, where], [])
    expect([...found]).toEqual(places.map(([y, x]) => values[y! * width + x!]))
    for (const part of [one, array, where]) part.dispose()
  })

  it('refuses arrays of other sizes than those a kernel was first run with', async () => {
    const one = backend.kernel(kernel('function (a) { return a[0][this.thread.x]; }'))
    await one.run([backend.array(3)], [])
    expect(() => one.run([backend.array(4)], [])).toThrow('other arguments')
  })
})

it('no kernel falls back to the cpu without an error', async () => {
  const backend = await createBackend('webasm')
  // What gpu.js calls to learn whether it can translate a kernel.
  const translate = vi.spyOn(
    WebAssemblyKernel.prototype as unknown as { translateSource(): boolean },
    'translateSource',
  )
  translate.mockReturnValue(false)
  const run = backend
    .kernel(kernel('function (a) { return a[0][this.thread.x]; }'))
    .run([backend.array(3)], [])
  await expect(run).rejects.toThrow("does not run the kernel 'test' on webasm: return type")
  translate.mockRestore()
  await backend.dispose()
})

it('a backend that is not available is named', async () => {
  await expect(createBackend('webgl2')).rejects.toThrow(UserError)
  await expect(createBackend('webgl2')).rejects.toThrow('no webgl2 here')
})

onWebGpu(() => {
  const add = 'function (a) { return a[0][this.thread.x] + 1; }'
  const acquire = async () => {
    const context = await (await loadGpuJs()).WebGPUContext.acquire()
    return context as unknown as { readonly device: (typeof context)['device'] & Compiler }
  }

  it('keeps compiled shaders, so that kernels of the same text need no compilation', async () => {
    const { device } = await acquire()
    const made: WeakRef<object>[] = []
    const compile = device.createComputePipeline.bind(device)
    device.createComputePipeline = settings => {
      const pipeline = compile(settings)
      made.push(new WeakRef(pipeline))
      return pipeline
    }
    const texts = vi.spyOn(device, 'createShaderModule')
    // Loops that are as long to a power of two.
    for (const longestLoop of [1100, 1900]) {
      const backend = await createBackend('webgpu')
      const source =
        'function (a) { let n = 0; const end = a[0][0]; for (let k = 0; k < end; k++) { n += 2; } return n; }'
      const one = backend.kernel(kernel(source, { longestLoop }))
      await one.run([backend.array(3)], [])
      one.dispose()
      await backend.dispose()
    }
    device.createComputePipeline = compile
    const [first, second] = texts.mock.calls.map(([{ code }]) => code)
    texts.mockRestore()
    expect(second).toBe(first)
    await new Promise(resolve => setTimeout(resolve))
    collectGarbage()
    expect(made.filter(pipeline => pipeline.deref())).toHaveLength(1)
  })

  it('makes no new buffers after the first launches', async () => {
    const backend = await createBackend('webgpu')
    const { device } = await acquire()
    const [input, one] = [backend.array(3), backend.kernel(kernel(add))]
    for (let k = 0; k < 5; k++) await one.run([input], [])
    const made = vi.spyOn(device, 'createBuffer')
    for (let k = 0; k < 50; k++) await one.run([input], [])
    expect(made).not.toHaveBeenCalled()
    made.mockRestore()
    await backend.dispose()
  })

  it('throws if the device refuses its work, and returns no old result', async () => {
    const backend = await createBackend('webgpu')
    const { device } = await acquire()
    const [input, one] = [backend.array(3), backend.kernel(kernel(add))]
    await one.run([input], [])
    device.createBuffer({ size: 2 ** 50, usage: 0x80 })
    await expect(one.run([input], [])).rejects.toThrow('the GPU refused its work: ')
    const next = await createBackend('webgpu')
    const again = next.kernel(kernel(add))
    expect([...(await again.run([next.array(3)], []))]).toEqual([1, 1, 1])
    await next.dispose()
  })

  it('reports a lost device, and takes a new one for later kernels', async () => {
    const backend = await createBackend('webgpu')
    const { device } = await acquire()
    const [input, one] = [backend.array(3), backend.kernel(kernel(add))]
    await one.run([input], [])
    const running = one.run([input], [])
    device.destroy()
    await expect(running).rejects.toThrow('the GPU was lost in the middle of a computation')
    await expect(one.run([input], [])).rejects.toMatchObject({ hint: expect.stringContaining('resume') })
    const next = await createBackend('webgpu')
    const again = next.kernel(kernel(add))
    expect([...(await again.run([next.array(3)], []))]).toEqual([1, 1, 1])
    await next.dispose()
  })
})
