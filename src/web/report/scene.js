import { pageColor } from './theme.js'
import { addCell, createView, elementColor, mixed, pointAt } from './viewer.js'

/** @typedef {import('../payload.ts').EmbeddedMolecule} EmbeddedMolecule */
/** @typedef {import('./viewer.js').Viewer} Viewer */

const DOUBLE_BOND_COLOR = '#009e73'
/** Older stretches of a path fade into the background. */
const PATH_STRETCHES = [
  { from: 0, to: 1 / 3, strength: 0.3 },
  { from: 1 / 3, to: 2 / 3, strength: 0.5 },
  { from: 2 / 3, to: 1, strength: 0.8 },
]
/** 3Dmol's view: position, zoom, quaternion. */
const UPRIGHT = [0, 0, 0, 0, 0, 0, 0, 1]

/**
 * The box in 3D.
 * @param {readonly EmbeddedMolecule[]} molecules
 */
export function createScene(molecules) {
  const hidden = new Set()
  let shown = 0

  const view = createView((viewer, recentre) => {
    const molecule = molecules[shown]
    if (!molecule) return
    viewer.removeAllModels()
    viewer.removeAllShapes()
    viewer.addModel().addAtoms(atoms(molecule))
    style(viewer, molecule, hidden)
    if (!recentre) return
    viewer.setView(UPRIGHT)
    viewer.zoomTo()
    viewer.rotate(24, 'y')
    viewer.rotate(14, 'x')
    // zoomTo fits the height; a narrow screen needs the whole width of the turned cell.
    viewer.zoom(Math.min(1.2, view.aspect()))
  })

  return {
    load: view.load,
    recolor: () => view.redraw(false),
    resize: view.resize,
    /** @param {number} index */
    select(index) {
      const molecule = molecules[index]
      if (!molecule) return
      shown = index
      view.describe(molecule)
      view.redraw(true)
    },
    /** @param {string} group @param {boolean} visible */
    toggle(group, visible) {
      if (visible) hidden.delete(group)
      else hidden.add(group)
      view.redraw(false)
    },
  }
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
    unless('anion', { stick: { radius: 0.15, colorscheme: { prop: 'elem', map: anionColors(molecule) } } }),
  )
  viewer.setStyle(
    select({ group: 'ion' }),
    unless('ion', { sphere: { radius: 0.75, color: molecule.color } }),
  )
  if (!hidden.has('double')) addDoubleBonds(viewer, molecule)
  if (!hidden.has('path')) addPaths(viewer, molecule)
  if (!hidden.has('cell')) addCell(viewer, molecule.box_A)
}

/** @param {EmbeddedMolecule} molecule */
function anionColors({ elements }) {
  return Object.fromEntries(elements.map(element => [element, elementColor(element)]))
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
