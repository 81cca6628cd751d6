import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { hoplite } from '../cli/hoplite.ts'
import { temporaryFolder } from '../tools/folder.ts'
import {
  bringBack,
  bringInputs,
  differing,
  GOLDEN_RUNS,
  hasArithmeticOfGolden,
  KINDS,
} from '../tools/goldenRuns.ts'

const folder = temporaryFolder()
const golden = (kind: string, run: string) => join(GOLDEN_RUNS, kind, run)

beforeAll(() => bringInputs(GOLDEN_RUNS, folder))

async function run(...args: string[]): Promise<void> {
  const { code, stderr } = await hoplite(...args, '--quiet')
  if (code !== 0) throw new Error(stderr)
}

/** Byte by byte, or by value where the mathematical functions have another last digit. */
function expectSame(directory: string, whole: string): void {
  if (hasArithmeticOfGolden()) {
    expect(differing(directory, whole)).toEqual([])
    return
  }
  const rows = (run: string) => readFileSync(join(run, 'log.csv'), 'utf8').trimEnd().split('\n').slice(1)
  const [now, then] = [rows(directory), rows(whole)].map(all => all.map(row => row.split(',').map(Number)))
  expect(now!.length).toBe(then!.length)
  now!.flat().forEach((value, k) => {
    expect(value).toBeCloseTo(then!.flat()[k]!, 6)
  })
}

it('a killed run at constant pressure of version 0.1.0, whose barostat was another one, is resumed to its end', async () => {
  const directory = join(folder, 'npt', 'killed-0.1.0')
  bringBack(golden('npt', 'killed-0.1.0'), directory, folder)
  await run('resume', directory)
  const rows = readFileSync(join(directory, 'log.csv'), 'utf8').trimEnd().split('\n')
  const whole = readFileSync(join(golden('npt', 'whole'), 'log.csv'), 'utf8')
    .trimEnd()
    .split('\n')
  expect(rows.length).toBe(whole.length)
})

describe.each(Object.entries(KINDS))('a golden run, %s', (kind, { platform = 'reference' }) => {
  it('that was killed is resumed to the bytes of the run that was not', async () => {
    const directory = join(folder, kind, 'killed')
    bringBack(golden(kind, 'killed'), directory, folder)
    await run('resume', directory)
    expectSame(directory, golden(kind, 'whole'))
  })

  it('is repeated byte by byte from its recipe', async () => {
    const directory = join(folder, kind, 'again')
    await run('md', join(folder, kind, 'recipe.yaml'), '--platform', platform, '--out', directory)
    expectSame(directory, golden(kind, 'whole'))
  })
})
