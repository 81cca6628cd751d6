import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createBox } from '../../src/core/box.ts'
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../../src/files/checkpoint.ts'
import { caught } from '../tools/caught.ts'
import { temporaryFolder } from '../tools/folder.ts'

const folder = temporaryFolder()
const path = join(folder, 'checkpoint.bin')

const checkpoint: Checkpoint = {
  state: {
    positions: Float64Array.of(0.1, 1 / 3, -2e-300),
    velocities: Float64Array.of(Math.PI, -0, 5e300),
    box: createBox([7, 0, 0, 0.1, 8, 0, 0, 0, 9]),
    step: 123_456_789,
    time_ps: 0.1 + 0.2,
  },
  seed: 42,
  stageIndex: 3,
  accumulators: { thermostat: { exchanged_eV: -1.0000000000000002 }, stageStep: 7, note: 'α' },
  arrays: { anchors: Float64Array.of(1, 2, 3, 4) },
}

describe('a checkpoint', () => {
  it('keeps every bit of the state', () => {
    writeCheckpoint(path, checkpoint)
    expect(readCheckpoint(path)).toEqual(checkpoint)
  })

  it('is exact for every finite double', () => {
    const double = fc.double({ noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(
        fc.array(double, { minLength: 3 }),
        double.filter(x => !Object.is(x, -0)),
        (values, time_ps) => {
          const positions = Float64Array.from(values)
          const state = { ...checkpoint.state, positions, velocities: positions.slice().reverse(), time_ps }
          writeCheckpoint(path, { ...checkpoint, state, arrays: {} })
          expect(readCheckpoint(path)).toEqual({ ...checkpoint, state, arrays: {} })
        },
      ),
      { numRuns: 20 },
    )
  })

  it('replaces the one before and leaves nothing else behind', () => {
    writeCheckpoint(path, checkpoint)
    writeCheckpoint(path, { ...checkpoint, seed: 43 })
    expect(readCheckpoint(path).seed).toBe(43)
    expect(readdirSync(folder)).toEqual(['checkpoint.bin'])
  })

  it('keeps the one before when writing fails', () => {
    writeCheckpoint(path, checkpoint)
    const accumulators = { conserved: Number.NaN }
    expect(() => writeCheckpoint(path, { ...checkpoint, accumulators })).toThrow('conserved is NaN')
    expect(readCheckpoint(path)).toEqual(checkpoint)
  })

  it('is refused when a bit has changed, or the end is missing', () => {
    writeCheckpoint(path, checkpoint)
    const bytes = readFileSync(path)
    const changed = Buffer.from(bytes)
    changed[bytes.length - 3]! ^= 1
    for (const damaged of [changed, bytes.subarray(0, bytes.length - 8), bytes.subarray(0, 40)]) {
      writeFileSync(path, damaged)
      expect(caught(() => readCheckpoint(path)).message).toContain('damaged')
    }
    writeFileSync(path, 'not a checkpoint at all')
    expect(caught(() => readCheckpoint(path)).message).toContain('not a checkpoint')
    expect(caught(() => readCheckpoint(join(folder, 'none'))).message).toBe('there is no such file')
  })
})
