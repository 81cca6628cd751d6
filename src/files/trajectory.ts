import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import ndarray, { type NdArray } from 'ndarray'
import { type Box, createBox } from '../core/box.ts'
import { UserError } from '../errors.ts'
import { DEGREE, FEMTOSECOND } from '../units.ts'
import { unreadable } from './files.ts'

/**
 * Header of a trajectory file. Trajectories are DCD files of CHARMM, NAMD and VMD (little-endian, unit cell of lengths and
 * angles in degrees, single precision): https://www.ks.uiuc.edu/Research/vmd/plugins/molfile/dcdplugin.html. Positions
 * are unwrapped. The orientation of the cell is not stored: a lies along x, and b in the xy plane.
 */
export interface TrajectoryHeader {
  readonly atomCount: number
  /** Number of complete frames in the file; the header may have a smaller number after a crash. */
  readonly frameCount: number
  /** Step of the first frame. */
  readonly firstStep: number
  readonly stepsPerFrame: number
  readonly timestep_ps: number
  readonly frameInterval_ps: number
  readonly title: string
}

/** Header of a new trajectory. */
export interface TrajectoryOptions {
  readonly atomCount: number
  readonly firstStep: number
  readonly stepsPerFrame: number
  readonly timestep_fs: number
  /** Title of at most 79 ASCII characters. */
  readonly title?: string
}

/** Writer of a trajectory file. */
export interface TrajectoryWriter {
  readonly path: string
  /** Number of frames in the file. */
  readonly frameCount: number
  /** Appends one frame. @param positions [3N] Å, unwrapped */
  append(positions: Float64Array, box: Box): void
  /** Updates the frame count of the header and writes all data to the disk. */
  flush(): void
  /** Flushes and closes. */
  close(): void
}

/** One frame of a trajectory. */
export interface TrajectoryFrame {
  readonly index: number
  /** [3N] unwrapped positions, Å. */
  readonly positions: Float32Array
  /** Cell lengths a, b, c (Å) and angles α, β, γ (degrees); null when the file has no cells. */
  readonly cell: Float64Array | null
}

/** CHARMM's unit of time, √(g/mol·Å²/(kcal/mol)), ps; the value that VMD, NAMD and MDAnalysis use. */
const AKMA_PS = 0.04888821
const TITLE_LENGTH = 80
const HEADER_BYTES = 92 + (8 + 4 + 2 * TITLE_LENGTH) + 12
const CELL_BYTES = 4 + 48 + 4
const OFFSET = {
  frameCount: 8,
  firstStep: 12,
  stepsPerFrame: 16,
  stepCount: 20,
  timestep: 44,
  hasCell: 48,
} as const

interface Layout extends TrajectoryHeader {
  /** Offset of the first frame, bytes. */
  readonly start: number
  readonly hasCell: boolean
  readonly frameBytes: number
}

/** Creates a trajectory file. @throws UserError when the file exists or cannot be written */
export function createTrajectory(path: string, options: TrajectoryOptions): TrajectoryWriter {
  const { atomCount, firstStep, stepsPerFrame, timestep_fs, title = '' } = options
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeInt32LE(84, 0)
  header.write('CORD', 4, 'latin1')
  header.writeInt32LE(firstStep, OFFSET.firstStep)
  header.writeInt32LE(stepsPerFrame, OFFSET.stepsPerFrame)
  header.writeFloatLE((timestep_fs * FEMTOSECOND) / AKMA_PS, OFFSET.timestep)
  header.writeInt32LE(1, OFFSET.hasCell)
  // CHARMM version 24: readers then expect DELTA in single precision and unit cells.
  header.writeInt32LE(24, 84)
  header.writeInt32LE(84, 88)
  header.writeInt32LE(4 + 2 * TITLE_LENGTH, 92)
  header.writeInt32LE(2, 96)
  const titles = [`REMARKS ${title}`, 'REMARKS hoplite: unwrapped positions, Angstrom']
  titles.forEach((text, k) => {
    header.write(text.padEnd(TITLE_LENGTH).slice(0, TITLE_LENGTH), 100 + k * TITLE_LENGTH, 'latin1')
  })
  header.writeInt32LE(4 + 2 * TITLE_LENGTH, 100 + 2 * TITLE_LENGTH)
  header.writeInt32LE(4, HEADER_BYTES - 12)
  header.writeInt32LE(atomCount, HEADER_BYTES - 8)
  header.writeInt32LE(4, HEADER_BYTES - 4)
  const descriptor = openFor(path, 'wx+')
  writeSync(descriptor, header, 0, HEADER_BYTES, 0)
  return trajectoryWriter(path, descriptor, readLayout(descriptor, path))
}

/**
 * Opens a trajectory for appending after its first `frameCount` frames; later frames, written after the last checkpoint,
 * are removed.
 * @throws UserError when the file has fewer frames
 */
export function resumeTrajectory(path: string, frameCount: number): TrajectoryWriter {
  const descriptor = openFor(path, 'r+')
  const layout = readLayout(descriptor, path)
  if (layout.frameCount < frameCount || !layout.hasCell) {
    closeSync(descriptor)
    throw new UserError({
      message: layout.hasCell
        ? `the trajectory has ${layout.frameCount} frames, but the checkpoint was written after ${frameCount}`
        : 'the trajectory has no unit cells',
      where: path,
    })
  }
  ftruncateSync(descriptor, layout.start + frameCount * layout.frameBytes)
  const writer = trajectoryWriter(path, descriptor, { ...layout, frameCount })
  writer.flush()
  return writer
}

function trajectoryWriter(path: string, descriptor: number, layout: Layout): TrajectoryWriter {
  const { atomCount, start, frameBytes, stepsPerFrame } = layout
  const frame = Buffer.alloc(frameBytes)
  const coordinates = new Float32Array(atomCount)
  const block = 4 * atomCount
  frame.writeInt32LE(48, 0)
  frame.writeInt32LE(48, 52)
  for (let k = 0; k < 3; k++) {
    frame.writeInt32LE(block, CELL_BYTES + k * (block + 8))
    frame.writeInt32LE(block, CELL_BYTES + k * (block + 8) + 4 + block)
  }
  let frameCount = layout.frameCount
  const counts = Buffer.alloc(16)
  const flush = () => {
    counts.writeInt32LE(frameCount, 0)
    counts.writeInt32LE(layout.firstStep, 4)
    counts.writeInt32LE(stepsPerFrame, 8)
    counts.writeInt32LE(Math.min(frameCount * stepsPerFrame, 0x7fffffff), 12)
    writeSync(descriptor, counts, 0, 16, OFFSET.frameCount)
    fsyncSync(descriptor)
  }
  return {
    path,
    get frameCount() {
      return frameCount
    },
    append(positions, box) {
      if (positions.length !== 3 * atomCount) {
        throw new RangeError(`a frame of ${positions.length / 3} atoms in a trajectory of ${atomCount}`)
      }
      const [a = 0, b = 0, c = 0, alpha = 0, beta = 0, gamma = 0] = cellOfBox(box)
      // Order of CHARMM's symmetric cell matrix.
      const record = [a, gamma, b, beta, alpha, c]
      record.forEach((value, k) => {
        frame.writeDoubleLE(value, 4 + 8 * k)
      })
      for (let k = 0; k < 3; k++) {
        for (let i = 0; i < atomCount; i++) coordinates[i] = positions[3 * i + k]!
        frame.set(new Uint8Array(coordinates.buffer, 0, block), CELL_BYTES + k * (block + 8) + 4)
      }
      writeSync(descriptor, frame, 0, frameBytes, start + frameCount * frameBytes)
      frameCount++
    },
    flush,
    close() {
      flush()
      closeSync(descriptor)
    },
  }
}

/** Reads the header of a trajectory. @throws UserError when the file is not a DCD file of the supported kind */
export function readTrajectoryHeader(path: string): TrajectoryHeader {
  return publicHeader(readClosedLayout(path))
}

/** Frames to read. */
export interface FrameRange {
  /** First frame. Default: 0. */
  readonly from?: number
  /** End of the range, without this frame. Default: the number of frames. */
  readonly to?: number
  readonly every?: number
}

/** Reads frames one by one, each with its own arrays. @throws UserError as `readTrajectoryHeader` */
export async function* readFrames(path: string, range: FrameRange = {}): AsyncGenerator<TrajectoryFrame> {
  const layout = readClosedLayout(path)
  const { from = 0, to = layout.frameCount, every = 1 } = range
  const { atomCount } = layout
  const file = await open(path, 'r')
  try {
    const frame = Buffer.alloc(layout.frameBytes)
    for (let index = from; index < Math.min(to, layout.frameCount); index += every) {
      await readFrame(file, layout, index, frame, path)
      const positions = new Float32Array(3 * atomCount)
      for (let k = 0; k < 3; k++) {
        const block = coordinateBlock(frame, layout, k)
        for (let i = 0; i < atomCount; i++) positions[3 * i + k] = block[i]!
      }
      yield { index, positions, cell: layout.hasCell ? readCell(frame) : null }
    }
  } finally {
    await file.close()
  }
}

/** Positions of some atoms in all frames. */
export interface SelectedTrajectory {
  readonly header: TrajectoryHeader
  /** [frames, atoms, 3] Å, unwrapped. */
  readonly positions: NdArray<Float32Array>
  /** [frames, 6] cells as in `TrajectoryFrame`; null when the file has no cells. */
  readonly cells: NdArray<Float64Array> | null
}

/**
 * Loads the positions of some atoms in all frames.
 * @param atoms indices, counted from 0. Default: all atoms.
 */
export async function loadTrajectory(path: string, atoms?: ArrayLike<number>): Promise<SelectedTrajectory> {
  const layout = readClosedLayout(path)
  const header = publicHeader(layout)
  const selected = atoms ? Int32Array.from(atoms) : Int32Array.from({ length: header.atomCount }, (_, i) => i)
  const outside = selected.find(atom => atom < 0 || atom >= header.atomCount)
  if (outside !== undefined) {
    throw new RangeError(`there is no atom ${outside + 1}: the trajectory has ${header.atomCount} atoms`)
  }
  const positions = new Float32Array(header.frameCount * selected.length * 3)
  const cells = layout.hasCell ? new Float64Array(header.frameCount * 6) : null
  const frame = Buffer.alloc(layout.frameBytes)
  const file = await open(path, 'r')
  try {
    for (let index = 0; index < header.frameCount; index++) {
      await readFrame(file, layout, index, frame, path)
      cells?.set(readCell(frame), 6 * index)
      for (let k = 0; k < 3; k++) {
        const block = coordinateBlock(frame, layout, k)
        const offset = index * selected.length * 3 + k
        for (let s = 0; s < selected.length; s++) positions[offset + 3 * s] = block[selected[s]!]!
      }
    }
  } finally {
    await file.close()
  }
  return {
    header,
    positions: ndarray(positions, [header.frameCount, selected.length, 3]),
    cells: cells && ndarray(cells, [header.frameCount, 6]),
  }
}

/** Lengths a, b, c (Å) and angles α, β, γ (degrees) of a cell. */
export function cellOfBox(box: Box): Float64Array {
  const vectors = [0, 1, 2].map(k => Array.from(box.matrix.subarray(3 * k, 3 * k + 3)))
  const lengths = vectors.map(v => Math.hypot(...v))
  const angle = (i: number, j: number) => {
    const cosine =
      vectors[i]!.reduce((sum, x, k) => sum + x * vectors[j]![k]!, 0) / (lengths[i]! * lengths[j]!)
    // Math.acos misses 90° of rectangular cells by one unit in the last place.
    return cosine === 0 ? 90 : Math.acos(cosine) / DEGREE
  }
  return Float64Array.of(...lengths, angle(1, 2), angle(0, 2), angle(0, 1))
}

/** The cell with a along x and b in the xy plane. @param cell a, b, c (Å) and α, β, γ (degrees) */
export function boxOfCell(cell: ArrayLike<number>): Box {
  const [a, b, c] = [cell[0]!, cell[1]!, cell[2]!]
  const cosine = (k: number) => (cell[k] === 90 ? 0 : Math.cos(cell[k]! * DEGREE))
  const [alpha, beta, gamma] = [cosine(3), cosine(4), cosine(5)]
  const sinGamma = Math.sqrt(1 - gamma * gamma)
  const cy = (alpha - beta * gamma) / sinGamma
  const cz = Math.sqrt(1 - beta * beta - cy * cy)
  return createBox([a, 0, 0, b * gamma, b * sinGamma, 0, c * beta, c * cy, c * cz])
}

function openFor(path: string, flags: string): number {
  try {
    return openSync(path, flags)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new UserError({ message: 'the trajectory already exists', where: path })
    }
    throw unreadable(path, cause)
  }
}

function readClosedLayout(path: string): Layout {
  const descriptor = openFor(path, 'r')
  try {
    return readLayout(descriptor, path)
  } finally {
    closeSync(descriptor)
  }
}

function publicHeader({ start, hasCell, frameBytes, ...header }: Layout): TrajectoryHeader {
  return header
}

function readLayout(descriptor: number, path: string): Layout {
  const bytes = fstatSync(descriptor).size
  const refuse = (message: string) => new UserError({ message, where: path })
  const read = (position: number, length: number) => {
    if (length < 0 || position + length > bytes) throw refuse('the trajectory ends inside its header')
    const buffer = Buffer.alloc(length)
    readSync(descriptor, buffer, 0, length, position)
    return buffer
  }
  const header = read(0, 96)
  if (header.readInt32LE(0) !== 84 || header.toString('latin1', 4, 8) !== 'CORD') {
    throw refuse('this is no DCD trajectory (32-bit records, little-endian)')
  }
  if (header.readInt32LE(40) !== 0) throw refuse('DCD trajectories with fixed atoms are not supported')
  if (header.readInt32LE(84) === 0) throw refuse('X-PLOR’s DCD without a CHARMM version is not supported')
  const titleBytes = header.readInt32LE(92)
  const titles = read(96, titleBytes)
  const atomRecord = read(92 + titleBytes + 8, 12)
  const atomCount = atomRecord.readInt32LE(4)
  if (atomRecord.readInt32LE(0) !== 4 || atomCount < 1) throw refuse('the trajectory’s header is damaged')
  const hasCell = header.readInt32LE(OFFSET.hasCell) === 1
  const start = 92 + titleBytes + 8 + 12
  const frameBytes = (hasCell ? CELL_BYTES : 0) + 3 * (4 * atomCount + 8)
  const stepsPerFrame = header.readInt32LE(OFFSET.stepsPerFrame)
  // DELTA is in single precision: seven digits recover the time step.
  const timestep_ps = Number((header.readFloatLE(OFFSET.timestep) * AKMA_PS).toPrecision(7))
  return {
    atomCount,
    frameCount: Math.floor((bytes - start) / frameBytes),
    firstStep: header.readInt32LE(OFFSET.firstStep),
    stepsPerFrame,
    timestep_ps,
    frameInterval_ps: Number((timestep_ps * stepsPerFrame).toPrecision(7)),
    title: titles
      .toString('latin1', 4, Math.min(4 + TITLE_LENGTH, titleBytes))
      .replace(/^REMARKS /, '')
      .replace(/[\0 ]+$/, ''),
    start,
    hasCell,
    frameBytes,
  }
}

async function readFrame(
  file: FileHandle,
  { start, frameBytes, atomCount, hasCell }: Layout,
  index: number,
  frame: Buffer,
  path: string,
): Promise<void> {
  const { bytesRead } = await file.read(frame, 0, frameBytes, start + index * frameBytes)
  const marker = frame.readInt32LE(hasCell ? CELL_BYTES : 0)
  if (bytesRead === frameBytes && marker === 4 * atomCount) return
  throw new UserError({ message: `frame ${index + 1} of the trajectory is damaged`, where: path })
}

function readCell(frame: Buffer): Float64Array {
  const value = (k: number) => frame.readDoubleLE(4 + 8 * k)
  // NAMD and VMD store cosines, other programs degrees.
  const angles = [value(4), value(3), value(1)]
  const areCosines = angles.every(angle => Math.abs(angle) <= 1)
  const degrees = angles.map(angle => (areCosines ? Math.acos(angle) / DEGREE : angle))
  return Float64Array.of(value(0), value(2), value(5), ...degrees)
}

/** One block of x, y or z coordinates of a frame. */
function coordinateBlock(frame: Buffer, { atomCount, hasCell }: Layout, k: number): Float32Array {
  const start = (hasCell ? CELL_BYTES : 0) + k * (4 * atomCount + 8) + 4
  // A copy, because blocks may begin at any byte.
  const bytes = frame.buffer.slice(frame.byteOffset + start, frame.byteOffset + start + 4 * atomCount)
  return new Float32Array(bytes as ArrayBuffer)
}
