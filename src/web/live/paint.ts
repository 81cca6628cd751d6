import { mixed } from '../report/viewer.js'

/** Steps from the foreground's colour to the background's. */
const FOG_LEVELS = 10
/** How much of the background is in what is farthest away. */
const DEEPEST_FOG = 0.72

/** Colours that fade with depth, and spheres painted once for each size of them. */
export function createPaint(background: string) {
  const faded = new Map<string, readonly string[]>()
  const spheres = new Map<string, HTMLCanvasElement>()

  /** @param depth 0 at the front, 1 at the back */
  function level(depth: number): number {
    return Math.round(Math.min(1, Math.max(0, depth)) * (FOG_LEVELS - 1))
  }

  function color(base: string, depth: number): string {
    let shades = faded.get(base)
    if (!shades) {
      shades = Array.from({ length: FOG_LEVELS }, (_, k) =>
        mixed(base, background, (DEEPEST_FOG * k) / (FOG_LEVELS - 1)),
      )
      faded.set(base, shades)
    }
    return shades[level(depth)]!
  }

  /** @param radius pixels */
  function sphere(base: string, depth: number, radius: number): HTMLCanvasElement {
    const size = Math.max(1, Math.round(radius))
    const key = `${base} ${level(depth)} ${size}`
    let canvas = spheres.get(key)
    if (canvas) return canvas
    canvas = document.createElement('canvas')
    canvas.width = canvas.height = 2 * size + 2
    const context = canvas.getContext('2d')!
    const middle = size + 1
    const shade = color(base, depth)
    const light = context.createRadialGradient(
      middle - 0.35 * size,
      middle - 0.4 * size,
      0.1 * size,
      middle,
      middle,
      size,
    )
    light.addColorStop(0, mixed(shade, '#ffffff', 0.55))
    light.addColorStop(0.45, shade)
    light.addColorStop(1, mixed(shade, '#000000', 0.38))
    context.fillStyle = light
    context.beginPath()
    context.arc(middle, middle, size, 0, 2 * Math.PI)
    context.fill()
    spheres.set(key, canvas)
    return canvas
  }

  return { color, sphere }
}
