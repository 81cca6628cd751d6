import { execFile } from 'node:child_process'
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { ROOT } from '../cli/hoplite.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { writeLongRun } from '../tools/longRun.ts'

const folder = temporaryFolder()
const MB = 1e6
/** Says at the end how much memory the process had at most, kB. */
const WATCH = 'data:text/javascript,process.on("exit",()=>console.error(process.resourceUsage().maxRSS))'

/** `hoplite msd` in a process of its own, of a trajectory of so many frames of 30 kB. */
async function analysed(frames: number) {
  const directory = join(folder, `frames-${frames}`)
  writeLongRun(directory, { frames, ions: 4, others: 2500 })
  const file_MB = statSync(join(directory, 'trajectory.dcd')).size / MB
  const program = join(ROOT, 'src/cli/hoplite.mjs')
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    ...['--import', WATCH, program, 'msd', directory],
    ...['--fit-from_ps', '1', '--fit-to_ps', '5', '--json'],
  ])
  rmSync(directory, { recursive: true })
  const slope = (JSON.parse(stdout) as { slope_A2_per_ps: number }).slope_A2_per_ps
  return { file_MB, slope, peak_MB: Number(stderr.trim().split('\n').at(-1)) / 1e3 }
}

test('a trajectory is analysed in memory that does not grow with it', { timeout: 120_000 }, async () => {
  const short = await analysed(200)
  const long = await analysed(10_000)
  expect(long.file_MB - short.file_MB).toBeGreaterThan(290)
  expect(long.slope).toBeGreaterThan(0.5)
  expect(long.slope).toBeLessThan(0.7)
  expect(long.peak_MB).toBeGreaterThan(40)
  expect(long.peak_MB - short.peak_MB).toBeLessThan(100)
})
