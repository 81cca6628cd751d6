import {
  allAtoms,
  apart,
  clearView,
  covalentBonds,
  imageAt,
  latticeSticks,
  movedAtoms,
  movingAtoms,
  nearPath,
  positionsAt,
  sameCell,
} from './bandGeometry.js'
import { createPlayer } from './player.js'
import { pageColor } from './theme.js'
import { addCell, createView, elementColor, mixed, pointAt } from './viewer.js'

/** @typedef {import('../payload.ts').EmbeddedPath} EmbeddedPath */
/** @typedef {import('./viewer.js').Viewer} Viewer */

/** Longest distance from the ion to a neighbour that is drawn. */
const CONTACT_A = 2.9

/**
 * The bands in 3D, one image or a blend of two at a time.
 * @param {readonly EmbeddedPath[]} paths
 */
export function createBandScene(paths) {
  const hidden = new Set(['cell'])
  let path = /** @type {EmbeddedPath} */ (paths[0])
  let near = nearPath(path)
  let moved = movedAtoms(path)
  let progress = 0
  /** What is drawn anew for every step. @type {import('./viewer.js').Model | null} */
  let stepModel = null
  /** @type {object[]} */
  let contacts = []

  /** All cases in the same cell are seen from the same place, with room for the largest of them. */
  function frame(/** @type {Viewer} */ viewer) {
    const alike = paths.filter(({ box_A }) => sameCell(box_A, path.box_A))
    const largest = alike.reduce((a, b) => (b.elements.length > a.elements.length ? b : a))
    viewer
      .addModel()
      .addAtoms(bandAtoms(largest, largest.positions_A, nearPath(largest), allAtoms(largest), []))
    viewer.setView([0, 0, 0, 0, ...clearView(alike)])
    viewer.zoomTo({ properties: { frame: 'near' } })
    viewer.zoom(0.9 * Math.min(1, view.aspect()))
  }

  function step(/** @type {Viewer} */ viewer) {
    if (stepModel) viewer.removeModel(stepModel)
    for (const contact of contacts) viewer.removeShape(contact)
    const positions = positionsAt(path, progress)
    const atoms = allAtoms(path).filter(k => moved[k])
    stepModel = viewer.addModel()
    stepModel.addAtoms(bandAtoms(path, positions, near, atoms, covalentBonds(path)))
    bandStyle(stepModel, path, hidden, 'spheres')
    contacts = addContacts(viewer, path, positions, hidden)
  }

  const view = createView((viewer, recentre) => {
    if (recentre) frame(viewer)
    viewer.removeAllModels()
    viewer.removeAllShapes()
    viewer.removeAllLabels()
    stepModel = null
    contacts = []
    const still = allAtoms(path).filter(k => !moved[k])
    const sticks = viewer.addModel()
    // The lattice hardly moves: sticks stay, and end inside the spheres that do.
    sticks.addAtoms(bandAtoms(path, path.positions_A, near, allAtoms(path), latticeSticks(path)))
    bandStyle(sticks, path, hidden, 'sticks')
    const spheres = viewer.addModel()
    spheres.addAtoms(bandAtoms(path, path.positions_A, near, still, []))
    bandStyle(spheres, path, hidden, 'spheres')
    if (!hidden.has('trace')) addTrace(viewer, path)
    if (!hidden.has('cell')) addCell(viewer, path.box_A, path.origin_A)
    step(viewer)
  })
  const player = createPlayer(value => {
    progress = value
    view.update(step)
  })

  return {
    load: view.load,
    recolor: () => view.redraw(false),
    resize() {
      view.resize()
      player.resize()
    },
    /** @param {number} index */
    select(index) {
      const before = path
      path = paths[index] ?? path
      near = nearPath(path)
      moved = movedAtoms(path)
      view.describe(path)
      player.show(path)
      view.redraw(!sameCell(before.box_A, path.box_A))
    },
    /** @param {string} group @param {boolean} visible */
    toggle(group, visible) {
      if (visible) hidden.delete(group)
      else hidden.add(group)
      view.redraw(false)
    },
    play: player.toggle,
  }
}

/**
 * @param {EmbeddedPath} path
 * @param {readonly number[]} positions
 * @param {readonly boolean[]} near
 * @param {readonly number[]} wanted atoms
 * @param {readonly [number, number][]} pairs joined by sticks
 */
function bandAtoms({ elements, groups }, positions, near, wanted, pairs) {
  const list = wanted.map((k, serial) => ({
    elem: elements[k],
    ...pointAt(positions, k),
    serial,
    bonds: /** @type {number[]} */ ([]),
    bondOrder: /** @type {number[]} */ ([]),
    properties: {
      group: groups[k],
      look: `${groups[k]}-${near[k] ? 'near' : 'far'}`,
      frame: near[k] || groups[k] === 'adsorbate' || groups[k] === 'moving' ? 'near' : 'far',
    },
  }))
  const atomOf = new Map(wanted.map((k, place) => [k, list[place]]))
  for (const [i, j] of pairs) {
    const [first, second] = [atomOf.get(i), atomOf.get(j)]
    if (!first || !second) continue
    first.bonds.push(second.serial)
    second.bonds.push(first.serial)
    first.bondOrder.push(1)
    second.bondOrder.push(1)
  }
  return list
}

/**
 * @param {import('./viewer.js').Model} model
 * @param {EmbeddedPath} path
 * @param {Set<string>} hidden
 * @param {'sticks' | 'spheres'} part sticks are the lattice's; a molecule's go with its spheres
 */
function bandStyle(model, path, hidden, part) {
  const background = pageColor('--scene')
  const color = mixed(background, pageColor('--scene-host'), 0.55)
  const elements = [...new Set(path.elements)]
  const colors = (/** @type {number} */ strength) => ({
    prop: 'elem',
    map: Object.fromEntries(
      elements.map(element => [element, mixed(background, elementColor(element), strength)]),
    ),
  })
  const lattice = (/** @type {number} */ radius, /** @type {number} */ strength) =>
    part === 'sticks'
      ? { stick: { radius: radius / 6, color } }
      : { sphere: { radius, colorscheme: colors(strength) } }
  model.setStyle({}, {})
  const looks = [
    { group: 'host', look: 'host-near', style: lattice(0.36, 1) },
    { group: 'host', look: 'host-far', style: lattice(0.15, 0.5) },
    { group: 'frozen', look: 'frozen-near', style: lattice(0.28, 0.5) },
    { group: 'frozen', look: 'frozen-far', style: lattice(0.12, 0.35) },
  ]
  for (const { group, look, style: drawn } of looks) {
    if (!hidden.has(group)) model.setStyle({ properties: { look } }, drawn)
  }
  if (part === 'sticks') return
  const full = colors(1)
  const molecule = { stick: { radius: 0.16, colorscheme: full }, sphere: { radius: 0.28, colorscheme: full } }
  if (!hidden.has('adsorbate')) model.setStyle({ properties: { group: 'adsorbate' } }, molecule)
  const ion = { sphere: { radius: 0.6, color: pageColor('--hopping') } }
  model.setStyle({ properties: { group: 'moving' } }, ion)
}

/**
 * Lines from the ion to the neighbours that are close at this moment.
 * @param {Viewer} viewer
 * @param {EmbeddedPath} path
 * @param {readonly number[]} positions
 * @param {Set<string>} hidden
 */
function addContacts(viewer, path, positions, hidden) {
  const color = pageColor('--hopping')
  const lines = { radius: 0.045, color, dashed: true, dashLength: 0.14, gapLength: 0.1 }
  return movingAtoms(path).flatMap(ion => {
    const start = pointAt(positions, ion)
    return path.neighbors.flatMap(neighbor => {
      const end = pointAt(positions, neighbor)
      if (hidden.has(path.groups[neighbor] ?? '') || apart(start, end) > CONTACT_A) return []
      return [viewer.addCylinder({ ...lines, start, end })]
    })
  })
}

/** The ion's way through all images, a bead on each, its saddle named. @param {Viewer} viewer @param {EmbeddedPath} path */
function addTrace(viewer, path) {
  const images = path.images_A.map((_, k) => positionsAt(path, k))
  const color = pageColor('--hopping')
  for (const ion of movingAtoms(path)) {
    const points = images.map(positions => pointAt(positions, ion))
    viewer.addCurve({ points, radius: 0.07, smooth: 6, color })
    for (const center of points) viewer.addSphere({ center, radius: 0.13, color })
    const center = pointAt(positionsAt(path, imageAt(path, path.saddle.path_A)), ion)
    viewer.addSphere({ center, radius: 0.24, color })
    viewer.addLabel('saddle', {
      position: center,
      screenOffset: { x: 40, y: 48 },
      fontSize: 13,
      fontColor: pageColor('--ink'),
      backgroundColor: pageColor('--surface'),
      backgroundOpacity: 0.85,
      inFront: true,
    })
  }
}
