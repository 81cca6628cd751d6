import type { CoulombForce } from '../../core/force.ts'
import type { State } from '../../core/state.ts'
import type { System } from '../../core/system.ts'
import type { EnergyTerm, Evaluation, Evaluator, Platform, Timings, Want } from '../platform.ts'
import { createBonded } from '../reference/bonded.ts'
import { createElectrostatics } from '../reference/electrostatics.ts'
import type { Accumulator } from '../reference/nonbonded.ts'
import { createPme } from '../reference/pme.ts'
import { createReferenceEvaluator } from '../reference/reference.ts'
import { createArena } from './arena.ts'
import type { NonbondedExports } from './exports.ts'
import { createMemory, instantiateKernels } from './kernels.ts'
import { createSimdNonbonded, unsupportedTerms } from './nonbonded.ts'
import { createSimdPme, fitsGrid, type PmeKernels } from './pme.ts'

/**
 * Lennard-Jones, Coulomb in real space and particle-mesh Ewald in single precision on WebAssembly SIMD, one thread;
 * bonded terms, and what the kernels do not know, in double precision by the reference's own code. Sums are doubles.
 */
export const simdPlatform: Platform = {
  name: 'simd',
  prepare: async system => createSimdEvaluator(system),
}

/** @throws SimulationError where the runtime has no WebAssembly SIMD */
export function createSimdEvaluator(system: System): Evaluator {
  const kernels = instantiateKernels<NonbondedExports & PmeKernels>(createMemory())
  const arena = createArena(kernels.memory)
  const left = unsupportedTerms(system)
  const isLeft = new Set(left)
  const own: System = { ...system, forces: system.forces.filter(force => !isLeft.has(force)) }
  const others = left.length > 0 ? createReferenceEvaluator({ ...system, forces: left }) : null
  const nonbonded = createSimdNonbonded(own, arena, kernels)
  const bonded = createBonded(own.forces)
  const coulomb = own.forces.filter((force): force is CoulombForce => force.kind === 'coulomb')
  let wanted = { energy: true, virial: true }
  const mesh = (force: CoulombForce, charges: Float64Array) => {
    if (!hasMesh(force)) return createPme(force, charges)
    const reciprocal = createSimdPme(force, charges, arena, kernels)
    return (...[box, positions, into]: Parameters<ReturnType<typeof createPme>>) =>
      reciprocal(box, positions, into, wanted)
  }
  const electrostatics = coulomb.map(force => createElectrostatics(force, system.charges, mesh))
  const forces = new Float64Array(3 * system.atomCount)
  const virial = new Float64Array(9)
  const into: Accumulator = { forces, virial }
  const spent_ms: Timings = { pair: 0, kspace: 0, bonded: 0, neighbours: 0 }

  async function evaluate(state: State, want: Want = {}): Promise<Evaluation> {
    const { box, positions } = state
    wanted = { energy: want.energy !== false, virial: want.virial !== false }
    forces.fill(0)
    virial.fill(0)
    const terms: Partial<Record<EnergyTerm, number>> = {}
    const add = (term: EnergyTerm, energy: number) => {
      terms[term] = (terms[term] ?? 0) + energy
    }
    let before = performance.now()
    const book = (part: keyof Timings) => {
      const now = performance.now()
      spent_ms[part] += now - before
      before = now
    }
    const energies = nonbonded.evaluate(box, positions, into, wanted)
    if (own.forces.some(force => force.kind === 'pair')) add('pair', energies.pair)
    if (coulomb.length > 0) add('coulomb', energies.coulomb)
    book('pair')
    bonded.evaluate(box, positions, into, wanted.virial, add)
    book('bonded')
    for (const evaluateElectrostatics of electrostatics) evaluateElectrostatics(box, positions, into, add)
    book('kspace')
    if (others) {
      const rest = await others.evaluate(state, want)
      rest.forces.forEach((force, k) => {
        forces[k]! += force
      })
      rest.virial.forEach((value, k) => {
        virial[k]! += value
      })
      for (const [term, energy] of Object.entries(rest.terms)) add(term as EnergyTerm, energy)
      book('pair')
    }
    if (!wanted.virial) virial.fill(Number.NaN)
    if (!wanted.energy) return { energy: Number.NaN, terms: {}, forces, virial }
    const energy = Object.values(terms).reduce((sum, value) => sum + value, 0)
    return { energy, terms, forces, virial }
  }

  return {
    evaluate,
    forget() {
      nonbonded.forget()
      others?.forget()
    },
    ran: 'simd',
    backend: `f32, ${kernels.flavour}`,
    fallbackReason:
      left.length > 0
        ? `${left.map(force => (force.kind === 'pair' ? force.form : force.kind)).join(', ')} by reference`
        : null,
    timings: () => ({ ...spent_ms }),
    dispose: async () => others?.dispose(),
  }
}

/** Whether the kernels have a mesh of this size and order. */
function hasMesh({ method }: CoulombForce): boolean {
  if (method.name !== 'pme') return false
  const { grid, order } = method
  return order >= 4 && order <= 8 && grid.every(n => fitsGrid(n) && n >= order)
}
