import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../tools/folder.ts'
import { writeLifsi } from './boxes.ts'
import { document, hoplite, POTENTIAL, refusal } from './hoplite.ts'

const folder = temporaryFolder()
const quick = ['--turns', '2', '--seconds', '0.02', '--cutoff_A', '7']

describe('bench', () => {
  it('has the promised keys for every size, and parts that add up to the step', async () => {
    const { box } = await writeLifsi(folder)
    const report = await document('bench', box, '--potential', POTENTIAL, '--sizes', '1,2', ...quick)
    expect(Object.keys(report)).toEqual(['machine', 'results'])
    const results = report.results as Record<string, unknown>[]
    const reference = results.filter(({ platform }) => platform === 'reference')
    expect(reference.map(({ atoms }) => atoms)).toEqual([120, 960])
    const keys = ['platform', 'backend', 'threads', 'atoms', 'steps_per_s', 'ns_per_day', 'ns_per_pair']
    for (const result of results) {
      expect(Object.keys(result)).toEqual([...keys, 'breakdown', 'transfers'])
      const rate = result.steps_per_s as number
      expect(rate).toBeGreaterThan(0)
      expect(result.ns_per_day).toBeCloseTo(rate * 0.0864, 9)
      if (result.breakdown === null) continue
      const parts = result.breakdown as Record<string, number>
      expect(Object.keys(parts)).toEqual(['pair_ms', 'kspace_ms', 'bonded_ms', 'neighbours_ms', 'rest_ms'])
      const step_ms = Object.values(parts).reduce((a, b) => a + b, 0)
      expect(step_ms * rate).toBeCloseTo(1000, 6)
      expect(parts.pair_ms).toBeGreaterThan(0)
      expect(result.ns_per_pair).toBeGreaterThan(0)
    }
  })

  it('has a box of its own, and says it in a table', async () => {
    const { code, stdout } = await hoplite('bench', '--sizes', '1', '--platform', 'reference', ...quick)
    expect(code).toBe(0)
    expect(stdout).toMatch(/reference \(f64\) +1 +890 /)
  })

  it('refuses what it cannot do', async () => {
    expect((await refusal('bench', '--sizes', '1,x')).message).toBe("--sizes is '1,x'")
    expect((await refusal('bench', '--turns', '0')).message).toBe('--turns is 0')
    expect((await refusal('bench', '--charge-scale', '1')).message).toMatch(/shipped box/)
    expect((await refusal('bench', '--platform', 'abacus')).hint).toMatch(/reference/)
  })
})
