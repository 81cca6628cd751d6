import { describe, expect, it } from 'vitest'
import { createState } from '../../src/core/state.ts'
import { netCharge } from '../../src/core/system.ts'
import { referencePlatform } from '../../src/platform/reference/reference.ts'
import { itWith } from '../tools/external.ts'
import { FIXTURES, fixtureSystem, LAMMPS_COULOMB, loadFixture, runLammps } from '../tools/oxideFixtures.ts'

const platforms = [referencePlatform]

describe.each(platforms)('$name platform on the bands of the prototype', platform => {
  it.each(FIXTURES)('%s: energies of all images and first forces', async name => {
    const fixture = loadFixture(name)
    const { system, box, images } = fixtureSystem(fixture)
    const evaluator = await platform.prepare(system)
    const first = await evaluator.evaluate(createState(images[0]!, box))
    const { energy } = first
    expect(Math.abs(energy / fixture.initial_energy_eV - 1)).toBeLessThan(1e-9)
    fixture.first_forces_eV_per_A.flat().forEach((force, k) => {
      expect(Math.abs(first.forces[k]! - force)).toBeLessThan(1e-6)
    })
    for (const [k, image] of images.entries()) {
      const relative = (await evaluator.evaluate(createState(image, box))).energy - energy
      expect(Math.abs(relative - fixture.relative_energies_eV[k]!), `image ${k}`).toBeLessThan(1e-6)
    }
  })

  const cases = [
    { name: 'a neutral crystal', fixture: 'bulk-odh', host: null },
    { name: 'a crystal of -0.6 e against its background', fixture: 'bulk-odh', host: 1.8 },
    { name: 'a slab with the correction along z', fixture: 'a-bare', host: null },
  ] as const
  for (const { name, fixture: fixtureName, host } of cases) {
    itWith('lammps', `${name}: energy and forces of LAMMPS`, async () => {
      const fixture = loadFixture(fixtureName)
      const charges_e = fixture.types.map((type, i) => (type === 'Ni3' && host) || fixture.charges_e[i]!)
      const changed = { ...fixture, tethers: { stiffness_eV_per_A2: 0, atoms: [], sites_A: [] } }
      const { system, box, images } = fixtureSystem(changed, { charges_e, coulomb: LAMMPS_COULOMB })
      expect(netCharge(system)).toBeCloseTo(host ? -0.6 : 0, 9)
      const evaluator = await platform.prepare(system)
      const here = await evaluator.evaluate(createState(images[2]!, box))
      const there = runLammps(system, box, images[2]!)
      expect(Math.abs(here.energy - there.energy_eV)).toBeLessThan(1e-6)
      there.forces.forEach((force, k) => {
        expect(Math.abs(here.forces[k]! - force)).toBeLessThan(1e-6)
      })
    })
  }
})
