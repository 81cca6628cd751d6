import type { EmbeddedPath } from '../payload.ts'
import type { Rotation } from '../view/camera.ts'
import { distance, pointAt, type Vector } from '../view/shapes.ts'

/** Largest distance from the path of atoms that are drawn in full, Å; the others are small and pale. */
const NEAR_A = 4.2
/** Longest metal–oxygen distance that is drawn as a stick. */
const STICK_A = 2.45
/** Distance from the line of sight below which an atom hides the ion, Å. */
const HIDING_A = 1.4
/** Heights of the camera above the horizon that are tried, radians. */
const HEIGHTS = [0.12, 0.3, 0.5, 0.7]
const LIGHT_ELEMENTS = new Set(['H', 'C', 'N', 'F', 'S'])

/** Returns the image number, from 0, at a length along the path; fractions lie between images. */
export function imageAt({ path_A }: EmbeddedPath, length_A: number): number {
  const after = path_A.findIndex(value => value >= length_A)
  if (after <= 0) return after < 0 ? path_A.length - 1 : 0
  const from = path_A[after - 1]!
  return after - 1 + (length_A - from) / (path_A[after]! - from)
}

/** Returns [3N] positions, Å. @param progress image number from 0; between two images they are blended */
export function positionsAt({ positions_A, active, images_A }: EmbeddedPath, progress: number): number[] {
  const before = Math.min(Math.floor(progress), images_A.length - 1)
  const after = Math.min(before + 1, images_A.length - 1)
  const share = progress - before
  const positions = [...positions_A]
  active.forEach((atom, k) => {
    for (let c = 0; c < 3; c++) {
      const [from, to] = [images_A[before]![3 * k + c]!, images_A[after]![3 * k + c]!]
      positions[3 * atom + c] = from + share * (to - from)
    }
  })
  return positions
}

/** True if two cells are equal within rounding. @param a, b lattice vectors, Å */
export function sameCell(a: readonly number[], b: readonly number[]): boolean {
  return a.every((value, k) => Math.abs(value - b[k]!) < 0.1)
}

/** Returns the indices of the atoms that hop. */
export function movingAtoms({ groups }: EmbeddedPath): number[] {
  return groups.flatMap((group, k) => (group === 'moving' ? [k] : []))
}

/** Returns for each atom whether the ion comes close to it, [N]. */
export function nearPath(path: EmbeddedPath): boolean[] {
  const stops = path.images_A.flatMap((_, k) => {
    const positions = positionsAt(path, k)
    return movingAtoms(path).map(ion => pointAt(positions, ion))
  })
  return path.elements.map((_, k) => {
    const atom = pointAt(path.positions_A, k)
    return path.neighbors.includes(k) || stops.some(stop => distance(stop, atom) < NEAR_A)
  })
}

/** Returns the pairs of a metal and an oxygen of the lattice that are near enough for a stick. */
export function latticeSticks({ elements, groups, positions_A }: EmbeddedPath): [number, number][] {
  const lattice = elements.flatMap((_, k) => (groups[k] === 'host' || groups[k] === 'frozen' ? [k] : []))
  const oxygens = lattice.filter(k => elements[k] === 'O')
  const metals = lattice.filter(k => !LIGHT_ELEMENTS.has(elements[k]!) && elements[k] !== 'O')
  return oxygens.flatMap(o =>
    metals
      .filter(m => distance(pointAt(positions_A, o), pointAt(positions_A, m)) < STICK_A)
      .map((m): [number, number] => [o, m]),
  )
}

/**
 * Returns how much of the ion is hidden by atoms before it, on average over the path; the saddle counts as much as all
 * other images together.
 * @param camera direction towards it, of length 1
 */
function hiddenFrom(path: EmbeddedPath, camera: Vector): number {
  const [ion = 0] = movingAtoms(path)
  const stops = path.images_A.map((_, k) => pointAt(positionsAt(path, k), ion))
  const saddle = Math.round(imageAt(path, path.saddle.path_A))
  const covers = stops.map((stop, k) => {
    let cover = 0
    path.elements.forEach((_, other) => {
      if (other === ion) return
      const atom = pointAt(path.positions_A, other)
      const before = depth(stop, atom, camera)
      const beside = Math.sqrt(Math.max(0, distance(stop, atom) ** 2 - before * before))
      if (before > 0) cover += Math.max(0, 1 - beside / HIDING_A)
    })
    return cover * (k === saddle ? stops.length : 1)
  })
  return covers.reduce((sum, cover) => sum + cover, 0) / stops.length
}

/** Returns by how much `to` is nearer to the camera than `from`, Å. */
function depth(from: Vector, to: Vector, camera: Vector): number {
  return (to[0] - from[0]) * camera[0] + (to[1] - from[1]) * camera[1] + (to[2] - from[2]) * camera[2]
}

/**
 * Returns the view, z up, from the side that shows the hop at its full length with the fewest atoms before it.
 * @param paths of the same hop
 */
export function clearView(paths: readonly EmbeddedPath[]): Rotation {
  const path = paths[0]!
  const [ion = 0] = movingAtoms(path)
  const first = pointAt(path.positions_A, ion)
  const last = pointAt(positionsAt(path, path.images_A.length - 1), ion)
  const length = Math.max(1e-6, distance(first, last))
  let best = { score: Number.NEGATIVE_INFINITY, azimuth: 0, height: 0 }
  for (let azimuth = 0; azimuth < 2 * Math.PI; azimuth += Math.PI / 18) {
    for (const height of HEIGHTS) {
      const camera = towards(azimuth, height)
      const along = 1 - Math.abs(depth(first, last, camera)) / length
      const hidden = paths.reduce((sum, each) => sum + hiddenFrom(each, camera), 0) / paths.length
      const score = 2 * along - hidden
      if (score > best.score) best = { score, azimuth, height }
    }
  }
  const { azimuth, height } = best
  const [x, y, z] = towards(azimuth, height)
  return [
    ...[-Math.sin(azimuth), Math.cos(azimuth), 0],
    ...[-z * Math.cos(azimuth), -z * Math.sin(azimuth), Math.cos(height)],
    ...[x, y, z],
  ]
}

function towards(azimuth: number, height: number): Vector {
  const level = Math.cos(height)
  return [Math.cos(azimuth) * level, Math.sin(azimuth) * level, Math.sin(height)]
}
