import { distance, pointAt, SHAPE_SIZE, type Shapes, type Vector } from './shapes.ts'

/** Rows: the directions to the right, up, and towards the eye. */
export type Rotation = readonly number[]

/** The side and the distance from which shapes are seen, in perspective. */
export interface Camera {
  readonly rotation: Rotation
  readonly centre: Vector
  /** Distance of the eye from the centre, Å. */
  readonly eye_A: number
  /** Pixels per Å at the centre. */
  readonly scale: number
  /** Shift of the centre to the right and down, pixels. */
  readonly shift: readonly [number, number]
  /** Largest distance of a shape from the centre, Å. */
  readonly reach_A: number
  readonly width: number
  readonly height: number
}

/** Distance of the eye from the centre, in radii of the frame. */
const EYE = 4.5
/** Share of the view that the frame takes. */
const FILL = 0.94
/** Slightly from above and from the side, y up. */
export const FROM_THE_SIDE = turned([1, 0, 0, 0, 1, 0, 0, 0, 1], 0.42, 0.24)

/**
 * Returns the camera that has a frame in the middle of a view, as large as there is room, seen from `home`.
 * @param frame [3P] Å @param width, height of the view, pixels
 */
export function fittedCamera(
  { frame, shapes }: { readonly frame: ArrayLike<number>; readonly shapes: Shapes },
  home: Rotation,
  width: number,
  height: number,
): Camera {
  const seen = Array.from({ length: Math.floor(frame.length / 3) }, (_, k) => times(home, pointAt(frame, k)))
  const low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  const high = low.map(value => -value)
  for (const point of seen) {
    point.forEach((value, c) => {
      low[c] = Math.min(low[c]!, value)
      high[c] = Math.max(high[c]!, value)
    })
  }
  const halfway = (c: number) => (low[c]! + high[c]!) / 2
  const middle: Vector = [halfway(0), halfway(1), halfway(2)]
  const column = (c: number) => home[c]! * middle[0] + home[3 + c]! * middle[1] + home[6 + c]! * middle[2]
  const centre: Vector = [column(0), column(1), column(2)]
  const eye_A = EYE * seen.reduce((radius, point) => Math.max(radius, distance(point, middle)), 1)
  const scale = seen.reduce((smallest, point) => {
    const room = (FILL * (eye_A - point[2] + middle[2])) / eye_A / 2
    const [x, y] = [Math.abs(point[0] - middle[0]), Math.abs(point[1] - middle[1])]
    return Math.min(smallest, (room * width) / Math.max(x, 1e-3), (room * height) / Math.max(y, 1e-3))
  }, Number.POSITIVE_INFINITY)
  let reach = 0
  for (let k = 0; k < shapes.length; k += SHAPE_SIZE) {
    const far = Math.hypot(shapes[k]! - centre[0], shapes[k + 1]! - centre[1], shapes[k + 2]! - centre[2])
    if (far > reach) reach = far
  }
  return { rotation: home, centre, eye_A, scale, shift: [0, 0], reach_A: reach + 2, width, height }
}

function times(rotation: Rotation, [x, y, z]: Vector): Vector {
  const row = (k: number) => rotation[k]! * x + rotation[k + 1]! * y + rotation[k + 2]! * z
  return [row(0), row(3), row(6)]
}

/** Returns a rotation followed by turns about the vertical and the horizontal axis of the screen. @param right, down radians */
export function turned(rotation: Rotation, right: number, down: number): Rotation {
  const [cy, sy, cx, sx] = [Math.cos(right), Math.sin(right), Math.cos(down), Math.sin(down)]
  const [x, y, z] = [rotation.slice(0, 3), rotation.slice(3, 6), rotation.slice(6, 9)]
  const near = z.map((value, c) => cy * value - sy * x[c]!)
  return [
    ...x.map((value, c) => cy * value + sy * z[c]!),
    ...y.map((value, c) => cx * value - sx * near[c]!),
    ...y.map((value, c) => sx * value + cx * near[c]!),
  ]
}

/** Returns where a point is on the page: pixels from the left and the top, Å towards the eye, and pixels per Å there. */
export function project(camera: Camera, point: Vector) {
  const { rotation, centre, eye_A, scale, shift, width, height } = camera
  const [x, y, z] = [point[0] - centre[0], point[1] - centre[1], point[2] - centre[2]]
  const row = (k: number) => rotation[k]! * x + rotation[k + 1]! * y + rotation[k + 2]! * z
  const near = row(6)
  const perA = (scale * eye_A) / Math.max(0.02 * eye_A, eye_A - near)
  return {
    x: width / 2 + shift[0] + perA * row(0),
    y: height / 2 + shift[1] - perA * row(3),
    near,
    perA,
  }
}
