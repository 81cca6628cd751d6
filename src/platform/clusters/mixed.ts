import type { Box } from '../../core/box.ts'
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
  Timings,
  Transfers,
  Want,
} from '../platform.ts'
import { createBonded } from '../reference/bonded.ts'
import { createElectrostatics } from '../reference/electrostatics.ts'
import type { Accumulator } from '../reference/nonbonded.ts'
import { createReferenceEvaluator } from '../reference/reference.ts'
import { type Crew, createCrew, usefulThreads } from '../wasm/crew.ts'
import { instantiateKernels, type Kernels } from '../wasm/kernels.ts'
import { createArena, createMemory } from '../wasm/memory.ts'
import type { Workplace } from './clusters.ts'
import { unsupportedTerms } from './coefficients.ts'
import { createSimdPme, type SimdPme } from './pme.ts'
import type { RealSpace } from './realSpace.ts'

/** Options of an evaluator; kernels and crew, of one memory, are given by tests only. */
export interface MixedOptions extends EvaluatorOptions {
  readonly kernels?: Kernels
  readonly crew?: Crew
}

/** A sum over the pairs in real space, computed while the calling thread computes other terms. */
export interface PairWork extends Pick<RealSpace, 'addSpecialPairs' | 'forget'> {
  /** Reads the positions and follows them with the lists. @throws SimulationError naming the first atom whose position is not finite */
  prepare(box: Box): Promise<void>
  /** Begins. @param bonded true to compute also the `bonded` terms */
  start(energy: boolean, bonded: boolean): Promise<void>
  /**
   * Adds forces of the lists, and the virial where energies are wanted.
   * @param forces address of [3N] f64, eV/Å
   * @returns energies, eV; zeros unless they are wanted
   */
  collect(
    box: Box,
    forces: number,
    virial: Float64Array,
    energy: boolean,
  ): Promise<{ pair: number; coulomb: number }>
  /** Bonded terms whose forces it can compute, but not their energies. */
  readonly bonded: readonly Force[]
  /** Time spent handing work to a processor that is not of the crew, and waiting for it, ms. */
  readonly waited_ms: number
  readonly transfers?: (() => Transfers) | undefined
  /**
   * Absent where it cannot move atoms.
   * @param others terms of the system that it does not compute
   * @throws UserError naming terms that need the host in every step
   */
  integrator?(step: StepSize, others: readonly Force[]): Integrator
  dispose(): Promise<void>
}

/** A platform on clusters: its names, and its sum over pairs. */
export interface MixedPlatform {
  readonly ran: PlatformName
  backend(kernels: Kernels): string
  createWork(workplace: Workplace): PairWork
}

/**
 * Creates an evaluator of mixed precision. In single precision: sums over pairs, and particle-mesh Ewald on WebAssembly
 * SIMD. In double precision, by the code of the reference platform: terms that the kernels do not compute, and bonded
 * terms unless `PairWork` computes them. Sums over the results of threads or rows are in double precision.
 * @throws SimulationError where the runtime has no WebAssembly SIMD
 */
export function createMixedEvaluator(
  system: System,
  options: MixedOptions,
  { ran, backend, createWork }: MixedPlatform,
): Evaluator {
  const { reproducible = false } = options
  const kernels = options.kernels ?? instantiateKernels(createMemory())
  const arena = createArena(kernels.memory)
  const threads = options.threads ?? usefulThreads(system.atomCount)
  const crew = options.crew ?? createCrew(kernels, { threads })
  const left = unsupportedTerms(system)
  const own: System = { ...system, forces: system.forces.filter(force => !left.includes(force)) }
  const positions = arena.allocate(24 * system.atomCount)
  const parts = createParts({ system: own, positions, arena, kernels, crew }, createWork, left)
  const { work, others } = parts

  let isBusy = false
  async function alone<T>(use: () => Promise<T>): Promise<T> {
    // Two evaluations at once would share lists, positions and forces.
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

  return {
    evaluate: (state, want = {}) =>
      alone(() => {
        if (reproducible) work.forget()
        return evaluate(parts, state, want)
      }),
    ...(work.integrator && { integrator }),
    forget() {
      work.forget()
      others?.forget()
    },
    ran,
    backend: backend(kernels),
    threads: crew.threads,
    fallbackReason:
      left.length > 0
        ? `${left.map(force => (force.kind === 'pair' ? force.form : force.kind)).join(', ')} by reference`
        : null,
    timings: () => timings(parts),
    ...(work.transfers && { transfers: work.transfers }),
    async dispose() {
      await Promise.all([crew.dispose(), work.dispose(), others?.dispose()])
    },
  }
}

/** Parts of an evaluation. */
type Parts = ReturnType<typeof createParts>

/** @param left terms that the reference computes */
function createParts(
  workplace: Workplace,
  createWork: (workplace: Workplace) => PairWork,
  left: readonly Force[],
) {
  const { system, arena } = workplace
  const work = createWork(workplace)
  const coulomb = system.forces.filter((force): force is CoulombForce => force.kind === 'coulomb')
  const meshes: SimdPme[] = []
  const electrostatics = coulomb.map(force =>
    createElectrostatics(force, system.charges, () => {
      const mesh = createSimdPme(force, workplace)
      meshes.push(mesh)
      return (box, _, into) => mesh.collect(box, into)
    }),
  )
  return {
    workplace,
    work,
    /** Address of [3N] f64, eV/Å. */
    forces: arena.allocate(24 * system.atomCount),
    virial: new Float64Array(9),
    bonded: createBonded(system.forces),
    /** Bonded terms that `work` does not compute. */
    bondedHere: createBonded(system.forces.filter(force => !work.bonded.includes(force))),
    meshes,
    electrostatics,
    others: left.length > 0 ? createReferenceEvaluator({ ...system, forces: left }) : null,
  }
}

async function evaluate(parts: Parts, state: State, want: Want): Promise<Evaluation> {
  const { work, virial, meshes, electrostatics, others } = parts
  const { system, positions, arena, crew } = parts.workplace
  const { box } = state
  const wanted = { energy: want.energy !== false, virial: want.virial !== false }
  const energies = wanted.energy || wanted.virial
  const size = 3 * system.atomCount
  arena.f64(positions, size).set(state.positions)
  // First of all, so that other threads work while this one sees to the lists.
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
    forces = arena.f64(parts.forces, size).fill(0)
    into = { forces, virial: virial.fill(0) }
    await work.start(energies, !energies)
    const bonded = energies ? parts.bonded : parts.bondedHere
    crew.book('bonded', () => bonded.evaluate(box, state.positions, into, wanted.virial, add))
    crew.book('pair', () => work.addSpecialPairs(parts.forces, energies))
  } finally {
    await crew.finish()
  }
  const { pair, coulomb } = await work.collect(box, parts.forces, virial, energies)
  if (system.forces.some(force => force.kind === 'pair')) add('pair', pair)
  if (electrostatics.length > 0) add('coulomb', coulomb)
  crew.book('kspace', () => {
    for (const evaluateElectrostatics of electrostatics) {
      evaluateElectrostatics(box, state.positions, into, add)
    }
  })
  if (others) addEvaluation(await others.evaluate(state, want), into, add)
  if (!wanted.virial) virial.fill(Number.NaN)
  if (!wanted.energy) return { energy: Number.NaN, terms: {}, forces, virial }
  const energy = Object.values(terms).reduce((sum, value) => sum + value, 0)
  return { energy, terms, forces, virial }
}

function addEvaluation(
  rest: Evaluation,
  into: Accumulator,
  add: (term: EnergyTerm, energy: number) => void,
): void {
  rest.forces.forEach((force, k) => {
    into.forces[k]! += force
  })
  rest.virial.forEach((value, k) => {
    into.virial[k]! += value
  })
  for (const [term, energy] of Object.entries(rest.terms)) add(term as EnergyTerm, energy)
}

function timings({ work, others, workplace }: Parts): Timings {
  const spent_ms = workplace.crew.timings()
  spent_ms.pair += work.waited_ms
  const rest = others?.timings?.()
  if (rest) {
    for (const part of Object.keys(rest) as (keyof Timings)[]) spent_ms[part] += rest[part]
  }
  return spent_ms
}
