import { nowhere } from './cluster'
import { PATCH, Sums } from './layout'

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

/** Empties what a part is going to add to: eight sums at `work`, and the forces of the patches that it touches. */
export function clearPart(work: usize, forces: usize, touched: usize, patches: i32): void {
  memory.fill(work, 0, Sums.bytes)
  for (let patch = 0; patch < patches; patch++) {
    if (load<u8>(touched + <usize>patch)) memory.fill(forces + <usize>(patch * PATCH) * 64, 0, 64 * PATCH)
  }
}

/**
 * Adds the forces that parts have on the clusters of patches [from, to) to those of their atoms, part after part.
 * @param forces of part 0; those of the next follow after `bytes`, and its marks after `patches`
 * @param atoms [3N] f64
 */
export function addForces(
  atomCount: i32,
  order: usize,
  parts: i32,
  forces: usize,
  bytes: usize,
  touched: usize,
  patches: i32,
  atoms: usize,
  from: i32,
  to: i32,
): void {
  const end = (atomCount + 3) >> 2
  for (let patch = from; patch < to; patch++) {
    const last = min<i32>((patch + 1) * PATCH, end)
    for (let c = patch * PATCH; c < last; c++) {
      let x = f32x4.splat(0)
      let y = f32x4.splat(0)
      let z = f32x4.splat(0)
      for (let part = 0; part < parts; part++) {
        if (!load<u8>(touched + <usize>(part * patches + patch))) continue
        const at = forces + <usize>part * bytes + (<usize>c << 6)
        x = f32x4.add(x, v128.load(at))
        y = f32x4.add(y, v128.load(at, 16))
        z = f32x4.add(z, v128.load(at, 32))
      }
      const slots = order + (<usize>c << 4)
      const count = min<i32>(4, atomCount - (c << 2))
      push(atoms, slots, f32x4.extract_lane(x, 0), f32x4.extract_lane(y, 0), f32x4.extract_lane(z, 0))
      if (count > 1) push(atoms, slots + 4, f32x4.extract_lane(x, 1), f32x4.extract_lane(y, 1), f32x4.extract_lane(z, 1))
      if (count > 2) push(atoms, slots + 8, f32x4.extract_lane(x, 2), f32x4.extract_lane(y, 2), f32x4.extract_lane(z, 2))
      if (count > 3) push(atoms, slots + 12, f32x4.extract_lane(x, 3), f32x4.extract_lane(y, 3), f32x4.extract_lane(z, 3))
    }
  }
}

/** Adds to the force on the atom in a slot. */
@inline
function push(atoms: usize, slot: usize, x: f32, y: f32, z: f32): void {
  const f = atoms + <usize>load<i32>(slot) * 24
  store<f64>(f, load<f64>(f) + <f64>x)
  store<f64>(f, load<f64>(f, 8) + <f64>y, 8)
  store<f64>(f, load<f64>(f, 16) + <f64>z, 16)
}
