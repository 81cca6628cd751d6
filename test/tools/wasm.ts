import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'
import type { SimdFlavour } from '../../src/platform/wasm/kernels.ts'

/**
 * Compiles the kernels of the simd platform. Run `npm run wasm` after a change in src/platform/wasm/assembly; a test
 * compares what is committed with what comes out here.
 */
const WASM = fileURLToPath(new URL('../../src/platform/wasm/', import.meta.url))

export const wasmFile = (flavour: SimdFlavour) => join(WASM, `${flavour}.wasm`)

/** @throws with the compiler's words */
export async function compileWasm(flavour: SimdFlavour): Promise<Uint8Array> {
  let binary: Uint8Array | undefined
  const features = ['simd', 'threads', ...(flavour === 'relaxed-simd' ? ['relaxed-simd'] : [])]
  const { error, stderr } = await asc.main(
    [
      'assembly/index.ts',
      '--baseDir',
      WASM,
      '--outFile',
      'out.wasm',
      '--runtime',
      'stub',
      '--importMemory',
      '--sharedMemory',
      '--initialMemory',
      '1',
      '--maximumMemory',
      '65536',
      '--noAssert',
      '-O3',
      '--converge',
      '--uncheckedBehavior',
      'always',
      ...features.flatMap(feature => ['--enable', feature]),
    ],
    {
      writeFile: (name: string, content: string | Uint8Array) => {
        if (name.endsWith('.wasm') && typeof content !== 'string') binary = content
      },
    },
  )
  if (error || !binary) throw new Error(`${error?.message ?? 'no output'}\n${stderr.toString()}`)
  return binary
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const flavour of ['relaxed-simd', 'simd'] as const) {
    const binary = await compileWasm(flavour)
    writeFileSync(wasmFile(flavour), binary)
    process.stdout.write(`${flavour}.wasm ${binary.length} bytes\n`)
  }
}
