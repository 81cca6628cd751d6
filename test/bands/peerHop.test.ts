import { join } from 'node:path'
import { expect, it } from 'vitest'
import { computeBand } from '../../src/bands/computeBand.ts'
import { prepareBand } from '../../src/bands/prepareBand.ts'
import { loadBandRecipe } from '../../src/recipes/bandRecipe.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { writePeerHop } from '../tools/peerHop.ts'

const folder = temporaryFolder()

it('the Li hop that LAMMPS puts at 0.2695 eV, in at most 200 force calls', { timeout: 60_000 }, async () => {
  writePeerHop(folder)
  const prepared = prepareBand(loadBandRecipe(join(folder, 'li-hop.yaml')))
  expect(prepared.system.atomCount).toBe(191)
  const band = await computeBand(prepared, { platform: 'auto', threads: 1 })
  expect(band).toMatchObject({ converged: true, warnings: [] })
  expect(band.state.images).toHaveLength(7)
  expect(band.fmax_eV_per_A).toBeLessThanOrEqual(0.01)
  expect(Math.abs(band.barrier_eV - 0.2695)).toBeLessThanOrEqual(0.001)
  expect(band.force_calls + band.preparation_force_calls).toBeLessThanOrEqual(200)
})
