import { byId, pageColor, runInertScript } from './theme.js'

/** @typedef {import('../molecule.ts').EmbeddedMolecule} EmbeddedMolecule */
/** @typedef {{ x: number, y: number, z: number }} Point */
/**
 * @typedef {object} Viewer 3Dmol's
 * @property {() => { addAtoms: (atoms: object[]) => void }} addModel
 * @property {(selection: object, style: object) => void} setStyle
 * @property {(curve: object) => void} addCurve
 * @property {(cylinder: object) => void} addCylinder
 * @property {() => void} removeAllShapes
 * @property {() => void} removeAllModels
 * @property {(color: string) => void} setBackgroundColor
 * @property {(selection?: object) => void} zoomTo
 * @property {(factor: number) => void} zoom
 * @property {(view: readonly number[]) => void} setView
 * @property {(angle: number, axis: string) => void} rotate
 * @property {() => void} render
 * @property {() => void} resize
 */

const ANION_COLORS = { S: '#d9a400', O: '#c8443c', N: '#3f6fc4', F: '#5fae8b', C: '#7b838c' }
const DOUBLE_BOND_COLOR = '#009e73'
/** Older stretches of a path fade into the background. */
const PATH_STRETCHES = [
  { from: 0, to: 1 / 3, strength: 0.3 },
  { from: 1 / 3, to: 2 / 3, strength: 0.5 },
  { from: 2 / 3, to: 1, strength: 0.8 },
]
/** 3Dmol's view: position, zoom, quaternion. */
const UPRIGHT = [0, 0, 0, 0, 0, 0, 0, 1]
const KEYS = /** @type {Record<string, [angle: number, axis: string]>} */ ({
  ArrowLeft: [-12, 'y'],
  ArrowRight: [12, 'y'],
  ArrowUp: [-12, 'x'],
  ArrowDown: [12, 'x'],
})

/**
 * The box in 3D. 3Dmol is only run when the scene comes into view or is asked for.
 * @param {readonly EmbeddedMolecule[]} molecules
 */
export function createScene(molecules) {
  const element = byId('scene')
  const hidden = new Set()
  /** @type {Viewer | null} */
  let viewer = null
  let shown = 0

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
      element.textContent = `The box cannot be shown: ${error instanceof Error ? error.message : String(error)}.`
      return
    }
    listen(element, viewer)
    draw(true)
    element.dataset.loaded = 'true'
  }

  /** @param {boolean} recentre */
  function draw(recentre) {
    const molecule = molecules[shown]
    if (!viewer || !molecule) return
    viewer.removeAllModels()
    viewer.removeAllShapes()
    viewer.setBackgroundColor(pageColor('--scene'))
    viewer.addModel().addAtoms(atoms(molecule))
    style(viewer, molecule, hidden)
    if (recentre) {
      viewer.setView(UPRIGHT)
      viewer.zoomTo()
      viewer.rotate(24, 'y')
      viewer.rotate(14, 'x')
      // zoomTo fits the height; a narrow screen needs the whole width of the turned cell.
      viewer.zoom(Math.min(1.2, element.clientWidth / element.clientHeight))
    }
    viewer.render()
  }

  new IntersectionObserver((entries, observer) => {
    if (!entries.some(entry => entry.isIntersecting)) return
    observer.disconnect()
    load()
  }).observe(element)

  return {
    load,
    recolor: () => draw(false),
    resize: () => viewer?.resize(),
    /** @param {number} index */
    select(index) {
      shown = index
      const { description } = /** @type {EmbeddedMolecule} */ (molecules[index])
      element.setAttribute('aria-label', description)
      byId('scene-text').textContent = description
      document.documentElement.style.setProperty('--scene-ion', molecules[index]?.color ?? '')
      draw(true)
    },
    /** @param {string} group @param {boolean} visible */
    toggle(group, visible) {
      if (visible) hidden.delete(group)
      else hidden.add(group)
      draw(false)
    },
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

/** @param {EmbeddedMolecule} molecule */
function atoms({ elements, positions_A, bonds, groups }) {
  const list = elements.map((elem, k) => ({
    elem,
    x: positions_A[3 * k],
    y: positions_A[3 * k + 1],
    z: positions_A[3 * k + 2],
    serial: k,
    bonds: /** @type {number[]} */ ([]),
    bondOrder: /** @type {number[]} */ ([]),
    properties: { group: groups[k] },
  }))
  // All drawn single: chains stay thin, and double bonds get a colour instead.
  for (let m = 0; m < bonds.length; m += 2) {
    const first = list[bonds[m] ?? -1]
    const second = list[bonds[m + 1] ?? -1]
    if (!first || !second) continue
    first.bonds.push(second.serial)
    second.bonds.push(first.serial)
    first.bondOrder.push(1)
    second.bondOrder.push(1)
  }
  return list
}

/** @param {Viewer} viewer @param {EmbeddedMolecule} molecule @param {Set<string>} hidden */
function style(viewer, molecule, hidden) {
  const select = (/** @type {object} */ properties) => ({ properties })
  const unless = (/** @type {string} */ group, /** @type {object} */ look) => (hidden.has(group) ? {} : look)
  const host = pageColor('--scene-host')
  viewer.setStyle({}, {})
  viewer.setStyle(select({ group: 'host' }), unless('host', { stick: { radius: 0.07, color: host } }))
  viewer.setStyle(
    select({ group: 'anion' }),
    unless('anion', { stick: { radius: 0.15, colorscheme: { prop: 'elem', map: ANION_COLORS } } }),
  )
  viewer.setStyle(
    select({ group: 'ion' }),
    unless('ion', { sphere: { radius: 0.75, color: molecule.color } }),
  )
  if (!hidden.has('double')) addDoubleBonds(viewer, molecule)
  if (!hidden.has('path')) addPaths(viewer, molecule)
  if (!hidden.has('cell')) addCell(viewer, molecule.box_A)
}

/** @param {Viewer} viewer @param {EmbeddedMolecule} molecule */
function addDoubleBonds(viewer, { positions_A, bonds, bondOrders, groups }) {
  bondOrders.forEach((order, m) => {
    const [i = 0, j = 0] = bonds.slice(2 * m, 2 * m + 2)
    if (order !== 2 || groups[i] !== 'host') return
    const ends = { start: pointAt(positions_A, i), end: pointAt(positions_A, j) }
    viewer.addCylinder({ ...ends, radius: 0.2, color: DOUBLE_BOND_COLOR, fromCap: 2, toCap: 2 })
  })
}

/** @param {Viewer} viewer @param {EmbeddedMolecule} molecule */
function addPaths(viewer, { trajectories_A, color }) {
  for (const path of trajectories_A) {
    const points = Array.from({ length: path.length / 3 }, (_, k) => pointAt(path, k))
    for (const { from, to, strength } of PATH_STRETCHES) {
      const stretch = points.slice(
        Math.floor(from * (points.length - 1)),
        Math.floor(to * (points.length - 1)) + 1,
      )
      const tint = mixed(pageColor('--scene'), color, strength)
      if (stretch.length > 1) viewer.addCurve({ points: stretch, radius: 0.12, smooth: 2, color: tint })
    }
  }
}

/** @param {Viewer} viewer @param {readonly number[]} box */
function addCell(viewer, box) {
  const color = pageColor('--scene-cell')
  const corner = (/** @type {number[]} */ steps) => {
    const along = (/** @type {number} */ axis) =>
      steps.reduce((sum, step, k) => sum + step * (box[3 * k + axis] ?? 0), 0)
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
function mixed(from, to, share) {
  const channel = (/** @type {string} */ color, /** @type {number} */ k) =>
    Number.parseInt(color.slice(2 * k + 1, 2 * k + 3), 16)
  const channels = [0, 1, 2].map(k => Math.round((1 - share) * channel(from, k) + share * channel(to, k)))
  return `#${channels.map(value => value.toString(16).padStart(2, '0')).join('')}`
}

/** @param {readonly number[]} values @param {number} k @returns {Point} */
function pointAt(values, k) {
  return { x: values[3 * k] ?? 0, y: values[3 * k + 1] ?? 0, z: values[3 * k + 2] ?? 0 }
}
