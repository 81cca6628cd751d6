import { expect, it } from 'vitest'
import { hotRun } from './smoke.ts'

/**
 * A careful GROMACS prototype of this box at 700 K and charge scale 0.7 (4 fs, repartitioned hydrogen) has
 * MSD(5 ps) = 20.7 Å² and a slope over 2–12 ps of 3.0 Å²/ps.
 */
it('reproduces the lithium mobility of the pvdf reference box at 700 K within 30 %', async () => {
  const { msd5ps_A2, slope_A2_per_ps } = await hotRun('pvdf')
  expect(Math.abs(msd5ps_A2 / 20.7 - 1)).toBeLessThan(0.3)
  expect(Math.abs(slope_A2_per_ps / 3.0 - 1)).toBeLessThan(0.3)
}, 300_000)
