import { byId, pageColor } from '../report/theme.js'
import { elementColor } from '../report/viewer.js'
import { createCamera } from './camera.ts'
import type { LiveInput } from './input.ts'
import { createPaint } from './paint.ts'

const LOOK = {
  host: { sphere_A: 0.34, stick_A: 0.2 },
  anion: { sphere_A: 0.5, stick_A: 0.28 },
  ion: { sphere_A: 1, stick_A: 0 },
} as const
const HYDROGEN = 0.62
/** Points of each ion's path behind it, and pictures between them. */
const TRAIL_POINTS = 48
const PICTURES_PER_POINT = 3
const EDGE_PIECES = 10

/** The box as spheres and sticks, painted from back to front. */
export function createView({ system, groups }: Pick<LiveInput, 'system' | 'groups'>) {
  const element = byId('scene')
  const canvas = element.querySelector('canvas')!
  const context = canvas.getContext('2d')!
  const { atomCount, elements } = system
  const { bonds } = system.topology
  const ions = groups.flatMap((group, i) => (group === 'ion' ? [i] : []))
  const camera = createCamera(element, request)
  let positions: Float32Array | null = null
  let box = new Float64Array(9)
  let trail: Float32Array[] = []
  let pictures = 0
  let requested = false
  let paint = createPaint(pageColor('--scene'))
  let colors = atomColors()

  function atomColors(): readonly string[] {
    const species = pageColor('--species')
    return groups.map((group, i) => (group === 'ion' ? species : elementColor(elements[i]!)))
  }

  function request(): void {
    if (requested) return
    requested = true
    requestAnimationFrame(() => {
      requested = false
      draw()
    })
  }

  function show(next: Float32Array, cell: Float64Array): void {
    positions = next
    box = cell as Float64Array<ArrayBuffer>
    if (pictures++ % PICTURES_PER_POINT === 0) {
      trail = [...trail.slice(1 - TRAIL_POINTS), Float32Array.from(ions.flatMap(i => at(next, i)))]
    }
    request()
  }

  function draw(): void {
    if (!positions) return
    const ratio = Math.min(2, devicePixelRatio)
    const [width, height] = [element.clientWidth, element.clientHeight]
    canvas.width = width * ratio
    canvas.height = height * ratio
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.lineCap = 'round'
    const { radius, project } = camera.projection({ matrix: box }, width, height)
    const seen = new Float32Array(4 * atomCount)
    for (let i = 0; i < atomCount; i++) project(positions, 3 * i, seen, 4 * i)
    const depthOf = (near: number) => (1 - near / radius) / 2
    const items: { readonly near: number; readonly paint: () => void }[] = []

    const line = (ends: Float32Array, a: number, b: number, width_A: number, color: string, alpha = 1) => {
      const near = (ends[a + 2]! + ends[b + 2]!) / 2
      items.push({
        near,
        paint() {
          context.globalAlpha = alpha
          context.strokeStyle = paint.color(color, depthOf(near))
          context.lineWidth = Math.max(0.7, width_A * ends[a + 3]!)
          context.beginPath()
          context.moveTo(ends[a]!, ends[a + 1]!)
          context.lineTo(ends[b]!, ends[b + 1]!)
          context.stroke()
          context.globalAlpha = 1
        },
      })
    }

    const tooFar = Math.hypot(...box) / 4
    const apart = (points: Float32Array, others: Float32Array, i: number, j: number) =>
      Math.hypot(points[i]! - others[j]!, points[i + 1]! - others[j + 1]!, points[i + 2]! - others[j + 2]!) >
      tooFar
    for (let k = 0; k < bonds.length; k += 2) {
      const [i, j] = [bonds[k]!, bonds[k + 1]!]
      // A bond through the cell's face: the molecule is a network.
      if (apart(positions, positions, 3 * i, 3 * j)) continue
      const ends = new Float32Array(12)
      ends.set(seen.subarray(4 * i, 4 * i + 4))
      ends.set(seen.subarray(4 * j, 4 * j + 4), 8)
      for (let c = 0; c < 4; c++) ends[4 + c] = (ends[c]! + ends[8 + c]!) / 2
      const { stick_A } = LOOK[groups[i]!]
      line(ends, 0, 4, stick_A, colors[i]!)
      line(ends, 4, 8, stick_A, colors[j]!)
    }
    for (let i = 0; i < atomCount; i++) {
      const { sphere_A } = LOOK[groups[i]!]
      const [x, y, near, perA] = seen.subarray(4 * i, 4 * i + 4) as unknown as [
        number,
        number,
        number,
        number,
      ]
      const size = sphere_A * (elements[i] === 'H' ? HYDROGEN : 1) * perA
      items.push({
        near,
        paint() {
          const sprite = paint.sphere(colors[i]!, depthOf(near), size * ratio)
          const drawn = sprite.width / ratio
          context.drawImage(sprite, x - drawn / 2, y - drawn / 2, drawn, drawn)
        },
      })
    }
    const ionColor = pageColor('--species')
    for (let t = 1; t < trail.length; t++) {
      ions.forEach((_, n) => {
        if (apart(trail[t - 1]!, trail[t]!, 3 * n, 3 * n)) return
        const ends = new Float32Array(8)
        project(trail[t - 1]!, 3 * n, ends, 0)
        project(trail[t]!, 3 * n, ends, 4)
        line(ends, 0, 4, 0.16, ionColor, (0.6 * t) / trail.length)
      })
    }
    const edgeColor = pageColor('--scene-cell')
    for (const points of edges(box)) {
      const ends = new Float32Array(4 * (EDGE_PIECES + 1))
      for (let p = 0; p <= EDGE_PIECES; p++) project(points, 3 * p, ends, 4 * p)
      for (let p = 0; p < EDGE_PIECES; p++) line(ends, 4 * p, 4 * p + 4, 0.05, edgeColor)
    }
    items.sort((a, b) => a.near - b.near)
    for (const item of items) item.paint()
  }

  new ResizeObserver(request).observe(element)
  return {
    show,
    /** A new run has no past. */
    forget(): void {
      trail = []
    },
    recolor(): void {
      paint = createPaint(pageColor('--scene'))
      colors = atomColors()
      request()
    },
  }
}

const at = (points: Float32Array, i: number) => [points[3 * i]!, points[3 * i + 1]!, points[3 * i + 2]!]

/** The twelve edges of a cell, each as points. @param m lattice vectors as rows, Å */
function edges(m: Float64Array): Float32Array[] {
  return [0, 1, 2].flatMap(axis =>
    [0, 1, 2, 3].map(corner =>
      Float32Array.from({ length: 3 * (EDGE_PIECES + 1) }, (_, k) => {
        const [point, c] = [Math.floor(k / 3), k % 3]
        const along = m[3 * axis + c]! * (point / EDGE_PIECES)
        const [u, v] = [(axis + 1) % 3, (axis + 2) % 3]
        return along + (corner & 1) * m[3 * u + c]! + (corner >> 1) * m[3 * v + c]!
      }),
    ),
  )
}
