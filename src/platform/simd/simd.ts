import { availableParallelism } from 'node:os'
import type { CoulombForce } from '../../core/force.ts'
import type { State } from '../../core/state.ts'
import type { System } from '../../core/system.ts'
import type { EnergyTerm, Evaluation, Evaluator, EvaluatorOptions, Platform, Want } from '../platform.ts'
import { createBonded } from '../reference/bonded.ts'
import { createElectrostatics } from '../reference/electrostatics.ts'
import type { Accumulator } from '../reference/nonbonded.ts'
import type { createPme } from '../reference/pme.ts'
import { createReferenceEvaluator } from '../reference/reference.ts'
import { createArena } from './arena.ts'
import { type Crew, createCrew } from './crew.ts'
import type { NonbondedExports } from './exports.ts'
import { compileKernels, createMemory, instantiateKernels, type Kernels } from './kernels.ts'
import { createSimdNonbonded, unsupportedTerms } from './nonbonded.ts'
import { createSimdPme, type PmeKernels, type SimdPme } from './pme.ts'

/**
 * Pair terms, Coulomb in real space and particle-mesh Ewald in single precision on WebAssembly SIMD, on threads over one
 * memory; bonded terms, and what the kernels do not know, in double precision by the reference's own code, meanwhile.
 * Sums are doubles. Results do not depend on the number of threads, to the last bit.
 */
export const simdPlatform: Platform = {
  name: 'simd',
  describe() {
    const detail = (kernels: string) =>
      `f32 ${kernels} in WebAssembly, f64 sums and integration, up to ${mostThreads()} threads`
    try {
      return { detail: detail(compileKernels(createMemory()).flavour), reason: null }
    } catch (error) {
      return { detail: detail('kernels'), reason: error instanceof Error ? error.message : String(error) }
    }
  },
  prepare: async (system, options) => createSimdEvaluator(system, options),
}

export type SimdKernels = NonbondedExports & PmeKernels

/** Kernels and crew are of one memory; only tests choose them. */
interface SimdOptions extends EvaluatorOptions {
  readonly kernels?: Kernels<SimdKernels>
  readonly crew?: Crew
}

/** @throws SimulationError where the runtime has no WebAssembly SIMD */
export function createSimdEvaluator(system: System, options: SimdOptions = {}): Evaluator {
  const { skin_A, reproducible = false } = options
  const { atomCount } = system
  const kernels = options.kernels ?? instantiateKernels<SimdKernels>(createMemory())
  const arena = createArena(kernels.memory)
  const crew = options.crew ?? createCrew(kernels, { threads: options.threads ?? usefulThreads(atomCount) })
  const left = unsupportedTerms(system)
  const isLeft = new Set(left)
  const own: System = { ...system, forces: system.forces.filter(force => !isLeft.has(force)) }
  const others = left.length > 0 ? createReferenceEvaluator({ ...system, forces: left }) : null
  const positions = arena.allocate(24 * atomCount)
  const forceAddress = arena.allocate(24 * atomCount)
  const nonbonded = createSimdNonbonded(own, positions, arena, kernels, crew, { skin_A })
  const bonded = createBonded(own.forces)
  const coulomb = own.forces.filter((force): force is CoulombForce => force.kind === 'coulomb')
  const meshes: SimdPme[] = []
  const createMesh: typeof createPme = (force, charges) => {
    const mesh = createSimdPme(force, charges, positions, arena, kernels)
    meshes.push(mesh)
    return (box, _, into) => mesh.collect(box, into)
  }
  const electrostatics = coulomb.map(force => createElectrostatics(force, system.charges, createMesh))
  const virial = new Float64Array(9)

  let isBusy = false
  async function evaluate(state: State, want: Want = {}): Promise<Evaluation> {
    // They would share lists, positions and forces.
    if (isBusy) throw new Error('an evaluation began before the last one had ended')
    isBusy = true
    try {
      return await evaluateAlone(state, want)
    } finally {
      isBusy = false
    }
  }

  async function evaluateAlone(state: State, want: Want): Promise<Evaluation> {
    const { box } = state
    const wanted = { energy: want.energy !== false, virial: want.virial !== false }
    const energies = wanted.energy || wanted.virial
    if (reproducible) nonbonded.forget()
    arena.f64(positions, 3 * atomCount).set(state.positions)
    // First of all, so that other threads have something to do while this one sees to the lists.
    crew.start(crew.book('kspace', () => meshes.map(mesh => mesh.job(box, wanted))))
    const terms: Partial<Record<EnergyTerm, number>> = {}
    const add = (term: EnergyTerm, energy: number) => {
      terms[term] = (terms[term] ?? 0) + energy
    }
    let forces: Float64Array
    let into: Accumulator
    try {
      await nonbonded.prepare(box)
      // The memory may have grown until here, but does not from here on.
      forces = arena.f64(forceAddress, 3 * atomCount).fill(0)
      into = { forces, virial: virial.fill(0) }
      crew.start(nonbonded.jobs(energies))
      crew.book('bonded', () => bonded.evaluate(box, state.positions, into, wanted.virial, add))
      crew.book('pair', () => nonbonded.addSpecialPairs(forceAddress, energies))
    } finally {
      await crew.finish()
    }
    const { pair, coulomb: electric } = await nonbonded.collect(box, forceAddress, virial, energies)
    if (own.forces.some(force => force.kind === 'pair')) add('pair', pair)
    if (coulomb.length > 0) add('coulomb', electric)
    crew.book('kspace', () => {
      for (const evaluateElectrostatics of electrostatics) {
        evaluateElectrostatics(box, state.positions, into, add)
      }
    })
    if (others) {
      const rest = await others.evaluate(state, want)
      rest.forces.forEach((force, k) => {
        forces[k]! += force
      })
      rest.virial.forEach((value, k) => {
        virial[k]! += value
      })
      for (const [term, energy] of Object.entries(rest.terms)) add(term as EnergyTerm, energy)
    }
    if (!wanted.virial) virial.fill(Number.NaN)
    if (!wanted.energy) return { energy: Number.NaN, terms: {}, forces, virial }
    const energy = Object.values(terms).reduce((sum, value) => sum + value, 0)
    return { energy, terms, forces, virial }
  }

  function timings() {
    const parts = crew.timings()
    const rest = others?.timings?.()
    if (rest)
      for (const part of ['pair', 'kspace', 'bonded', 'neighbours'] as const) parts[part] += rest[part]
    return parts
  }

  return {
    evaluate,
    forget() {
      nonbonded.forget()
      others?.forget()
    },
    ran: 'simd',
    backend: `f32, ${kernels.flavour}`,
    threads: crew.threads,
    fallbackReason:
      left.length > 0
        ? `${left.map(force => (force.kind === 'pair' ? force.form : force.kind)).join(', ')} by reference`
        : null,
    timings,
    async dispose() {
      await Promise.all([crew.dispose(), others?.dispose()])
    },
  }
}

/** Below so many atoms a thread waits longer for the others than it works. */
const ATOMS_PER_THREAD = 400
/** Bonded terms and the mesh are each the work of one thread: more would wait for these. */
const MOST_THREADS = 8

const mostThreads = () => Math.min(availableParallelism(), MOST_THREADS)

const usefulThreads = (atomCount: number) =>
  Math.max(1, Math.min(mostThreads(), Math.floor(atomCount / ATOMS_PER_THREAD)))
