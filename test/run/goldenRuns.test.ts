import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { hoplite } from '../cli/hoplite.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { bringBack, bringInputs, differing, GOLDEN_RUNS, KINDS } from '../tools/goldenRuns.ts'

/** Changes with the engine's mathematical functions, whose last digit JavaScript leaves open. */
function arithmetic(): string {
  const { exp, expm1, log, cos, sin, cbrt, pow, sqrt } = Math
  const values = Array.from({ length: 500 }, (_, k) => 0.013 * (k + 1)).flatMap(x =>
    [exp, expm1, log, cos, sin, cbrt, sqrt, (y: number) => pow(y, 1.7)].map(compute => compute(x)),
  )
  return createHash('sha256').update(Float64Array.from(values)).digest('hex').slice(0, 16)
}

/** Of the engine that made the files in test/golden/runs. */
const ARITHMETIC = '11b201fd770733c9'

const folder = temporaryFolder()
const golden = (kind: string, run: string) => join(GOLDEN_RUNS, kind, run)

beforeAll(() => bringInputs(GOLDEN_RUNS, folder))

async function run(...args: string[]): Promise<void> {
  const { code, stderr } = await hoplite(...args, '--quiet')
  if (code !== 0) throw new Error(stderr)
}

/** Byte by byte, or by value where the mathematical functions have another last digit. */
function expectSame(directory: string, whole: string): void {
  if (arithmetic() === ARITHMETIC) {
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

describe.each(Object.entries(KINDS))('a run of version 0.1.0, %s', (kind, { platform = 'reference' }) => {
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
