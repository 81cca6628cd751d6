import type { EmbeddedPath } from '../payload.ts'
import { byId, elementColor, pageColor } from '../theme.ts'
import { createShapes, distance, mixed, pointAt, type ShapeCollector, type Vector } from '../view/shapes.ts'
import { createView, type Scene } from '../view/viewer.ts'
import {
  clearView,
  imageAt,
  latticeSticks,
  movingAtoms,
  nearPath,
  positionsAt,
  sameCell,
} from './bandGeometry.ts'
import { describe, type PageScene, setHidden } from './boxScene.ts'
import { createPlayer } from './player.ts'

/** Longest distance from the ion to a neighbour that is drawn. */
const CONTACT_A = 2.9

/** Radius of a sphere and share of its colour, for atoms near the path and far from it. */
const LOOKS = {
  host: { near: { sphere_A: 0.36, strength: 1 }, far: { sphere_A: 0.15, strength: 0.5 } },
  frozen: { near: { sphere_A: 0.28, strength: 0.5 }, far: { sphere_A: 0.12, strength: 0.35 } },
} as const
/** Lattice sticks are thinner than the spheres they join by this factor. */
const STICK = 1 / 6

/** The bands in 3D, one image or a blend of two at a time, with a player. */
export function createBandScene(paths: readonly [EmbeddedPath, ...EmbeddedPath[]]) {
  const view = createView(byId('scene'), viewOf(paths, paths[0]))
  const hidden = new Set(['cell'])
  let band = prepared(paths, paths[0])
  let progress = 0
  const redraw = () => view.show(sceneOf(band, progress, hidden))
  const player = createPlayer(value => {
    progress = value
    redraw()
  })

  const scene: PageScene = {
    load: view.load,
    recolor() {
      redraw()
      view.paint()
    },
    select(index) {
      const before = band.path
      const path = paths[index] ?? before
      band = prepared(paths, path)
      if (!sameCell(before.box_A, path.box_A)) view.lookFrom(viewOf(paths, path))
      describe(path)
      player.show(path)
      redraw()
    },
    toggle(group, visible) {
      setHidden(hidden, group, !visible)
      redraw()
    },
  }
  return { ...scene, play: player.toggle, resize: player.resize }
}

/** Cases in the same cell are seen from the same place. */
const alike = (paths: readonly EmbeddedPath[], path: EmbeddedPath) =>
  paths.filter(({ box_A }) => sameCell(box_A, path.box_A))

const viewOf = (paths: readonly EmbeddedPath[], path: EmbeddedPath) => clearView(alike(paths, path))

type Band = ReturnType<typeof prepared>

/** Data that all images of a path share. */
function prepared(paths: readonly EmbeddedPath[], path: EmbeddedPath) {
  // There is room for the largest case of the same cell.
  const largest = alike(paths, path).reduce((a, b) => (b.elements.length > a.elements.length ? b : a))
  const inFrame = nearPath(largest).flatMap((near, k) =>
    near || largest.groups[k] === 'adsorbate' || largest.groups[k] === 'moving' ? [k] : [],
  )
  return {
    path,
    near: nearPath(path),
    sticks: latticeSticks(path),
    frame: inFrame.flatMap(k => pointAt(largest.positions_A, k)),
  }
}

function sceneOf({ path, near, sticks, frame }: Band, progress: number, hidden: ReadonlySet<string>): Scene {
  const shapes = createShapes()
  const positions = positionsAt(path, progress)
  const background = pageColor('--scene')
  const looks = lookOf(path, near, background)
  const latticeColor = mixed(background, pageColor('--scene-host'), 0.55)
  // The lattice hardly moves: sticks stay where they are in the first image, and end inside the spheres.
  for (const [i, j] of sticks) {
    for (const [from, to] of [
      [i, j],
      [j, i],
    ] as const) {
      const look = looks[from]
      if (!look || hidden.has(path.groups[from]!)) continue
      const ends = [pointAt(path.positions_A, from), pointAt(path.positions_A, to)] as const
      shapes.halfBond(...ends, STICK * look.radius, latticeColor)
    }
  }
  looks.forEach((look, k) => {
    if (look && !hidden.has(path.groups[k]!)) shapes.sphere(pointAt(positions, k), look.radius, look.color)
  })
  if (!hidden.has('adsorbate')) addAdsorbate(shapes, path, positions)
  addIons(shapes, path, positions, hidden)
  if (!hidden.has('cell')) shapes.cell(path.box_A, pageColor('--scene-cell'), pointAt(path.origin_A, 0))
  const label = hidden.has('trace') ? null : addTrace(shapes, path)
  return { shapes: shapes.shapes(), frame, ...(label && { label: { text: 'saddle', at: label } }) }
}

/** [N] sphere of each lattice atom, null for the others. */
function lookOf({ elements, groups }: EmbeddedPath, near: readonly boolean[], background: string) {
  return elements.map((element, k) => {
    const group = groups[k]
    if (group !== 'host' && group !== 'frozen') return null
    const { sphere_A, strength } = LOOKS[group][near[k] ? 'near' : 'far']
    return { radius: sphere_A, color: mixed(background, elementColor(element), strength) }
  })
}

function addAdsorbate(
  shapes: ShapeCollector,
  { elements, groups, bonds }: EmbeddedPath,
  positions: number[],
): void {
  const half = (i: number, j: number) => {
    if (groups[i] !== 'adsorbate' && groups[j] !== 'adsorbate') return
    shapes.halfBond(pointAt(positions, i), pointAt(positions, j), 0.16, elementColor(elements[i]!))
  }
  for (let m = 0; m < bonds.length; m += 2) {
    half(bonds[m]!, bonds[m + 1]!)
    half(bonds[m + 1]!, bonds[m]!)
  }
  groups.forEach((group, k) => {
    if (group === 'adsorbate') shapes.sphere(pointAt(positions, k), 0.28, elementColor(elements[k]!))
  })
}

/** The ions, and dashed lines to the neighbours that are close at this moment. */
function addIons(
  shapes: ShapeCollector,
  path: EmbeddedPath,
  positions: readonly number[],
  hidden: ReadonlySet<string>,
): void {
  const color = pageColor('--hopping')
  for (const ion of movingAtoms(path)) {
    const start = pointAt(positions, ion)
    shapes.sphere(start, 0.6, color)
    for (const neighbor of path.neighbors) {
      const end = pointAt(positions, neighbor)
      if (hidden.has(path.groups[neighbor] ?? '') || distance(start, end) > CONTACT_A) continue
      shapes.dashes(start, end, 0.045, color)
    }
  }
}

/** The way of the ions through all images, a bead at each. @returns where the saddle of the last ion is */
function addTrace(shapes: ShapeCollector, path: EmbeddedPath): Vector | null {
  const images = path.images_A.map((_, k) => positionsAt(path, k))
  const atSaddle = positionsAt(path, imageAt(path, path.saddle.path_A))
  const color = pageColor('--hopping')
  let saddle: Vector | null = null
  for (const ion of movingAtoms(path)) {
    const points = images.map(positions => pointAt(positions, ion))
    saddle = pointAt(atSaddle, ion)
    shapes.curve(points, 6, 0.07, color)
    for (const point of points) shapes.sphere(point, 0.13, color)
    shapes.sphere(saddle, 0.24, color)
  }
  return saddle
}
