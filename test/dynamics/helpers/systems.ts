import type { Box } from '../../../src/core/box.ts'
import { orthorhombicBox } from '../../../src/core/box.ts'
import type { Force } from '../../../src/core/force.ts'
import { createState, type State } from '../../../src/core/state.ts'
import type { System } from '../../../src/core/system.ts'
import { createTopology } from '../../../src/core/topology.ts'
import type { Evaluator } from '../../../src/platform/platform.ts'
import { randomSequence, STREAM } from '../../../src/rng.ts'

/** A system of atoms with these masses, one type each way. */
export function systemOf(
  masses: ArrayLike<number>,
  extra: { bonds?: ArrayLike<number>; forces?: readonly Force[]; elements?: readonly string[] } = {},
): System {
  const atomCount = masses.length
  return {
    atomCount,
    elements: extra.elements ?? Array.from({ length: atomCount }, () => 'Ar'),
    typeNames: ['A'],
    typeIndex: new Int32Array(atomCount),
    masses: Float64Array.from(masses),
    charges: new Float64Array(atomCount),
    topology: createTopology(atomCount, extra.bonds ?? []),
    forces: extra.forces ?? [],
  }
}

/** Tethers: they tell the protocol that momentum is not conserved. */
export function tethers(positions: Float64Array, stiffness: number): Force {
  const atomCount = positions.length / 3
  return {
    kind: 'restraint',
    atoms: Int32Array.from({ length: atomCount }, (_, i) => i),
    anchors: positions.slice(),
    stiffness: new Float64Array(atomCount).fill(stiffness),
  }
}

/** An evaluator of a function that adds forces and virial and returns the energy. */
export function evaluatorOf(
  atomCount: number,
  compute: (state: State, forces: Float64Array, virial: Float64Array) => number,
): Evaluator {
  const forces = new Float64Array(3 * atomCount)
  const virial = new Float64Array(9)
  return {
    ran: 'reference',
    backend: 'test',
    fallbackReason: null,
    dispose: async () => {},
    forget: () => {},
    evaluate: async (state, want = {}) => {
      forces.fill(0)
      virial.fill(0)
      const energy = compute(state, forces, virial)
      // What is not asked for cannot be used unnoticed.
      if (want.virial === false) virial.fill(Number.NaN)
      if (want.energy === false) return { energy: Number.NaN, terms: {}, forces, virial }
      return { energy, terms: { pair: energy }, forces, virial }
    },
  }
}

export const idealGas = (atomCount: number): Evaluator => evaluatorOf(atomCount, () => 0)

/** Σ ½ k |r − anchor|² */
export function harmonicWells(anchors: Float64Array, stiffness: number): Evaluator {
  return evaluatorOf(anchors.length / 3, (state, forces) => {
    let energy = 0
    for (let k = 0; k < anchors.length; k++) {
      const x = state.positions[k]! - anchors[k]!
      energy += 0.5 * stiffness * x * x
      forces[k] = -stiffness * x
    }
    return energy
  })
}

/**
 * Lennard-Jones, all pairs at their nearest image; with a cut-off both energy and force go to zero there.
 * @param cutoff Infinity for a cluster in free space
 */
export function lennardJones(
  atomCount: number,
  epsilon: number,
  sigma: number,
  cutoff = Infinity,
): Evaluator {
  const energyAt = (r: number) => 4 * epsilon * ((sigma / r) ** 12 - (sigma / r) ** 6)
  const forceAt = (r: number) => (24 * epsilon * (2 * (sigma / r) ** 12 - (sigma / r) ** 6)) / r
  const [energyShift, forceShift] = Number.isFinite(cutoff) ? [energyAt(cutoff), forceAt(cutoff)] : [0, 0]
  return evaluatorOf(atomCount, ({ positions, box }, forces, virial) => {
    const edge = [box.matrix[0]!, box.matrix[4]!, box.matrix[8]!]
    let energy = 0
    const d = [0, 0, 0]
    for (let i = 0; i < atomCount; i++) {
      for (let j = 0; j < i; j++) {
        let squared = 0
        for (let k = 0; k < 3; k++) {
          d[k] = positions[3 * i + k]! - positions[3 * j + k]!
          if (Number.isFinite(cutoff)) d[k]! -= edge[k]! * Math.round(d[k]! / edge[k]!)
          squared += d[k]! ** 2
        }
        if (squared >= cutoff * cutoff) continue
        const r = Math.sqrt(squared)
        energy += energyAt(r) - energyShift + forceShift * (r - Math.min(cutoff, 1e9))
        const scale = (forceAt(r) - forceShift) / r
        for (let k = 0; k < 3; k++) {
          forces[3 * i + k]! += scale * d[k]!
          forces[3 * j + k]! -= scale * d[k]!
          virial[4 * k]! += scale * d[k]! ** 2
        }
      }
    }
    return energy
  })
}

/** n³ atoms on a cubic lattice with this spacing, Å, each displaced at random by up to `noise`. */
export function cubicLattice(n: number, spacing: number, noise = 0): State {
  const random = randomSequence(1, STREAM.build)
  const positions: number[] = []
  for (let i = 0; i < n ** 3; i++) {
    for (const index of [i % n, Math.floor(i / n) % n, Math.floor(i / n ** 2)]) {
      positions.push((index + 0.5) * spacing + noise * (2 * random.uniform() - 1))
    }
  }
  return createState(positions, cube(n * spacing))
}

export const cube = (edge: number): Box => orthorhombicBox(edge, edge, edge)
