import type { Box } from '../../core/box.ts'

type Vector = readonly [number, number, number]

const KEYS: Readonly<Record<string, Vector>> = {
  ArrowLeft: [-0.12, 0, 1],
  ArrowRight: [0.12, 0, 1],
  ArrowUp: [0, -0.12, 1],
  ArrowDown: [0, 0.12, 1],
  '+': [0, 0, 1.15],
  '=': [0, 0, 1.15],
  '-': [0, 0, 1 / 1.15],
}
const RADIANS_PER_PIXEL = 0.008
/** Distance of the eye, in radii of what is seen. */
const EYE = 4.5

/** From where the box is seen; drags, keys and, once it has the focus, the wheel change that. */
export function createCamera(element: HTMLElement, onChange: () => void) {
  let yaw = 0.42
  let pitch = 0.24
  let zoom = 1

  function turn(x: number, y: number, factor = 1): void {
    yaw += x
    pitch = Math.min(Math.PI / 2, Math.max(-Math.PI / 2, pitch + y))
    zoom = Math.min(6, Math.max(0.4, zoom * factor))
    onChange()
  }

  element.addEventListener('pointerdown', event => element.setPointerCapture(event.pointerId))
  element.addEventListener('pointermove', event => {
    if (!element.hasPointerCapture(event.pointerId)) return
    turn(event.movementX * RADIANS_PER_PIXEL, event.movementY * RADIANS_PER_PIXEL)
  })
  element.addEventListener('keydown', event => {
    const step = KEYS[event.key]
    if (!step) return
    event.preventDefault()
    turn(...step)
  })
  element.addEventListener(
    'wheel',
    event => {
      // Until the reader has taken hold of the box, the wheel is the page's.
      if (document.activeElement !== element) return
      event.preventDefault()
      turn(0, 0, Math.exp(-event.deltaY / 600))
    },
    { passive: false },
  )

  /**
   * Where points of the box come to stand on a canvas.
   * @returns of [3P] Å, pixels from the left and the top, Å towards the eye (at most `radius`), and pixels per Å there
   */
  function projection({ matrix: m }: Pick<Box, 'matrix'>, width: number, height: number) {
    const centre = [0, 1, 2].map(c => (m[c]! + m[3 + c]! + m[6 + c]!) / 2)
    const radius = Math.hypot(...centre)
    // The corners of a cube seen askew reach less far to the sides than its radius.
    const scale = (zoom * Math.min(width, height)) / (1.74 * radius)
    const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)]
    return {
      radius,
      project(points: ArrayLike<number>, k: number, into: Float32Array, at: number): void {
        const x = points[k]! - centre[0]!
        const y = points[k + 1]! - centre[1]!
        const z = points[k + 2]! - centre[2]!
        const across = cy * x + sy * z
        const away = cy * z - sy * x
        const up = cp * y - sp * away
        const near = sp * y + cp * away
        const perPixel = (scale * EYE * radius) / Math.max(radius, EYE * radius - near)
        into[at] = width / 2 + perPixel * across
        into[at + 1] = height / 2 - perPixel * up
        into[at + 2] = near
        into[at + 3] = perPixel
      },
    }
  }

  return { projection }
}
