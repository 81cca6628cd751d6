import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { readBandCheckpoint } from '../../src/files/bandFiles.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { document } from './hoplite.ts'

const PROGRAM = join(import.meta.dirname, '../../src/cli/hoplite.mjs')
const RECIPE = join(import.meta.dirname, '../../runs/bulk-odh.yaml')
const folder = temporaryFolder()
// Long enough for a second checkpoint.
const BAND = ['--images', '15', '--fmax_eV_per_A', '0.0005', '--threads', '1', '--quiet']

/** Kills the process as soon as its checkpoint is one of the middle of the band. @returns that checkpoint's iteration */
async function killHalfWay(directory: string): Promise<number> {
  const child = spawn(process.execPath, [PROGRAM, 'neb', RECIPE, '--out', directory, ...BAND])
  const ended = new Promise(resolve => child.on('close', resolve))
  const file = join(directory, 'band-checkpoint.json')
  for (;;) {
    await setTimeout(50)
    const iteration = existsSync(file) ? readBandCheckpoint(file).band.iteration : 0
    if (iteration === 0 && child.exitCode === null) continue
    child.kill('SIGKILL')
    await ended
    return iteration
  }
}

it('a killed band continues to the same barrier', { timeout: 120_000 }, async () => {
  const [whole, killed] = [join(folder, 'whole'), join(folder, 'killed')]
  const expected = await document('neb', RECIPE, '--out', whole, ...BAND)
  const iteration = await killHalfWay(killed)
  expect(iteration).toBeGreaterThan(0)
  expect(existsSync(join(killed, 'results.json'))).toBe(false)
  const resumed = await document('neb', killed, '--resume', '--threads', '2', '--quiet')
  expect(resumed).toMatchObject({ converged: true, iterations: expected.iterations })
  expect(resumed.iterations).toBeGreaterThan(iteration)
  expect(resumed).toMatchObject({
    force_calls: expected.force_calls,
    preparation_force_calls: expected.preparation_force_calls,
  })
  expect(Math.abs(Number(resumed.barrier_eV) - Number(expected.barrier_eV))).toBeLessThan(1e-6)
  const band = (directory: string) => readFileSync(join(directory, 'band.extxyz'), 'utf8')
  expect(band(killed)).toBe(band(whole))
})
