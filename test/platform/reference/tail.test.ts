import { expect, it } from 'vitest'
import type { PairForce } from '../../../src/core/force.ts'
import { pairInteraction, parametersOf } from '../../../src/forces/pair.ts'
import { referencePlatform } from '../../../src/platform/reference/reference.ts'
import { box, makeCase, pairForce } from '../parity/cases.ts'

/** ∫ from the cut-off to infinity, by Simpson's rule in 1/r. */
function beyond(cutoff: number, f: (r: number) => number): number {
  const intervals = 2000
  const g = (u: number) => (u === 0 ? 0 : f(1 / u) / (u * u))
  const h = 1 / cutoff / intervals
  let sum = 0
  for (let k = 0; k <= intervals; k++)
    sum += (k === 0 || k === intervals ? 1 : k % 2 === 0 ? 2 : 4) * g(k * h)
  return (sum * h) / 3
}

it('the tail correction is the energy and pressure of a uniform fluid beyond the cut-off, type by type', async () => {
  const force = pairForce('lennard-jones', { kind: 'plain' }, true) as PairForce
  const withTail = makeCase('with', [force])
  const without = makeCase('without', [{ ...force, tailCorrection: false }])
  const results = await Promise.all(
    [withTail, without].map(async ({ system, state }) =>
      (await referencePlatform.prepare(system)).evaluate(state),
    ),
  )
  const { typeIndex } = withTail.system
  let energy = 0
  let virial = 0
  for (let t = 0; t < 9; t++) {
    const [i, j] = [Math.floor(t / 3), t % 3]
    const cutoff = force.cutoffs[t]!
    if (cutoff === 0) continue
    const at = (r: number) => pairInteraction('lennard-jones', parametersOf(force, t), r * r)
    const count = (type: number) => typeIndex.filter(other => other === type).length
    const pairs = (count(i) * count(j)) / box.volume
    energy += pairs * 2 * Math.PI * beyond(cutoff, r => r * r * at(r).energy)
    virial += ((pairs * 2 * Math.PI) / 3) * beyond(cutoff, r => r ** 4 * at(r).forceOverR)
  }
  const [a, b] = results as [(typeof results)[0], (typeof results)[0]]
  expect(energy).toBeLessThan(-1e-3)
  expect((a.energy - b.energy) / energy).toBeCloseTo(1, 7)
  for (const k of [0, 4, 8]) expect((a.virial[k]! - b.virial[k]!) / virial).toBeCloseTo(1, 7)
})
