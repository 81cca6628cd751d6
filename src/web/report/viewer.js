import { byId, pageColor, runInertScript } from './theme.js'

/** @typedef {{ x: number, y: number, z: number }} Point */
/** @typedef {{ addAtoms: (atoms: object[]) => void, setStyle: (selection: object, style: object) => void }} Model */
/**
 * @typedef {object} Viewer 3Dmol's
 * @property {() => Model} addModel
 * @property {(model: Model) => void} removeModel
 * @property {(shape: object) => void} removeShape
 * @property {(selection: object, style: object) => void} setStyle
 * @property {(curve: object) => void} addCurve
 * @property {(cylinder: object) => object} addCylinder
 * @property {(sphere: object) => void} addSphere
 * @property {(text: string, options: object) => void} addLabel
 * @property {() => void} removeAllShapes
 * @property {() => void} removeAllModels
 * @property {() => void} removeAllLabels
 * @property {(color: string) => void} setBackgroundColor
 * @property {(selection?: object) => void} zoomTo
 * @property {(factor: number) => void} zoom
 * @property {(view: readonly number[]) => void} setView
 * @property {(angle: number, axis: string) => void} rotate
 * @property {() => void} render
 * @property {() => void} resize
 */

const KEYS = /** @type {Record<string, [angle: number, axis: string]>} */ ({
  ArrowLeft: [-12, 'y'],
  ArrowRight: [12, 'y'],
  ArrowUp: [-12, 'x'],
  ArrowDown: [12, 'x'],
})

/**
 * The 3D view of the page. 3Dmol is only run when it comes into view or is asked for; then `draw` is called for the
 * first time.
 * @param {(viewer: Viewer, recentre: boolean) => void} draw
 */
export function createView(draw) {
  const element = byId('scene')
  /** @type {Viewer | null} */
  let viewer = null

  function load() {
    if (viewer) return
    element.replaceChildren()
    try {
      runInertScript('viewer-source')
      viewer = /** @type {any} */ (window).$3Dmol.createViewer(element, {
        antialias: true,
        backgroundColor: pageColor('--scene'),
        cartoonQuality: 4,
      })
      if (!viewer) throw new Error('3D graphics (WebGL) are not available here')
    } catch (error) {
      viewer = null
      element.textContent = `The 3D view cannot be shown: ${error instanceof Error ? error.message : String(error)}.`
      return
    }
    listen(element, viewer)
    redraw(true)
    element.dataset.loaded = 'true'
  }

  /** @param {boolean} recentre */
  function redraw(recentre) {
    if (!viewer) return
    viewer.setBackgroundColor(pageColor('--scene'))
    draw(viewer, recentre)
    viewer.render()
  }

  new IntersectionObserver((entries, observer) => {
    if (!entries.some(entry => entry.isIntersecting)) return
    observer.disconnect()
    load()
  }).observe(element)

  return {
    load,
    redraw,
    /** Changes a part of what is shown. @param {(viewer: Viewer) => void} change */
    update(change) {
      if (!viewer) return
      change(viewer)
      viewer.render()
    },
    resize: () => viewer?.resize(),
    /** @param {{ description: string, color: string }} shown */
    describe({ description, color }) {
      element.setAttribute('aria-label', description)
      byId('scene-text').textContent = description
      document.documentElement.style.setProperty('--scene-ion', color)
    },
    /** A narrow view needs the whole width of what is shown. */
    aspect: () => element.clientWidth / element.clientHeight,
  }
}

/** @param {HTMLElement} element @param {Viewer} viewer */
function listen(element, viewer) {
  element.addEventListener('keydown', event => {
    const turn = KEYS[event.key]
    if (turn) viewer.rotate(...turn)
    else if (event.key === '+' || event.key === '=') viewer.zoom(1.15)
    else if (event.key === '-') viewer.zoom(1 / 1.15)
    else return
    event.preventDefault()
    viewer.render()
  })
  // Wheel and touch belong to the page until the reader has taken hold of the box.
  for (const kind of ['wheel', 'touchstart', 'touchmove']) {
    element.addEventListener(
      kind,
      event => {
        if (document.activeElement !== element) event.stopPropagation()
      },
      { capture: true, passive: true },
    )
  }
  element.addEventListener('pointerdown', event => {
    if (event.pointerType === 'mouse') element.focus({ preventScroll: true })
  })
  element.addEventListener('click', () => element.focus({ preventScroll: true }))
}

/** @param {Viewer} viewer @param {readonly number[]} box lattice vectors as rows @param {readonly number[]} [origin] */
export function addCell(viewer, box, origin = [0, 0, 0]) {
  const color = pageColor('--scene-cell')
  const corner = (/** @type {number[]} */ steps) => {
    const along = (/** @type {number} */ axis) =>
      steps.reduce((sum, step, k) => sum + step * (box[3 * k + axis] ?? 0), origin[axis] ?? 0)
    return { x: along(0), y: along(1), z: along(2) }
  }
  for (let axis = 0; axis < 3; axis++) {
    for (const [u, v] of /** @type {const} */ ([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ])) {
      const from = [u, v]
      from.splice(axis, 0, 0)
      const to = from.with(axis, 1)
      viewer.addCylinder({ start: corner(from), end: corner(to), radius: 0.05, color, fromCap: 1, toCap: 1 })
    }
  }
}

/** @param {string} from "#rrggbb" @param {string} to "#rrggbb" @param {number} share of `to` */
export function mixed(from, to, share) {
  const channel = (/** @type {string} */ color, /** @type {number} */ k) =>
    Number.parseInt(color.slice(2 * k + 1, 2 * k + 3), 16)
  const channels = [0, 1, 2].map(k => Math.round((1 - share) * channel(from, k) + share * channel(to, k)))
  return `#${channels.map(value => value.toString(16).padStart(2, '0')).join('')}`
}

/** @param {readonly number[]} values @param {number} k @returns {Point} */
export function pointAt(values, k) {
  return { x: values[3 * k] ?? 0, y: values[3 * k + 1] ?? 0, z: values[3 * k + 2] ?? 0 }
}

/** @param {string} element its symbol */
export function elementColor(element) {
  return pageColor(`--el-${element}`) || pageColor('--scene-host')
}
