import { describe, expect, it } from 'vitest'
import { createBox, minimumImage } from '../../src/core/box.ts'
import { createExclusions } from '../../src/core/neighbors.ts'
import { copyState, createState, type State } from '../../src/core/state.ts'
import type { System } from '../../src/core/system.ts'
import { specialPairs } from '../../src/core/topology.ts'
import { referencePlatform } from '../../src/platform/reference/reference.ts'
import { addSoftRepulsion, pushOff, withoutNonbonded } from '../../src/relax/pushoff.ts'
import { randomSequence, STREAM } from '../../src/rng.ts'
import { polymer } from '../dynamics/helpers/polymer.ts'
import { cube, idealGas, systemOf } from '../dynamics/helpers/systems.ts'

/** Shortest distance between atoms more than three bonds apart, pair by pair. */
function closestPair(system: System, { positions, box }: State): number {
  const { pairs } = specialPairs(system.topology, system.atomCount)
  const exempt = new Set<string>()
  for (let k = 0; k < pairs.length; k += 2) exempt.add(`${pairs[k]}-${pairs[k + 1]}`)
  let closest = Infinity
  for (let j = 0; j < system.atomCount; j++) {
    for (let i = 0; i < j; i++) {
      if (exempt.has(`${i}-${j}`)) continue
      const d = Float64Array.from([0, 1, 2], k => positions[3 * i + k]! - positions[3 * j + k]!)
      minimumImage(box, d)
      closest = Math.min(closest, Math.hypot(...d))
    }
  }
  return closest
}

async function pushedOff(system: System, state: State, distance_A: number) {
  const evaluator = await referencePlatform.prepare(withoutNonbonded(system))
  let last = { steps: 0, closest_A: 0 }
  const options = { distance_A, seed: 1, evaluateBonded: evaluator.evaluate }
  for await (last of pushOff(system, state, options));
  return last
}

it('has forces that are minus the slope of the soft energy', () => {
  const random = randomSequence(6, STREAM.build)
  const state = createState(
    Array.from({ length: 36 }, () => 7 * random.uniform()),
    createBox([7, 0, 0, 1, 7, 0, -1, 2, 7]),
  )
  const repulsion = {
    range_A: 2.9,
    stiffness_eV_per_A2: 3,
    exclusions: createExclusions(12, [0, 1]),
    seed: 1,
  }
  const forces = new Float64Array(36)
  const { energy } = addSoftRepulsion(state, repulsion, forces)
  expect(energy).toBeGreaterThan(5)
  const energyAt = (k: number, shift: number) => {
    const moved = copyState(state)
    moved.positions[k]! += shift
    return addSoftRepulsion(moved, repulsion, new Float64Array(36)).energy
  }
  forces.forEach((force, k) => {
    expect(force).toBeCloseTo(-(energyAt(k, 1e-5) - energyAt(k, -1e-5)) / 2e-5, 6)
  })
})

describe('push-off', () => {
  it('parts atoms thrown into a box at random, also across its faces', async () => {
    const random = randomSequence(5, STREAM.build)
    const system = systemOf(new Array(200).fill(20))
    const state = createState(
      Array.from({ length: 600 }, () => 40 * random.uniform() - 10),
      cube(16),
    )
    expect(closestPair(system, state)).toBeLessThan(0.7)
    const result = await pushedOff(system, state, 2)
    expect(result.closest_A).toBeGreaterThanOrEqual(2)
    expect(closestPair(system, state)).toBeCloseTo(result.closest_A, 12)
  })

  it('parts atoms that sit on the same spot', async () => {
    const system = systemOf([10, 10, 10])
    const state = createState([1, 1, 1, 1, 1, 1, 1, 1, 1], cube(20))
    await pushedOff(system, state, 1.5)
    expect(closestPair(system, state)).toBeGreaterThanOrEqual(1.5)
  })

  it('parts overlapping chains and keeps their bonds', async () => {
    const { system, state } = polymer(4, 12, 1.008)
    for (let k = 0; k < state.positions.length; k++) state.positions[k]! *= k % 3 === 0 ? 1 : 0.15
    const bondLengths = () =>
      Array.from({ length: system.topology.bonds.length / 2 }, (_, bond) => {
        const [i, j] = [3 * system.topology.bonds[2 * bond]!, 3 * system.topology.bonds[2 * bond + 1]!]
        return Math.hypot(...[0, 1, 2].map(k => state.positions[i + k]! - state.positions[j + k]!))
      })
    const result = await pushedOff(system, state, 1.8)
    expect(result.closest_A).toBeGreaterThanOrEqual(1.8)
    expect(closestPair(system, state)).toBeGreaterThanOrEqual(1.8)
    expect(Math.min(...bondLengths())).toBeGreaterThan(0.9)
    expect(Math.max(...bondLengths())).toBeLessThan(1.75)
  })

  it('leaves atoms that are far enough apart where they are', async () => {
    const state = createState([1, 1, 1, 4, 1, 1], cube(20))
    const result = await pushedOff(systemOf([1, 1]), state, 2)
    expect(result.steps).toBe(0)
    expect(Array.from(state.positions)).toEqual([1, 1, 1, 4, 1, 1])
  })

  it('says which atoms stay too close when there is no room', async () => {
    const system = systemOf(new Array(64).fill(20))
    const random = randomSequence(5, STREAM.build)
    const state = createState(
      Array.from({ length: 192 }, () => 8 * random.uniform()),
      cube(8),
    )
    const attempt = async () => {
      const options = { distance_A: 3, seed: 1, evaluateBonded: idealGas(64).evaluate }
      for await (const _ of pushOff(system, state, options));
    }
    await expect(attempt()).rejects.toThrow(/still .* Å apart/)
  })

  it('refuses a cell in which nearest images are not unique', async () => {
    await expect(pushedOff(systemOf([1, 1]), createState([0, 0, 0, 1, 1, 1], cube(3)), 2)).rejects.toThrow(
      /thin/,
    )
  })
})
