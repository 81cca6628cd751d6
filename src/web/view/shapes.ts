/** Å */
export type Vector = readonly [x: number, y: number, z: number]

/** Numbers of one shape: both ends of its axis in Å, its colour as red, green and blue from 0 to 1, its radius in Å. */
export const SHAPE_SIZE = 10

/** Round-ended sticks, and spheres as sticks of no length: `SHAPE_SIZE` numbers each. */
export type Shapes = Float32Array

const CELL_EDGE_A = 0.05
const DASH_A = 0.14
const GAP_A = 0.1

/** Collects what a scene consists of. Radii are in Å, colours are "#rrggbb". */
export function createShapes() {
  let data = new Float32Array(SHAPE_SIZE * 1024)
  let used = 0

  function stick(start: Vector, end: Vector, radius: number, color: string): void {
    if (used === data.length) {
      const longer = new Float32Array(2 * data.length)
      longer.set(data)
      data = longer
    }
    data.set(start, used)
    data.set(end, used + 3)
    data.set(channels(color), used + 6)
    data[used + 9] = radius
    used += SHAPE_SIZE
  }

  return {
    stick,

    sphere(at: Vector, radius: number, color: string): void {
      stick(at, at, radius, color)
    },

    /** The half of a bond that belongs to the atom at `start`. */
    halfBond(start: Vector, end: Vector, radius: number, color: string): void {
      stick(start, between(start, end, 0.5), radius, color)
    },

    dashes(start: Vector, end: Vector, radius: number, color: string): void {
      const length = distance(start, end)
      for (let at = 0; at < length; at += DASH_A + GAP_A) {
        const to = Math.min(length, at + DASH_A)
        stick(between(start, end, at / length), between(start, end, to / length), radius, color)
      }
    },

    /** A smooth line through points (Catmull–Rom spline). @param pieces sticks between two points */
    curve(points: readonly Vector[], pieces: number, radius: number, color: string): void {
      let last = points[0]
      for (let k = 1; k < points.length; k++) {
        for (let piece = 1; piece <= pieces; piece++) {
          const next = splineAt(points, k - 1, piece / pieces)
          stick(last!, next, radius, color)
          last = next
        }
      }
    },

    /** The edges of a cell. @param box lattice vectors as rows, Å @param origin its corner */
    cell(box: ArrayLike<number>, color: string, origin: Vector = [0, 0, 0]): void {
      for (const [from, to] of cellEdges(box, origin)) stick(from, to, CELL_EDGE_A, color)
    },

    shapes: (): Shapes => data.subarray(0, used),
  }
}

export type ShapeCollector = ReturnType<typeof createShapes>

/** Returns point k of [3N] coordinates. */
export function pointAt(values: ArrayLike<number>, k: number): Vector {
  return [values[3 * k]!, values[3 * k + 1]!, values[3 * k + 2]!]
}

export function distance(a: Vector, b: Vector): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])
}

/** Returns the corners of a cell, [24]. @param box lattice vectors as rows, Å */
export function cellCorners(box: ArrayLike<number>): number[] {
  return [0, 1, 2, 3, 4, 5, 6, 7].flatMap(corner =>
    [0, 1, 2].map(c => [0, 1, 2].reduce((sum, k) => sum + ((corner >> k) & 1) * box[3 * k + c]!, 0)),
  )
}

function cellEdges(box: ArrayLike<number>, origin: Vector): [Vector, Vector][] {
  const corners = cellCorners(box).map((value, k) => value + origin[k % 3]!)
  return [0, 1, 2, 3, 4, 5, 6, 7].flatMap(from =>
    [0, 1, 2]
      .filter(k => ((from >> k) & 1) === 0)
      .map((k): [Vector, Vector] => [pointAt(corners, from), pointAt(corners, from + (1 << k))]),
  )
}

function between(a: Vector, b: Vector, share: number): Vector {
  return [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]), a[2] + share * (b[2] - a[2])]
}

function splineAt(points: readonly Vector[], k: number, t: number): Vector {
  const [before, start, end, after] = [
    points[k - 1] ?? points[k]!,
    points[k]!,
    points[k + 1]!,
    points[k + 2] ?? points[k + 1]!,
  ]
  const along = (c: 0 | 1 | 2) => {
    const [p, q, r, s] = [before[c], start[c], end[c], after[c]]
    return q + 0.5 * t * (r - p + t * (2 * p - 5 * q + 4 * r - s + t * (3 * (q - r) + s - p)))
  }
  return [along(0), along(1), along(2)]
}

const known = new Map<string, Vector>()

/** Red, green and blue of "#rrggbb", each from 0 to 1. */
export function channels(color: string): Vector {
  let found = known.get(color)
  if (!found) {
    const channel = (k: number) => Number.parseInt(color.slice(2 * k + 1, 2 * k + 3), 16) / 255
    found = [channel(0), channel(1), channel(2)]
    known.set(color, found)
  }
  return found
}

/** A colour between two. @param share of `to` */
export function mixed(from: string, to: string, share: number): string {
  return hex(between(channels(from), channels(to), share))
}

/** "#rrggbb" of red, green and blue from 0 to 1. */
export function hex(color: Vector): string {
  return `#${color
    .map(value =>
      Math.round(255 * value)
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`
}
