import { pointAt } from './viewer.js'

/** @typedef {import('../payload.ts').EmbeddedPath} EmbeddedPath */
/** @typedef {import('./viewer.js').Point} Point */

/** What is near the path is drawn in full, the rest steps back. */
const NEAR_A = 4.2
/** A displacement smaller than this is not drawn. */
const SEEN_A = 0.03
/** Longest metal–oxygen distance that is drawn as a stick. */
const STICK_A = 2.45
/** An atom this close to the line of sight hides the ion. */
const HIDING_A = 1.4
/** How high the camera may stand above the horizon, radians. */
const HEIGHTS = [0.12, 0.3, 0.5, 0.7]
const LIGHT_ELEMENTS = new Set(['H', 'C', 'N', 'F', 'S'])

/** @param {EmbeddedPath} path @param {number} length_A path length @returns {number} image number from 0 */
export function imageAt({ path_A }, length_A) {
  const after = path_A.findIndex(value => value >= length_A)
  if (after <= 0) return after < 0 ? path_A.length - 1 : 0
  const from = path_A[after - 1] ?? 0
  return after - 1 + (length_A - from) / ((path_A[after] ?? 0) - from)
}

/**
 * @param {EmbeddedPath} path
 * @param {number} progress image number from 0, fractions lie in between
 * @returns {number[]} [3N]
 */
export function positionsAt({ positions_A, active, images_A }, progress) {
  const before = Math.min(Math.floor(progress), images_A.length - 1)
  const after = Math.min(before + 1, images_A.length - 1)
  const share = progress - before
  const positions = [...positions_A]
  active.forEach((atom, k) => {
    for (let c = 0; c < 3; c++) {
      const from = images_A[before]?.[3 * k + c] ?? 0
      const to = images_A[after]?.[3 * k + c] ?? 0
      positions[3 * atom + c] = from + share * (to - from)
    }
  })
  return positions
}

/** @param {EmbeddedPath} path */
export function allAtoms({ elements }) {
  return elements.map((_, k) => k)
}

/** @param {EmbeddedPath} path @returns {boolean[]} [N] whether it moves so far that one sees it; molecules as a whole */
export function movedAtoms(path) {
  const images = path.images_A.map((_, k) => positionsAt(path, k))
  return path.elements.map((_, k) => {
    if (path.groups[k] === 'adsorbate' || path.groups[k] === 'moving') return true
    const home = pointAt(path.positions_A, k)
    return images.some(positions => apart(home, pointAt(positions, k)) > SEEN_A)
  })
}

/** @param {readonly number[]} a @param {readonly number[]} b lattice vectors of cells that may differ by rounding */
export function sameCell(a, b) {
  return a.every((value, k) => Math.abs(value - (b[k] ?? 0)) < 0.1)
}

/** @param {EmbeddedPath} path @returns {number[]} indices of the atoms that hop */
export function movingAtoms({ groups }) {
  return groups.flatMap((group, k) => (group === 'moving' ? [k] : []))
}

/** @param {Point} a @param {Point} b */
export function apart(a, b) {
  return Math.hypot(a.x - b.x, a.y - b.y, a.z - b.z)
}

/** @param {EmbeddedPath} path @returns {boolean[]} [N] whether the ion comes close to it */
export function nearPath(path) {
  const stops = path.images_A.flatMap((_, k) => {
    const positions = positionsAt(path, k)
    return movingAtoms(path).map(ion => pointAt(positions, ion))
  })
  return path.elements.map((_, k) => {
    const atom = pointAt(path.positions_A, k)
    return path.neighbors.includes(k) || stops.some(stop => apart(stop, atom) < NEAR_A)
  })
}

/** @param {EmbeddedPath} path @returns {[number, number][]} pairs of a metal and an oxygen that are bonded to the eye */
export function latticeSticks({ elements, groups, positions_A }) {
  const lattice = elements.flatMap((_, k) => (groups[k] === 'host' || groups[k] === 'frozen' ? [k] : []))
  const oxygens = lattice.filter(k => elements[k] === 'O')
  const metals = lattice.filter(k => !LIGHT_ELEMENTS.has(elements[k] ?? '') && elements[k] !== 'O')
  return oxygens.flatMap(o =>
    metals
      .filter(m => apart(pointAt(positions_A, o), pointAt(positions_A, m)) < STICK_A)
      .map(m => /** @type {[number, number]} */ ([o, m])),
  )
}

/** @param {EmbeddedPath} path @returns {[number, number][]} */
export function covalentBonds({ bonds }) {
  return Array.from({ length: bonds.length / 2 }, (_, m) => [bonds[2 * m] ?? -1, bonds[2 * m + 1] ?? -1])
}

/**
 * How much of the sight of the ion is taken by atoms before it, on average over its way; its saddle counts as much as
 * the rest of the way.
 * @param {EmbeddedPath} path
 * @param {Point} camera direction towards it, of length 1
 */
function hiddenFrom(path, camera) {
  const [ion = 0] = movingAtoms(path)
  const stops = path.images_A.map((_, k) => pointAt(positionsAt(path, k), ion))
  const saddle = Math.round(imageAt(path, path.saddle.path_A))
  const others = allAtoms(path).filter(k => k !== ion)
  const covers = stops.map((stop, k) => {
    const shares = others.map(other => {
      const atom = pointAt(path.positions_A, other)
      const before = depth(stop, atom, camera)
      const beside = Math.sqrt(Math.max(0, apart(stop, atom) ** 2 - before * before))
      return before > 0 ? Math.max(0, 1 - beside / HIDING_A) : 0
    })
    return shares.reduce((sum, share) => sum + share, 0) * (k === saddle ? stops.length : 1)
  })
  return covers.reduce((sum, cover) => sum + cover, 0) / stops.length
}

/** @param {Point} from @param {Point} to @param {Point} camera @returns {number} how much nearer the camera, Å */
function depth(from, to, camera) {
  return (to.x - from.x) * camera.x + (to.y - from.y) * camera.y + (to.z - from.z) * camera.z
}

/**
 * z points up; of all sides the one from which the hop is long and little stands before it.
 * @param {readonly EmbeddedPath[]} paths of the same hop
 * @returns {number[]} quaternion x, y, z, w
 */
export function clearView(paths) {
  const path = /** @type {EmbeddedPath} */ (paths[0])
  const [ion = 0] = movingAtoms(path)
  const first = pointAt(path.positions_A, ion)
  const last = pointAt(positionsAt(path, path.images_A.length - 1), ion)
  const length = Math.max(1e-6, apart(first, last))
  let best = { score: Number.NEGATIVE_INFINITY, azimuth: 0, height: 0 }
  for (let azimuth = 0; azimuth < 2 * Math.PI; azimuth += Math.PI / 18) {
    for (const height of HEIGHTS) {
      const level = Math.cos(height)
      const camera = { x: Math.cos(azimuth) * level, y: Math.sin(azimuth) * level, z: Math.sin(height) }
      const along = 1 - Math.abs(depth(first, last, camera)) / length
      const hidden = paths.reduce((sum, each) => sum + hiddenFrom(each, camera), 0) / paths.length
      const score = 2 * along - hidden
      if (score > best.score) best = { score, azimuth, height }
    }
  }
  const yaw = (-Math.PI / 2 - best.azimuth) / 2
  const tilt = (-Math.PI / 2 + best.height) / 2
  const [sz, cz, sx, cx] = [Math.sin(yaw), Math.cos(yaw), Math.sin(tilt), Math.cos(tilt)]
  // First the turn about z, then the tilt about x: q = q_x q_z.
  return [sx * cz, -sx * sz, cx * sz, cx * cz]
}
