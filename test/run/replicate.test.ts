import { expect, it } from 'vitest'
import { createState } from '../../src/core/state.ts'
import { referencePlatform } from '../../src/platform/reference/reference.ts'
import { replicate } from '../../src/run/replicate.ts'
import { goldenNames, loadGolden } from '../tools/goldens.ts'

const repeatable = goldenNames().filter(name => /molecular|triclinic|improper|dihedral-charmm/.test(name))

it.each(repeatable)(
  'a box of %s repeated has n³ times its energy and its forces n³ times over',
  async name => {
    const { data, system } = loadGolden(name)
    const state = createState(data.structure.positions, data.structure.box)
    const one = await (await referencePlatform.prepare(system)).evaluate(state)
    const box = replicate(system, state, 2)
    const all = await (await referencePlatform.prepare(box.system)).evaluate(box.state)
    expect(box.state.box.volume / state.box.volume).toBeCloseTo(8, 9)
    expect(all.energy / 8 / one.energy).toBeCloseTo(1, 6)
    const scale = Math.max(...one.forces.map(Math.abs))
    all.forces.forEach((f, k) => {
      expect(Math.abs(f - one.forces[k % one.forces.length]!) / scale).toBeLessThan(1e-5)
    })
  },
)
