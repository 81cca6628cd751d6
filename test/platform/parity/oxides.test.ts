import { expect, it } from 'vitest'
import { createState } from '../../../src/core/state.ts'
import { netCharge } from '../../../src/core/system.ts'
import { randomSequence, STREAM } from '../../../src/rng.ts'
import { itWith } from '../../tools/external.ts'
import { FIXTURES, fixtureSystem, LAMMPS_COULOMB, loadFixture, runLammps } from '../../tools/oxideFixtures.ts'
import { broken, type Configuration, norm } from './configurations.ts'
import { onEachComparedPlatform, onEachPlatform, sample, withEvaluator } from './platforms.ts'

const largest = (values: ArrayLike<number>) => Math.max(...Array.from(values, Math.abs))

onEachPlatform(platform => {
  const { key, tolerance } = platform
  const { ewald_eV, relative } = tolerance

  it.each(sample(platform, FIXTURES))(
    'energies of all images and first forces of the prototype: %s',
    async name => {
      const fixture = loadFixture(name)
      const { system, box, images } = fixtureSystem(fixture)
      await withEvaluator(key, system, async evaluator => {
        const first = await evaluator.evaluate(createState(images[0]!, box))
        const { energy } = first
        expect(Math.abs(energy / fixture.initial_energy_eV - 1)).toBeLessThan(1e-9 + relative / 10)
        const forces = fixture.first_forces_eV_per_A.flat()
        const forceLimit = ewald_eV + relative * largest(forces)
        forces.forEach((force, k) => {
          expect(Math.abs(first.forces[k]! - force)).toBeLessThan(forceLimit)
        })
        const energyLimit = ewald_eV + (relative / 10) * Math.abs(energy)
        for (const [k, image] of images.entries()) {
          const difference = (await evaluator.evaluate(createState(image, box))).energy - energy
          expect(Math.abs(difference - fixture.relative_energies_eV[k]!), `image ${k + 1}`).toBeLessThan(
            energyLimit,
          )
        }
      })
    },
  )

  const cases = [
    { name: 'a neutral crystal', fixture: 'bulk-odh', host: null },
    { name: 'a crystal of -0.6 e against its background', fixture: 'bulk-odh', host: 1.8 },
    { name: 'a slab with the correction along z', fixture: 'a-bare', host: null },
  ] as const
  for (const { name, fixture: fixtureName, host } of sample(platform, cases)) {
    itWith('lammps', `energy and forces of LAMMPS: ${name}`, async () => {
      const fixture = loadFixture(fixtureName)
      const charges_e = fixture.types.map((type, i) => (type === 'Ni3' && host) || fixture.charges_e[i]!)
      const changed = { ...fixture, tethers: { stiffness_eV_per_A2: 0, atoms: [], sites_A: [] } }
      const { system, box, images } = fixtureSystem(changed, { charges_e, coulomb: LAMMPS_COULOMB })
      expect(netCharge(system)).toBeCloseTo(host ? -0.6 : 0, 9)
      const there = runLammps(system, box, images[2]!)
      await withEvaluator(key, system, async evaluator => {
        const here = await evaluator.evaluate(createState(images[2]!, box))
        const energyLimit = ewald_eV + (relative / 10) * Math.abs(there.energy_eV)
        expect(Math.abs(here.energy - there.energy_eV)).toBeLessThan(energyLimit)
        const forceLimit = ewald_eV + relative * largest(there.forces)
        there.forces.forEach((force, k) => {
          expect(Math.abs(here.forces[k]! - force)).toBeLessThan(forceLimit)
        })
      })
    })
  }
})

/** Displacement from the positions of the band, Å: in an ideal crystal the forces are nothing but cancellation. */
const DISPLACEMENT_A = 0.08

function oxide(name: Parameters<typeof loadFixture>[0]): Configuration {
  const { system, box, images } = fixtureSystem(loadFixture(name))
  const random = randomSequence(11, STREAM.build)
  const positions = images[3]!.map(x => x + DISPLACEMENT_A * random.normal())
  return { system, state: createState(positions, box) }
}

onEachComparedPlatform(platform => {
  const { key } = platform
  it.each(['bulk-odh', 'a-bare'] as const)(
    'energy, forces and virial of PMMCS-LNO are those of reference: %s',
    async name => {
      expect(await broken(platform, oxide(name))).toEqual({})
    },
  )

  it('forces of a crystal are minus the slope of its energy', async () => {
    const { system, state } = oxide('bulk-odh')
    await withEvaluator(key, system, async evaluator => {
      const { forces } = await evaluator.evaluate(state)
      const size = norm(forces)
      const direction = forces.map(f => f / size)
      const along = async (step_A: number) => {
        const positions = state.positions.map((x, k) => x + step_A * direction[k]!)
        return (await evaluator.evaluate(createState(positions, state.box))).energy
      }
      const h = 0.12
      const slope =
        (8 * ((await along(h)) - (await along(-h))) - ((await along(2 * h)) - (await along(-2 * h)))) /
        (12 * h)
      expect(Math.abs(-slope / size - 1)).toBeLessThan(3e-5)
    })
  })
})
