import type { CoulombForce, Force } from '../../core/force.ts'
import type { State } from '../../core/state.ts'
import type { System } from '../../core/system.ts'
import type {
  EnergyTerm,
  Evaluation,
  Evaluator,
  EvaluatorOptions,
  Integrator,
  PlatformName,
  StepSize,
  Transfers,
  Want,
} from '../platform.ts'
import { createBonded } from '../reference/bonded.ts'
import { createElectrostatics } from '../reference/electrostatics.ts'
import type { Accumulator } from '../reference/nonbonded.ts'
import type { createPme } from '../reference/pme.ts'
import { createReferenceEvaluator } from '../reference/reference.ts'
import { type SimdNonbonded, unsupportedTerms } from '../simd/nonbonded.ts'
import { type Crew, createCrew } from '../wasm/crew.ts'
import type { NonbondedExports } from '../wasm/exports.ts'
import { createMemory, instantiateKernels, type Kernels } from '../wasm/kernels.ts'
import { type Arena, createArena } from '../wasm/memory.ts'
import { usefulThreads } from '../wasm/threads.ts'
import { createSimdPme, type PmeKernels, type SimdPme } from './pme.ts'

export type SimdKernels = NonbondedExports & PmeKernels

/** Kernels and crew are of one memory; only tests choose them. */
export interface MixedOptions extends EvaluatorOptions {
  readonly kernels?: Kernels<SimdKernels>
  readonly crew?: Crew
}

/** What there is to sum over pairs with. */
export interface Workplace {
  /** With the terms that are to be computed. */
  readonly system: System
  /** Address of [3N] f64, Å, unwrapped. */
  readonly positions: number
  readonly arena: Arena
  readonly kernels: Kernels<SimdKernels>
  readonly crew: Crew
}

/** Who sums over the pairs in real space, while the calling thread sees to the rest. */
export interface PairWork extends Pick<SimdNonbonded, 'prepare' | 'addSpecialPairs' | 'collect' | 'forget'> {
  /** Begins. @param bonded whether also its `bonded` terms are its own matter this time */
  start(energy: boolean, bonded: boolean): Promise<void>
  /** Bonded terms whose forces it can compute, but not their energies. */
  readonly bonded: readonly Force[]
  /** Milliseconds that were spent handing work to a processor that is not of the crew, and waiting for it. */
  readonly waited_ms: number
  readonly transfers?: (() => Transfers) | undefined
  /**
   * Where it can also move the atoms.
   * @param others terms that it does not know of
   * @throws UserError
   */
  integrator?(step: StepSize, others: readonly Force[]): Integrator
  dispose(): Promise<void>
}

/**
 * In single precision what is summed over pairs, and particle-mesh Ewald on WebAssembly SIMD; in double precision, by the
 * reference's own code, what the kernels do not know, and bonded terms unless they are the pair work's, too. Sums over
 * what threads or rows have summed are doubles.
 * @throws SimulationError where the runtime has no WebAssembly SIMD
 */
export function createMixedEvaluator(
  system: System,
  options: MixedOptions,
  ran: PlatformName,
  backendName: (kernels: Kernels<SimdKernels>) => string,
  createWork: (workplace: Workplace) => PairWork,
): Evaluator {
  const { reproducible = false } = options
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
  const work = createWork({ system: own, positions, arena, kernels, crew })
  const bonded = createBonded(own.forces)
  const bondedHere = createBonded(own.forces.filter(force => !work.bonded.includes(force)))
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
  async function alone<T>(use: () => Promise<T>): Promise<T> {
    // They would share lists, positions and forces.
    if (isBusy) throw new Error('an evaluation began before the last one had ended')
    isBusy = true
    try {
      return await use()
    } finally {
      isBusy = false
    }
  }

  function integrator(step: StepSize): Integrator {
    const { advance } = work.integrator!(step, left)
    return {
      advance: (state, steps) =>
        alone(() => {
          if (reproducible) work.forget()
          return advance(state, steps)
        }),
    }
  }

  async function evaluateAlone(state: State, want: Want): Promise<Evaluation> {
    const { box } = state
    const wanted = { energy: want.energy !== false, virial: want.virial !== false }
    const energies = wanted.energy || wanted.virial
    if (reproducible) work.forget()
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
      await work.prepare(box)
      // The memory may have grown until here, but does not from here on.
      forces = arena.f64(forceAddress, 3 * atomCount).fill(0)
      into = { forces, virial: virial.fill(0) }
      await work.start(energies, !energies)
      const terms = energies ? bonded : bondedHere
      crew.book('bonded', () => terms.evaluate(box, state.positions, into, wanted.virial, add))
      crew.book('pair', () => work.addSpecialPairs(forceAddress, energies))
    } finally {
      await crew.finish()
    }
    const { pair, coulomb: electric } = await work.collect(box, forceAddress, virial, energies)
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
    parts.pair += work.waited_ms
    const rest = others?.timings?.()
    if (rest)
      for (const part of ['pair', 'kspace', 'bonded', 'neighbours'] as const) parts[part] += rest[part]
    return parts
  }

  return {
    evaluate: (state, want = {}) => alone(() => evaluateAlone(state, want)),
    ...(work.integrator && { integrator }),
    forget() {
      work.forget()
      others?.forget()
    },
    ran,
    backend: backendName(kernels),
    threads: crew.threads,
    fallbackReason:
      left.length > 0
        ? `${left.map(force => (force.kind === 'pair' ? force.form : force.kind)).join(', ')} by reference`
        : null,
    timings,
    ...(work.transfers && { transfers: work.transfers }),
    async dispose() {
      await Promise.all([crew.dispose(), work.dispose(), others?.dispose()])
    },
  }
}
