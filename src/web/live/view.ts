import { byId, elementColor, pageColor } from '../theme.ts'
import { cellCorners, createShapes, distance, mixed, pointAt, type ShapeCollector } from '../view/shapes.ts'
import { createView } from '../view/viewer.ts'
import type { LiveInput } from './input.ts'

/** Radii, Å. */
const LOOK = {
  host: { sphere: 0.34, stick: 0.1 },
  anion: { sphere: 0.5, stick: 0.14 },
  ion: { sphere: 1, stick: 0 },
} as const
const HYDROGEN = 0.62
const TRAIL_A = 0.08
/** Points of the path that is drawn behind each ion, and pictures between two of them. */
const TRAIL_POINTS = 48
const PICTURES_PER_POINT = 3

/** The box of a run in 3D, with the latest stretch of every ion's path. */
export function createLiveView({ system, groups }: Pick<LiveInput, 'system' | 'groups'>) {
  const { elements } = system
  const { bonds } = system.topology
  const ions = groups.flatMap((group, i) => (group === 'ion' ? [i] : []))
  const view = createView(byId('scene'))
  let positions: Float32Array | null = null
  let cell: Float64Array = new Float64Array(9)
  let trail: Float32Array[] = []
  let pictures = 0
  let colors = atomColors()

  function atomColors(): readonly string[] {
    const species = pageColor('--species')
    return groups.map((group, i) => (group === 'ion' ? species : elementColor(elements[i]!)))
  }

  function redraw(): void {
    if (!positions) return
    const shapes = createShapes()
    addAtoms(shapes, positions)
    addTrail(shapes)
    shapes.cell(cell, pageColor('--scene-cell'))
    view.show({ shapes: shapes.shapes(), frame: cellCorners(cell) })
  }

  /** Longer lines lead through a face of the cell: the molecule is a network, or has been moved to the other side. */
  const longest = () => Math.hypot(...cell) / 4

  function addAtoms(shapes: ShapeCollector, places: Float32Array): void {
    const longest_A = longest()
    for (let k = 0; k < bonds.length; k += 2) {
      const [i, j] = [bonds[k]!, bonds[k + 1]!]
      const [one, other] = [pointAt(places, i), pointAt(places, j)]
      if (distance(one, other) > longest_A) continue
      shapes.halfBond(one, other, LOOK[groups[i]!].stick, colors[i]!)
      shapes.halfBond(other, one, LOOK[groups[j]!].stick, colors[j]!)
    }
    groups.forEach((group, i) => {
      const radius = LOOK[group].sphere * (elements[i] === 'H' ? HYDROGEN : 1)
      shapes.sphere(pointAt(places, i), radius, colors[i]!)
    })
  }

  function addTrail(shapes: ShapeCollector): void {
    const longest_A = longest()
    const [scene, species] = [pageColor('--scene'), pageColor('--species')]
    for (let t = 1; t < trail.length; t++) {
      const color = mixed(scene, species, (0.6 * t) / trail.length)
      for (let n = 0; n < ions.length; n++) {
        const [from, to] = [pointAt(trail[t - 1]!, n), pointAt(trail[t]!, n)]
        if (distance(from, to) <= longest_A) shapes.stick(from, to, TRAIL_A, color)
      }
    }
  }

  return {
    /** @param next [3N] Å @param box lattice vectors as rows, Å */
    show(next: Float32Array, box: Float64Array): void {
      positions = next
      cell = box
      if (pictures++ % PICTURES_PER_POINT === 0) {
        trail = [...trail.slice(1 - TRAIL_POINTS), Float32Array.from(ions.flatMap(i => pointAt(next, i)))]
      }
      redraw()
    },
    /** Drops the paths, as a new run has none. */
    forget(): void {
      trail = []
    },
    recolor(): void {
      colors = atomColors()
      redraw()
    },
  }
}
