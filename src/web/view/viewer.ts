import { pageColor } from '../theme.ts'
import { type Camera, FROM_THE_SIDE, fittedCamera, project, type Rotation, turned } from './camera.ts'
import { createPainter, type Painter } from './painters.ts'
import type { Shapes, Vector } from './shapes.ts'

/** Shapes, and how they fill the view. */
export interface Scene {
  readonly shapes: Shapes
  /** [3P] Å: the points that fill the view before the reader turns it. */
  readonly frame: ArrayLike<number>
  /** A word beside a point. */
  readonly label?: { readonly text: string; readonly at: Vector }
}

const KEYS: Readonly<Record<string, readonly [right: number, down: number, zoom: number]>> = {
  ArrowLeft: [-0.2, 0, 1],
  ArrowRight: [0.2, 0, 1],
  ArrowUp: [0, -0.2, 1],
  ArrowDown: [0, 0.2, 1],
  '+': [0, 0, 1.15],
  '=': [0, 0, 1.15],
  '-': [0, 0, 1 / 1.15],
}
const RADIANS_PER_PIXEL = 0.008
/** Pixels of the canvas per pixel of the page: edges are smooth at two and more. */
const FINE = 2
/** A picture that takes longer, ms, is painted coarser while it moves. */
const SLOW_MS = 30
const REST_MS = 160

/**
 * A 3D view in an element of the page. A drag turns it; with Shift or two fingers it moves it. Keys turn and zoom. The wheel
 * and vertical swipes scroll the page until the reader has clicked or tapped the view. Nothing is painted before the view
 * comes into sight.
 */
export function createView(element: HTMLElement, home: Rotation = FROM_THE_SIDE) {
  const screen = createScreen(element)
  let scene: Scene | null = null
  let [rotation, zoom, shift] = [home, 1, [0, 0] as [number, number]]
  let isSlow = false
  let isFirst = true
  let requested = 0
  let rest: ReturnType<typeof setTimeout> | undefined

  function draw(ratio = fine()): void {
    const { clientWidth: width, clientHeight: height } = element
    if (!scene || width === 0 || height === 0) return
    const fitted = fittedCamera(scene, home, width, height)
    const took = screen.paint(scene, { ...fitted, scale: zoom * fitted.scale, rotation, shift }, ratio)
    // The first picture includes the compilation of the shader; coarse ones take about a third of the time.
    if (!isFirst) isSlow = took > (ratio === 1 ? SLOW_MS / 3 : SLOW_MS)
    isFirst = false
  }

  function request(): void {
    if (requested) return
    requested = requestAnimationFrame(() => {
      requested = 0
      draw(isSlow ? 1 : fine())
      clearTimeout(rest)
      if (isSlow) rest = setTimeout(() => draw(), REST_MS)
    })
  }

  function load(): void {
    if (!screen.open(request)) return
    new ResizeObserver(request).observe(element)
    draw()
    element.dataset.loaded = 'true'
  }

  listen(
    element,
    (right, down, factor = 1) => {
      rotation = turned(rotation, right, down)
      zoom = Math.min(8, Math.max(0.4, zoom * factor))
      request()
    },
    (right, down) => {
      shift = [shift[0] + right, shift[1] + down]
      request()
    },
  )
  new IntersectionObserver((entries, observer) => {
    if (!entries.some(entry => entry.isIntersecting)) return
    observer.disconnect()
    load()
  }).observe(element)

  return {
    load,
    /** Paints at once what is shown, for paper. */
    paint: () => draw(),
    /** Shows a scene in place of the last one. */
    show(next: Scene): void {
      scene = next
      request()
    },
    /** Looks from another side, which the reader has not turned yet. */
    lookFrom(from: Rotation): void {
      home = from
      rotation = from
      zoom = 1
      shift = [0, 0]
      request()
    },
  }
}

/** The canvas of a view, and a word beside a point of it; empty until it is opened. */
function createScreen(element: HTMLElement) {
  const canvas = document.createElement('canvas')
  const label = document.createElement('span')
  label.className = 'label'
  let painter: Painter | null = null
  let loaded: Shapes | null = null

  return {
    /** @param repaint called when the browser gives back graphics that it had taken away @returns false if it was open */
    open(repaint: () => void): boolean {
      if (painter) return false
      painter = createPainter(canvas)
      element.replaceChildren(canvas, label)
      canvas.addEventListener('webglcontextlost', event => event.preventDefault())
      canvas.addEventListener('webglcontextrestored', () => {
        painter = createPainter(canvas)
        loaded = null
        repaint()
      })
      return true
    },
    /** @returns time that it took, ms */
    paint(scene: Scene, camera: Camera, ratio: number): number {
      if (!painter) return 0
      const began = performance.now()
      if (loaded !== scene.shapes) painter.load(scene.shapes)
      loaded = scene.shapes
      painter.paint(camera, pageColor('--scene'), ratio)
      label.textContent = scene.label?.text ?? ''
      if (scene.label) {
        const { x, y } = project(camera, scene.label.at)
        label.style.transform = `translate(${x}px, ${y}px)`
      }
      return performance.now() - began
    },
  }
}

const fine = () => Math.max(FINE, devicePixelRatio)

function listen(
  element: HTMLElement,
  turn: (right: number, down: number, zoom?: number) => void,
  move: (right: number, down: number) => void,
): void {
  const fingers = new Map<number, { readonly x: number; readonly y: number }>()
  const spread = () => {
    const [one, other] = [...fingers.values()]
    return one && other ? Math.hypot(one.x - other.x, one.y - other.y) : 0
  }

  element.addEventListener('pointerdown', event => {
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY })
    element.setPointerCapture(event.pointerId)
    if (event.pointerType === 'mouse') element.focus({ preventScroll: true })
  })
  element.addEventListener('pointermove', event => {
    const last = fingers.get(event.pointerId)
    if (!last) return
    const before = spread()
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY })
    const [right, down] = [(event.clientX - last.x) / fingers.size, (event.clientY - last.y) / fingers.size]
    if (before > 0) turn(0, 0, spread() / before)
    if (fingers.size > 1 || event.shiftKey) move(right, down)
    else turn(right * RADIANS_PER_PIXEL, down * RADIANS_PER_PIXEL)
  })
  for (const end of ['pointerup', 'pointercancel'] as const) {
    element.addEventListener(end, event => fingers.delete(event.pointerId))
  }
  element.addEventListener('click', () => element.focus({ preventScroll: true }))
  element.addEventListener('keydown', event => {
    const step = KEYS[event.key]
    if (!step) return
    event.preventDefault()
    turn(...step)
  })
  element.addEventListener(
    'wheel',
    event => {
      if (document.activeElement !== element) return
      event.preventDefault()
      turn(0, 0, Math.exp(-event.deltaY / 600))
    },
    { passive: false },
  )
}
