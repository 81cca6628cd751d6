import { pageColor } from '../theme.ts'
import { FROM_THE_SIDE, fittedCamera, project, type Rotation, turned } from './camera.ts'
import { createPainter, type Painter } from './painters.ts'
import type { Shapes, Vector } from './shapes.ts'

/** What a view shows. */
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
 * A 3D view in an element of the page. Drags turn it, with Shift or two fingers they move it; keys turn and zoom; the wheel
 * and vertical swipes stay with the page until the reader has clicked or tapped the view. It paints from when it comes
 * into sight.
 */
export function createView(element: HTMLElement, home: Rotation = FROM_THE_SIDE) {
  let scene: Scene | null = null
  let painter: Painter | null = null
  let [rotation, zoom, shift] = [home, 1, [0, 0] as [number, number]]
  let isSlow = false
  let requested = 0
  let rest: ReturnType<typeof setTimeout> | undefined
  const canvas = document.createElement('canvas')
  const label = document.createElement('span')
  label.className = 'label'

  function load(): void {
    if (painter) return
    painter = createPainter(canvas)
    if (scene) painter.load(scene.shapes)
    element.replaceChildren(canvas, label)
    new ResizeObserver(request).observe(element)
    draw()
    element.dataset.loaded = 'true'
  }

  function request(): void {
    if (!painter || requested) return
    requested = requestAnimationFrame(() => {
      requested = 0
      draw(isSlow ? 1 : fine())
      if (!isSlow) return
      clearTimeout(rest)
      rest = setTimeout(draw, REST_MS)
    })
  }

  function draw(ratio = fine()): void {
    const { clientWidth: width, clientHeight: height } = element
    if (!painter || !scene || width === 0 || height === 0) return
    const fitted = fittedCamera(scene, home, width, height)
    const camera = { ...fitted, scale: zoom * fitted.scale, rotation, shift }
    const began = performance.now()
    painter.paint(camera, pageColor('--scene'), ratio)
    // Asking for a pixel waits for all of them.
    const context = canvas.getContext('webgl2')
    context?.readPixels(0, 0, 1, 1, context.RGBA, context.UNSIGNED_BYTE, new Uint8Array(4))
    if (performance.now() - began > SLOW_MS) isSlow = true
    label.textContent = scene.label?.text ?? ''
    if (!scene.label) return
    const { x, y } = project(camera, scene.label.at)
    label.style.transform = `translate(${x}px, ${y}px)`
  }

  function turn(right: number, down: number, factor = 1): void {
    rotation = turned(rotation, right, down)
    zoom = Math.min(8, Math.max(0.4, zoom * factor))
    request()
  }

  listen(element, turn, (right, down) => {
    shift = [shift[0] + right, shift[1] + down]
    request()
  })
  canvas.addEventListener('webglcontextlost', event => event.preventDefault())
  canvas.addEventListener('webglcontextrestored', () => {
    painter = createPainter(canvas)
    if (scene) painter.load(scene.shapes)
    request()
  })
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
      painter?.load(next.shapes)
      request()
    },
    /** Looks from where the reader has not turned it yet. */
    lookFrom(from: Rotation): void {
      home = from
      rotation = from
      zoom = 1
      shift = [0, 0]
      request()
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
