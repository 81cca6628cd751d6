import type { EmbeddedMolecule } from '../payload.ts'
import { byId, elementColor, pageColor } from '../theme.ts'
import { createShapes, mixed, pointAt, type ShapeCollector } from '../view/shapes.ts'
import { createView } from '../view/viewer.ts'

const DOUBLE_BOND_COLOR = '#009e73'
/** Older stretches of a path fade into the background. */
const PATH_STRETCHES = [
  { from: 0, to: 1 / 3, strength: 0.3 },
  { from: 1 / 3, to: 2 / 3, strength: 0.5 },
  { from: 2 / 3, to: 1, strength: 0.8 },
]

/** A scene of the page that its buttons act on. */
export interface PageScene {
  /** Starts the view, whether or not it is in sight. */
  load(): void
  /** Draws the scene again, at once, in the page's present colours. */
  recolor(): void
  select(index: number): void
  toggle(group: string, visible: boolean): void
}

/** The boxes in 3D, one at a time. */
export function createBoxScene(molecules: readonly EmbeddedMolecule[]): PageScene {
  const view = createView(byId('scene'))
  const hidden = new Set<string>()
  let shown = molecules[0]!

  function redraw(): void {
    const shapes = createShapes()
    addMolecules(shapes, shown, hidden)
    if (!hidden.has('double')) addDoubleBonds(shapes, shown)
    if (!hidden.has('path')) addPaths(shapes, shown)
    if (!hidden.has('cell')) shapes.cell(shown.box_A, pageColor('--scene-cell'))
    view.show({ shapes: shapes.shapes(), frame: shown.positions_A })
  }

  return {
    load: view.load,
    recolor() {
      redraw()
      view.paint()
    },
    select(index) {
      shown = molecules[index] ?? shown
      describe(shown)
      redraw()
    },
    toggle(group, visible) {
      setHidden(hidden, group, !visible)
      redraw()
    },
  }
}

export function setHidden(hidden: Set<string>, group: string, isHidden: boolean): void {
  if (isHidden) hidden.add(group)
  else hidden.delete(group)
}

/** Says what the view shows, to those who cannot see it as well. */
export function describe({ description, color }: { description: string; color: string }): void {
  byId('scene').setAttribute('aria-label', description)
  byId('scene-text').textContent = description
  document.documentElement.style.setProperty('--scene-ion', color)
}

/** Thin chains of one colour, anions as sticks in the colours of their elements, ions as spheres. */
function addMolecules(shapes: ShapeCollector, molecule: EmbeddedMolecule, hidden: ReadonlySet<string>): void {
  const { elements, groups, positions_A, bonds, color } = molecule
  const host = pageColor('--scene-host')
  const colors = new Map(elements.map(element => [element, elementColor(element)]))
  const half = (i: number, j: number) => {
    if (hidden.has(groups[i]!)) return
    const ends = [pointAt(positions_A, i), pointAt(positions_A, j)] as const
    if (groups[i] === 'host') shapes.halfBond(...ends, 0.07, host)
    else if (groups[i] === 'anion') shapes.halfBond(...ends, 0.15, colors.get(elements[i]!)!)
  }
  for (let m = 0; m < bonds.length; m += 2) {
    half(bonds[m]!, bonds[m + 1]!)
    half(bonds[m + 1]!, bonds[m]!)
  }
  if (hidden.has('ion')) return
  groups.forEach((group, k) => {
    if (group === 'ion') shapes.sphere(pointAt(positions_A, k), 0.75, color)
  })
}

function addDoubleBonds(
  shapes: ShapeCollector,
  { positions_A, bonds, bondOrders, groups }: EmbeddedMolecule,
): void {
  bondOrders.forEach((order, m) => {
    const [i, j] = [bonds[2 * m]!, bonds[2 * m + 1]!]
    if (order !== 2 || groups[i] !== 'host') return
    shapes.stick(pointAt(positions_A, i), pointAt(positions_A, j), 0.2, DOUBLE_BOND_COLOR)
  })
}

function addPaths(shapes: ShapeCollector, { trajectories_A, color }: EmbeddedMolecule): void {
  const scene = pageColor('--scene')
  for (const path of trajectories_A) {
    const points = Array.from({ length: path.length / 3 }, (_, k) => pointAt(path, k))
    const at = (share: number) => Math.floor(share * (points.length - 1))
    for (const { from, to, strength } of PATH_STRETCHES) {
      shapes.curve(points.slice(at(from), at(to) + 1), 3, 0.12, mixed(scene, color, strength))
    }
  }
}
