import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { sha256File } from '../../src/files/files.ts'
import { hoplite } from '../cli/hoplite.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { BAND_SHA256, bringBack, GOLDEN_BANDS } from '../tools/goldenBands.ts'
import { hasArithmeticOfGolden } from '../tools/goldenRuns.ts'

const folder = temporaryFolder()
const at = (...names: string[]) => join(folder, ...names)
const json = (...names: string[]) => JSON.parse(readFileSync(at(...names), 'utf8'))
const band = (directory: string) => readFileSync(at(directory, 'band.extxyz'), 'utf8')

/** Results of a band without its directory and its wall time. */
function figures(directory: string) {
  const { run: _run, wall_s: _wall, ...rest } = json(directory, 'results.json')
  return rest
}

beforeAll(() => bringBack(folder))

async function run(...args: string[]): Promise<void> {
  const { code, stderr } = await hoplite(...args, '--quiet')
  if (code !== 0) throw new Error(stderr)
}

describe('a band of version 0.1.0', () => {
  it.each([
    ['that was killed half-way', 'killed', 0],
    // Each end is evaluated once more where its relaxation goes on: 6f527d7 counted the same.
    ['that stopped while its ends relaxed', 'stopped', 2],
  ])('%s is resumed to the bytes of the band that was not', async (_how, directory, more) => {
    await run('neb', at(directory), '--resume', '--threads', '1')
    expect(figures(directory).barrier_eV).toBeCloseTo(figures('whole').barrier_eV, 6)
    if (!hasArithmeticOfGolden()) return
    expect(band(directory)).toBe(band('whole'))
    const { preparation_force_calls, ...whole } = figures('whole')
    expect(figures(directory)).toEqual({
      ...whole,
      preparation_force_calls: preparation_force_calls + more,
    })
  })
})

it('a barrier study of version 0.1.0 of which half is done is resumed to the results of the study that was not', async () => {
  await run('study', 'ni-barrier', '--cases', 'bare,N-coordinated', '--jobs', '1', '--out', at('study'))
  const { cases } = json('study', 'results.json')
  const whole: typeof cases = json('study-whole', 'results.json').cases
  expect(cases.map(({ name }: { name: string }) => name)).toEqual([
    'bare',
    'N-coordinated',
    'N-coordinated less bare',
  ])
  for (const one of cases) {
    const then = whole.find(({ name }: { name: string }) => name === one.name)
    expect(one.value).toBeCloseTo(then.value, 6)
    // Ranges need the other cases.
    if (hasArithmeticOfGolden()) expect({ ...one, range: null }).toEqual({ ...then, range: null })
  }
  if (!hasArithmeticOfGolden()) return
  const hash = readFileSync(join(GOLDEN_BANDS, 'study-whole', BAND_SHA256), 'utf8')
  expect(sha256File(at('study/ni-pan/band.extxyz'))).toBe(hash)
})
