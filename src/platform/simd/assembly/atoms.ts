import { nowhere } from './cluster'

// Between atoms in their own order (f64) and clusters (f32).

/**
 * Positions into clusters, in the frames of the list, and the two largest squared displacements in each lane since two
 * sets of coordinates were kept. @param result four vectors: largest and second of either set
 */
export function gatherPositions(
  atomCount: i32,
  order: usize,
  positions: usize,
  offsets: usize,
  scale: f64,
  clusters: usize,
  outer: usize,
  inner: usize,
  result: usize,
): void {
  for (let slot = 0; slot < atomCount; slot++) {
    const at = positions + <usize>load<i32>(order + (<usize>slot << 2)) * 24
    const offset = offsets + <usize>slot * 24
    const to = clusters + (<usize>(slot >> 2) << 6) + (<usize>(slot & 3) << 2)
    store<f32>(to, <f32>(load<f64>(at) - scale * load<f64>(offset)))
    store<f32>(to, <f32>(load<f64>(at, 8) - scale * load<f64>(offset, 8)), 16)
    store<f32>(to, <f32>(load<f64>(at, 16) - scale * load<f64>(offset, 16)), 32)
  }
  for (let slot = atomCount; slot < ((atomCount + 3) & ~3); slot++) {
    const to = clusters + (<usize>(slot >> 2) << 6) + (<usize>(slot & 3) << 2)
    store<f32>(to, <f32>scale * nowhere(slot & 3))
    store<f32>(to, 0, 16)
    store<f32>(to, 0, 32)
  }
  displacements((atomCount + 3) >> 2, <f32>scale, clusters, outer, result)
  displacements((atomCount + 3) >> 2, <f32>scale, clusters, inner, result + 32)
}

/** `max`, unlike `pmax`, hands on what is not a number. */
@inline
function displacements(clusterCount: i32, scale: f32, clusters: usize, from: usize, result: usize): void {
  const s = f32x4.splat(scale)
  let largest = f32x4.splat(0)
  let second = f32x4.splat(0)
  for (let c = 0; c < clusterCount; c++) {
    const at = clusters + (<usize>c << 6)
    const was = from + <usize>c * 48
    const dx = f32x4.sub(v128.load(at), f32x4.mul(s, v128.load(was)))
    const dy = f32x4.sub(v128.load(at, 16), f32x4.mul(s, v128.load(was, 16)))
    const dz = f32x4.sub(v128.load(at, 32), f32x4.mul(s, v128.load(was, 32)))
    const d2 = f32x4.add(f32x4.add(f32x4.mul(dx, dx), f32x4.mul(dy, dy)), f32x4.mul(dz, dz))
    second = f32x4.max(second, f32x4.min(largest, d2))
    largest = f32x4.max(largest, d2)
  }
  v128.store(result, largest)
  v128.store(result, second, 16)
}

/** Keeps coordinates as they are now, divided by the growth of the box. */
export function keepPositions(atomCount: i32, scale: f64, clusters: usize, kept: usize): void {
  const s = <f32>(1 / scale)
  for (let slot = 0; slot < ((atomCount + 3) & ~3); slot++) {
    const at = clusters + (<usize>(slot >> 2) << 6) + (<usize>(slot & 3) << 2)
    const to = kept + <usize>(slot >> 2) * 48 + (<usize>(slot & 3) << 2)
    store<f32>(to, slot < atomCount ? load<f32>(at) * s : nowhere(slot & 3))
    store<f32>(to, load<f32>(at, 16) * s, 16)
    store<f32>(to, load<f32>(at, 32) * s, 32)
  }
}

/** Adds the forces of clusters [from, to) to those of their atoms. @param atoms [3N] f64 */
export function scatterForces(atomCount: i32, order: usize, forces: usize, atoms: usize, from: i32, to: i32): void {
  for (let slot = from * 4; slot < min<i32>(to * 4, atomCount); slot++) {
    const at = forces + (<usize>(slot >> 2) << 6) + (<usize>(slot & 3) << 2)
    const f = atoms + <usize>load<i32>(order + (<usize>slot << 2)) * 24
    store<f64>(f, load<f64>(f) + <f64>load<f32>(at))
    store<f64>(f, load<f64>(f, 8) + <f64>load<f32>(at, 16), 8)
    store<f64>(f, load<f64>(f, 16) + <f64>load<f32>(at, 32), 16)
  }
}
