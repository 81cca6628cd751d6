import { readFileSync } from 'node:fs'
import type { Box } from '../../../src/core/box.ts'
import type { CoulombForce } from '../../../src/core/force.ts'
import type { System } from '../../../src/core/system.ts'
import { createSimdPme } from '../../../src/platform/clusters/pme.ts'
import type { Skins } from '../../../src/platform/clusters/realSpace.ts'
import type { Want } from '../../../src/platform/platform.ts'
import type { Accumulator } from '../../../src/platform/reference/nonbonded.ts'
import { createSimdNonbonded } from '../../../src/platform/simd/simd.ts'
import { createCrew } from '../../../src/platform/wasm/crew.ts'
import {
  enableRelaxedSimd,
  functionsOf,
  type KernelExports,
  type Kernels,
  type SimdFlavour,
} from '../../../src/platform/wasm/kernels.ts'
import { createArena, createMemory } from '../../../src/platform/wasm/memory.ts'
import { wasmFile } from '../../tools/wasm.ts'

/** Kernels of either build on a memory of their own, whatever this Node would choose. */
export function instantiate(flavour: SimdFlavour = 'relaxed-simd') {
  enableRelaxedSimd()
  const memory = createMemory()
  const module = new WebAssembly.Module(readFileSync(wasmFile(flavour)))
  const kernels: Kernels = { flavour, memory, exports: functionsOf(module, memory) as KernelExports }
  return { arena: createArena(memory), kernels }
}

/** The non-bonded part alone, on one thread. */
export function directNonbonded(system: System, flavour?: SimdFlavour, options?: Skins) {
  const { arena, kernels } = instantiate(flavour)
  const crew = createCrew(kernels)
  const size = 3 * system.atomCount
  const positions = arena.allocate(8 * size)
  const forces = arena.allocate(8 * size)
  const nonbonded = createSimdNonbonded({ system, positions, arena, kernels, crew }, options)
  return {
    get statistics() {
      return nonbonded.statistics
    },
    async evaluate(box: Box, at: Float64Array, into: Accumulator, { energy, virial }: Required<Want>) {
      const all = energy || virial
      arena.f64(positions, size).set(at)
      await nonbonded.prepare(box)
      arena.f64(forces, size).set(into.forces)
      crew.start(nonbonded.jobs(all))
      nonbonded.addSpecialPairs(forces, all)
      await crew.finish()
      const energies = await nonbonded.collect(box, forces, into.virial, all)
      into.forces.set(arena.f64(forces, size))
      return energies
    },
  }
}

/** The reciprocal part alone, call by call. @param change of the kernels that are called */
export function directPme(
  force: CoulombForce,
  charges: Float64Array,
  flavour?: SimdFlavour,
  change = (kernels: KernelExports) => kernels,
) {
  const { arena, kernels } = instantiate(flavour)
  const exports = change(kernels.exports)
  const positions = arena.allocate(24 * charges.length)
  const system = { atomCount: charges.length, charges }
  const pme = createSimdPme(force, { system, positions, arena, kernels: { ...kernels, exports } })
  return (box: Box, at: Float64Array, into: Accumulator, want: Required<Want>): number => {
    arena.f64(positions, 3 * charges.length).set(at)
    for (const { kernel, args } of pme.job(box, want).calls) exports[kernel as keyof KernelExports](...args)
    return pme.collect(box, into)
  }
}
