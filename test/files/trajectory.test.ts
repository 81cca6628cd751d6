import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Box, createBox, orthorhombicBox } from '../../src/core/box.ts'
import {
  boxOfCell,
  cellOfBox,
  createTrajectory,
  loadTrajectory,
  readFrames,
  readTrajectoryHeader,
  resumeTrajectory,
} from '../../src/files/trajectory.ts'
import { caught } from '../tools/caught.ts'
import { itWith, runAse } from '../tools/external.ts'
import { temporaryFolder } from '../tools/folder.ts'

const folder = temporaryFolder()
const ATOMS = 5
const BOX = createBox([9, 0, 0, 1.5, 10, 0, -2, 0.5, 11])

const frameAt = (k: number) => Float64Array.from({ length: 3 * ATOMS }, (_, c) => 100 * k + c + 0.123456)
const boxAt = (k: number): Box => createBox(BOX.matrix.map(x => x * (1 + 0.01 * k)))

function write(name: string, frames: number): string {
  const path = join(folder, name)
  const options = { atomCount: ATOMS, firstStep: 500, stepsPerFrame: 50, timestep_fs: 2 }
  const writer = createTrajectory(path, { ...options, title: 'made by a CP2K-like test' })
  for (let k = 0; k < frames; k++) writer.append(frameAt(k), boxAt(k))
  writer.close()
  return path
}

async function frames(path: string, range = {}) {
  const result = []
  for await (const frame of readFrames(path, range)) result.push(frame)
  return result
}

describe('a DCD trajectory', () => {
  it('a trajectory is written and read back with header, positions and cells', async () => {
    const path = write('a.dcd', 4)
    expect(readTrajectoryHeader(path)).toEqual({
      atomCount: ATOMS,
      frameCount: 4,
      firstStep: 500,
      stepsPerFrame: 50,
      timestep_ps: 0.002,
      frameInterval_ps: 0.1,
      title: 'made by a CP2K-like test',
    })
    const read = await frames(path)
    expect(read.map(({ index }) => index)).toEqual([0, 1, 2, 3])
    read.forEach(({ positions, cell }, k) => {
      expect(positions).toEqual(Float32Array.from(frameAt(k)))
      const box = boxOfCell(cell!)
      boxAt(k).matrix.forEach((x, c) => {
        expect(box.matrix[c]).toBeCloseTo(x, 12)
      })
    })
    expect((await frames(path, { from: 1, to: 4, every: 2 })).map(({ index }) => index)).toEqual([1, 3])
  })

  it('loadTrajectory loads selected atoms of all frames', async () => {
    const { positions, cells, header } = await loadTrajectory(write('b.dcd', 3), [4, 1])
    expect(positions.shape).toEqual([3, 2, 3])
    expect(header.frameCount).toBe(3)
    expect(positions.get(2, 0, 1)).toBe(Math.fround(200 + 13 + 0.123456))
    expect(positions.get(1, 1, 2)).toBe(Math.fround(100 + 5 + 0.123456))
    expect(cells!.get(2, 0)).toBeCloseTo(9 * 1.02, 12)
    expect((await loadTrajectory(join(folder, 'b.dcd'))).positions.shape).toEqual([3, ATOMS, 3])
    await expect(loadTrajectory(join(folder, 'b.dcd'), [5])).rejects.toThrow(RangeError)
  })

  it('the header of a trajectory follows the description of CHARMM', () => {
    const bytes = readFileSync(write('c.dcd', 2))
    const integers = new Int32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 92))
    expect(integers[0]).toBe(84)
    expect(bytes.toString('latin1', 4, 8)).toBe('CORD')
    // NSET, ISTART, NSAVC, NSTEP; QCRYS; version; end of the record.
    expect([...integers.subarray(2, 6), integers[12], integers[21], integers[22]]).toEqual([
      2, 500, 50, 100, 1, 24, 84,
    ])
    // DELTA in AKMA units: 2 fs / 48.88821 fs.
    expect(bytes.readFloatLE(44)).toBeCloseTo(2 / 48.88821, 8)
    expect(bytes.length).toBe(276 + 2 * (56 + 3 * (4 * ATOMS + 8)))
  })

  it('a trajectory that ends in the middle of a frame is readable', async () => {
    const path = write('killed.dcd', 3)
    truncateSync(path, readFileSync(path).length - 10)
    expect(readTrajectoryHeader(path).frameCount).toBe(2)
    expect(await frames(path)).toHaveLength(2)
  })

  it('an open trajectory is readable, and its header counts the flushed frames', async () => {
    const path = join(folder, 'open.dcd')
    const writer = createTrajectory(path, {
      atomCount: ATOMS,
      firstStep: 0,
      stepsPerFrame: 1,
      timestep_fs: 1,
    })
    writer.append(frameAt(0), BOX)
    writer.flush()
    writer.append(frameAt(1), BOX)
    expect(readFileSync(path).readInt32LE(8)).toBe(1)
    expect(await frames(path)).toHaveLength(2)
    expect(writer.frameCount).toBe(2)
    writer.close()
    expect(readFileSync(path).readInt32LE(8)).toBe(2)
  })

  it('a resumed trajectory continues after the checkpoint without later frames', async () => {
    const path = write('resumed.dcd', 5)
    const writer = resumeTrajectory(path, 2)
    writer.append(frameAt(7), boxAt(7))
    writer.close()
    const expected = join(folder, 'straight.dcd')
    const straight = createTrajectory(expected, {
      atomCount: ATOMS,
      firstStep: 500,
      stepsPerFrame: 50,
      timestep_fs: 2,
      title: 'made by a CP2K-like test',
    })
    for (const k of [0, 1, 7]) straight.append(frameAt(k), boxAt(k))
    straight.close()
    expect(readFileSync(path).equals(readFileSync(expected))).toBe(true)
    expect(caught(() => resumeTrajectory(path, 9)).message).toContain('has 3 frames')
  })

  it('the time between frames is recovered from single precision', () => {
    for (const [timestep_fs, stepsPerFrame] of [
      [0.5, 7],
      [1, 1],
      [4, 25],
      [2.5, 400],
    ] as const) {
      const path = join(folder, `${timestep_fs}.dcd`)
      createTrajectory(path, { atomCount: 1, firstStep: 0, stepsPerFrame, timestep_fs }).close()
      expect(readTrajectoryHeader(path)).toMatchObject({
        timestep_ps: timestep_fs / 1000,
        frameInterval_ps: Number(((timestep_fs * stepsPerFrame) / 1000).toPrecision(7)),
        frameCount: 0,
      })
    }
  })

  it('cells are kept up to their orientation, right angles exactly', () => {
    expect(Array.from(cellOfBox(orthorhombicBox(3, 4, 5)))).toEqual([3, 4, 5, 90, 90, 90])
    const turned = createBox([0, 3, 0, 0, 0, 4, 5, 0, 0])
    expect(Array.from(boxOfCell(cellOfBox(turned)).matrix)).toEqual([3, 0, 0, 0, 4, 0, 0, 0, 5])
  })

  it('cells with cosines in place of angles, as NAMD and VMD write them, are read', async () => {
    const path = write('cosines.dcd', 1)
    const bytes = readFileSync(path)
    const [, , , alpha, beta, gamma] = cellOfBox(BOX) as unknown as number[]
    ;[gamma!, beta!, alpha!].forEach((angle, k) => {
      bytes.writeDoubleLE(Math.cos((angle * Math.PI) / 180), 276 + 4 + 8 * [1, 3, 4][k]!)
    })
    writeFileSync(path, bytes)
    const [frame] = await frames(path)
    cellOfBox(BOX).forEach((value, k) => {
      expect(frame!.cell![k]).toBeCloseTo(value, 10)
    })
  })

  it('an existing file is not overwritten, and a file that is no trajectory is refused', () => {
    const path = write('once.dcd', 1)
    expect(caught(() => write('once.dcd', 1)).message).toContain('already exists')
    const other = join(folder, 'other.dcd')
    writeFileSync(other, 'x'.repeat(200))
    expect(caught(() => readTrajectoryHeader(other)).message).toContain('no DCD trajectory')
    writeFileSync(other, readFileSync(path).subarray(0, 150))
    expect(caught(() => readTrajectoryHeader(other)).message).toContain('inside its header')
    expect(caught(() => readTrajectoryHeader(join(folder, 'none.dcd'))).message).toBe('there is no such file')
  })

  it('a damaged frame is reported by its number', async () => {
    const path = write('damaged.dcd', 2)
    const bytes = readFileSync(path)
    bytes.writeInt32LE(3, 276 + 56 + 3 * (4 * ATOMS + 8) + 56)
    writeFileSync(path, bytes)
    await expect(frames(path)).rejects.toThrow('frame 2 of the trajectory is damaged')
  })

  itWith('ase', 'is read by ASE’s reader of CP2K’s DCD', () => {
    const seen = runAse(
      `import sys, json
from ase.io.cp2k import read_cp2k_dcd
with open(sys.argv[1], 'rb') as f:
    frames = list(read_cp2k_dcd(f, slice(None), aligned=True))
print(json.dumps([dict(x=a.positions.ravel().tolist(), cell=a.cell[:].round(9).ravel().tolist()) for a in frames]))`,
      write('ase.dcd', 3),
    ) as { x: number[]; cell: number[] }[]
    expect(seen).toHaveLength(3)
    seen.forEach(({ x, cell }, k) => {
      expect(x).toEqual(Array.from(Float32Array.from(frameAt(k))))
      boxAt(k).matrix.forEach((value, c) => {
        expect(cell[c]).toBeCloseTo(value, 8)
      })
    })
  })
})
