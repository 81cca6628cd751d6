import { expect, it } from 'vitest'
import { createState } from '../../../src/core/state.ts'
import { randomSequence, STREAM } from '../../../src/rng.ts'
import { fixtureSystem, loadFixture } from '../../tools/oxideFixtures.ts'
import { broken, type Configuration, norm, withEvaluator } from './helpers.ts'

/** Atoms this far from where a band has them: forces of an ideal crystal are nothing but cancellation. */
const DISPLACEMENT_A = 0.08

function oxide(name: Parameters<typeof loadFixture>[0]): Configuration {
  const { system, box, images } = fixtureSystem(loadFixture(name))
  const random = randomSequence(11, STREAM.build)
  const positions = images[3]!.map(x => x + DISPLACEMENT_A * random.normal())
  return { system, state: createState(positions, box) }
}

it.each(['bulk-odh', 'a-bare'] as const)('PMMCS-LNO, %s: as the reference', async name => {
  expect(await broken(oxide(name))).toEqual({})
})

it('forces are the slope of the energy', async () => {
  const { system, state } = oxide('bulk-odh')
  await withEvaluator('simd', system, async simd => {
    const { forces } = await simd.evaluate(state)
    const size = norm(forces)
    const direction = forces.map(f => f / size)
    const along = async (step_A: number) => {
      const positions = state.positions.map((x, k) => x + step_A * direction[k]!)
      return (await simd.evaluate(createState(positions, state.box))).energy
    }
    const h = 0.12
    const slope =
      (8 * ((await along(h)) - (await along(-h))) - ((await along(2 * h)) - (await along(-2 * h)))) / (12 * h)
    expect(Math.abs(-slope / size - 1)).toBeLessThan(3e-5)
  })
})
