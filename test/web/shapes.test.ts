import { describe, expect, it } from 'vitest'
import { FROM_THE_SIDE, fittedCamera, project, turned } from '../../src/web/view/camera.ts'
import {
  cellCorners,
  channels,
  createShapes,
  distance,
  hex,
  mixed,
  pointAt,
  SHAPE_SIZE,
  type Shapes,
} from '../../src/web/view/shapes.ts'

const sticks = (shapes: Shapes) =>
  Array.from({ length: shapes.length / SHAPE_SIZE }, (_, k) => {
    const numbers = shapes.subarray(SHAPE_SIZE * k, SHAPE_SIZE * (k + 1))
    return {
      start: pointAt(numbers, 0),
      end: pointAt(numbers, 1),
      color: hex(pointAt(numbers, 2)),
      radius: numbers[9]!,
    }
  })

describe('shapes of a 3D view', () => {
  it('a sphere is a stick of no length', () => {
    const collected = createShapes()
    collected.sphere([1, 2, 3], 0.5, '#0072b2')
    expect(sticks(collected.shapes())).toEqual([
      { start: [1, 2, 3], end: [1, 2, 3], color: '#0072b2', radius: 0.5 },
    ])
  })

  it('the buffer grows for more shapes than it has room for', () => {
    const collected = createShapes()
    for (let k = 0; k < 3000; k++) collected.sphere([k, 0, 0], 1, '#ffffff')
    expect(sticks(collected.shapes()).map(({ start }) => start[0])).toEqual(
      Array.from({ length: 3000 }, (_, k) => k),
    )
  })

  it('the two halves of a bond meet in its middle', () => {
    const collected = createShapes()
    collected.halfBond([0, 0, 0], [2, 0, 0], 0.1, '#c8443c')
    collected.halfBond([2, 0, 0], [0, 0, 0], 0.1, '#3f6fc4')
    expect(sticks(collected.shapes()).map(({ end }) => end)).toEqual([
      [1, 0, 0],
      [1, 0, 0],
    ])
  })

  it('a triclinic cell has twelve edges between its eight corners', () => {
    const box = [10, 0, 0, 4, 9, 0, 1, 2, 8]
    const collected = createShapes()
    collected.cell(box, '#888888', [1, 1, 1])
    const edges = sticks(collected.shapes())
    expect(edges.length).toBe(12)
    const lengths = edges.map(({ start, end }) => distance(start, end)).sort((a, b) => a - b)
    const vectors = [0, 1, 2].map(k => Math.hypot(...pointAt(box, k))).sort((a, b) => a - b)
    lengths.forEach((length, k) => {
      expect(length).toBeCloseTo(vectors[Math.floor(k / 4)]!, 5)
    })
    expect(pointAt(cellCorners(box), 7)).toEqual([15, 11, 8])
  })

  it('a curve passes through its points and is straight where they are', () => {
    const collected = createShapes()
    collected.curve(
      [
        [0, 0, 0],
        [1, 0, 0],
        [2, 0, 0],
        [2, 1, 0],
      ],
      4,
      0.1,
      '#000000',
    )
    const pieces = sticks(collected.shapes())
    expect(pieces.length).toBe(12)
    expect([pieces[0]!.start, pieces[3]!.end, pieces[7]!.end, pieces[11]!.end]).toEqual([
      [0, 0, 0],
      [1, 0, 0],
      [2, 0, 0],
      [2, 1, 0],
    ])
    for (const { end } of pieces.slice(0, 4)) expect(end[1]).toBe(0)
    for (const [k, piece] of pieces.slice(1).entries()) expect(piece.start).toEqual(pieces[k]!.end)
  })

  it('a dashed line begins and ends with its points', () => {
    const collected = createShapes()
    collected.dashes([0, 0, 0], [0, 1, 0], 0.1, '#000000')
    const dashes = sticks(collected.shapes())
    expect(dashes[0]!.start).toEqual([0, 0, 0])
    expect(dashes.length).toBe(5)
    expect(dashes.at(-1)!.end[1]).toBe(1)
  })

  it('colours blend channel by channel', () => {
    expect(channels('#ff0033')).toEqual([1, 0, 0.2])
    expect(mixed('#000000', '#ff8040', 0.5)).toBe('#804020')
  })
})

describe('the camera of a 3D view', () => {
  const upright = [1, 0, 0, 0, 1, 0, 0, 0, 1]

  it('nearer objects are larger, and the centre is in the middle of the picture', () => {
    const camera = {
      rotation: upright,
      centre: [5, 5, 5] as const,
      eye_A: 40,
      scale: 10,
      shift: [0, 0] as const,
      reach_A: 10,
      width: 300,
      height: 200,
    }
    expect(project(camera, [5, 5, 5])).toEqual({ x: 150, y: 100, near: 0, perA: 10 })
    expect(project(camera, [6, 7, 5])).toMatchObject({ x: 160, y: 80 })
    expect(project(camera, [6, 5, 25])).toMatchObject({ x: 170, near: 20, perA: 20 })
  })

  it.each([
    [1100, 620],
    [358, 440],
  ])('fits a cell into %i × %i pixels, so that a corner comes close to an edge', (width, height) => {
    const collected = createShapes()
    const box = [24, 0, 0, 3, 25, 0, 0, 0, 30]
    collected.cell(box, '#888888')
    const frame = cellCorners(box)
    const camera = fittedCamera({ frame, shapes: collected.shapes() }, FROM_THE_SIDE, width, height)
    const seen = Array.from({ length: 8 }, (_, k) => project(camera, pointAt(frame, k)))
    const margins = seen.flatMap(({ x, y }) => [x / width, 1 - x / width, y / height, 1 - y / height])
    expect(Math.min(...margins)).toBeGreaterThan(0.025)
    expect(Math.min(...margins)).toBeLessThan(0.035)
  })

  it('rotations keep lengths and right angles', () => {
    const rotation = turned(turned(upright, 0.3, -0.7), -1.9, 0.4)
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) {
        const product = [0, 1, 2].reduce((sum, c) => sum + rotation[3 * i + c]! * rotation[3 * j + c]!, 0)
        expect(product).toBeCloseTo(i === j ? 1 : 0, 12)
      }
    }
  })

  it('a rotation to the right brings the left side of the box to the front', () => {
    const camera = {
      ...fittedCamera({ frame: cellCorners(upright), shapes: new Float32Array(0) }, upright, 100, 100),
    }
    const left = project({ ...camera, rotation: turned(upright, 0.5, 0) }, [0, 0.5, 0.5])
    expect(left.near).toBeGreaterThan(0)
  })
})
