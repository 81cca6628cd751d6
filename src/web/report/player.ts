import type { EmbeddedPath } from '../payload.ts'
import { byId } from '../theme.ts'
import { imageAt } from './bandGeometry.ts'

const SWEEP_MS = 4200
const REST_MS = 900
/** Half a thumb: where the slider's first and last positions are. */
const INSET_PX = 8
const PROFILE_PX = 64
const SVG = 'http://www.w3.org/2000/svg'

/**
 * Button, slider and energy profile of the path that is shown.
 * @param onMove called with the image number from 0; fractions lie between images
 */
export function createPlayer(onMove: (progress: number) => void) {
  const slider = byId('image') as HTMLInputElement
  const button = byId('play')
  const profile = byId('profile')
  const text = byId('image-text')
  let path: EmbeddedPath | null = null
  let progress = 0
  /** Number of the running animation's next frame; 0 when it stands still. */
  let request = 0

  function move(value: number): void {
    progress = value
    slider.value = String(Math.round(value))
    tell()
    onMove(value)
  }

  function tell(): void {
    if (!path) return
    const image = Math.round(progress)
    const energy = (path.energies_eV[image] ?? 0).toFixed(2).replace('-', '−')
    const saddle = Math.round(imageAt(path, path.saddle.path_A)) === image ? ', at the saddle' : ''
    const lines = [`Image ${image + 1} of ${path.images_A.length}${saddle}`, `${energy} eV`]
    slider.setAttribute('aria-valuetext', lines.join(', '))
    const small = document.createElement('small')
    small.textContent = lines[0] ?? ''
    text.replaceChildren(lines[1] ?? '', small)
    drawProfile(profile, path, progress)
  }

  function stop(): void {
    cancelAnimationFrame(request)
    request = 0
    button.textContent = '▶'
    button.setAttribute('aria-label', 'Play the hop')
  }

  function start(): void {
    if (!path) return
    const last = path.images_A.length - 1
    // Where motion is not wanted the images follow each other without a blend.
    const stepwise = matchMedia('(prefers-reduced-motion: reduce)').matches
    const from = progress >= last ? 0 : progress
    const began = performance.now() - (from / last) * SWEEP_MS
    const tick = (now: number) => {
      const share = ((now - began) % (SWEEP_MS + REST_MS)) / SWEEP_MS
      const value = Math.min(1, Math.max(0, share)) * last
      const next = stepwise ? Math.round(value) : value
      if (next !== progress) move(next)
      request = requestAnimationFrame(tick)
    }
    request = requestAnimationFrame(tick)
    button.textContent = '❚❚'
    button.setAttribute('aria-label', 'Pause')
  }

  slider.addEventListener('input', () => {
    stop()
    move(Number(slider.value))
  })

  return {
    toggle: () => (request ? stop() : start()),
    resize: tell,
    show(next: EmbeddedPath): void {
      const last = next.images_A.length - 1
      // Another case is shown at the same place of its path.
      const share = path ? progress / (path.images_A.length - 1) : imageAt(next, next.saddle.path_A) / last
      stop()
      path = next
      slider.max = String(last)
      move(Math.round(share * last))
    },
  }
}

/** The energy over the slider, image by image. */
function drawProfile(svg: Element, path: EmbeddedPath, progress: number): void {
  const width = svg.clientWidth - 2 * INSET_PX
  const last = path.images_A.length - 1
  const energies = [...path.curve.energies_eV, ...path.energies_eV]
  const low = Math.min(...energies)
  const high = Math.max(...energies, low + 1e-6)
  const x = (image: number) => INSET_PX + (image / last) * width
  const y = (energy: number) => PROFILE_PX - 6 - ((energy - low) / (high - low)) * (PROFILE_PX - 14)
  const spots = path.curve.path_A.map((length, k) => [
    x(imageAt(path, length)),
    y(path.curve.energies_eV[k] ?? 0),
  ])
  const saddle = imageAt(path, path.saddle.path_A)
  const [sx, sy] = [x(saddle), y(path.saddle.energy_eV)]
  svg.replaceChildren(
    shape('line', 'profile-floor', { x1: x(0), x2: x(last), y1: y(0), y2: y(0) }),
    shape('polyline', 'profile-line', { points: spots.map(spot => spot.join(',')).join(' ') }),
    ...path.energies_eV.map((energy, k) =>
      shape('circle', 'profile-image', { cx: x(k), cy: y(energy), r: 2.6 }),
    ),
    shape('path', 'profile-saddle', { d: `M${sx - 5.5} ${sy}l5.5 -5.5l5.5 5.5l-5.5 5.5z` }),
    shape('circle', 'profile-now', { cx: x(progress), cy: y(energyAt(path, progress)), r: 6 }),
  )
}

/** Returns the energy of the drawn curve, eV. @param progress image number from 0 */
function energyAt({ path_A, curve }: EmbeddedPath, progress: number): number {
  const before = Math.min(Math.floor(progress), path_A.length - 1)
  const from = path_A[before] ?? 0
  const length = from + (progress - before) * ((path_A[before + 1] ?? from) - from)
  const after = curve.path_A.findIndex(value => value >= length - 1e-9)
  const k = after < 0 ? curve.path_A.length - 1 : after
  const [x0, x1] = [curve.path_A[k - 1] ?? 0, curve.path_A[k] ?? 0]
  const [e0, e1] = [curve.energies_eV[k - 1] ?? curve.energies_eV[k] ?? 0, curve.energies_eV[k] ?? 0]
  return x1 > x0 ? e0 + ((length - x0) / (x1 - x0)) * (e1 - e0) : e1
}

function shape(
  kind: string,
  className: string,
  attributes: Readonly<Record<string, string | number>>,
): Element {
  const element = document.createElementNS(SVG, kind)
  element.setAttribute('class', className)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value))
  return element
}
