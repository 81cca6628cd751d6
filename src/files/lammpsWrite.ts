import { type Box, cartesian, createBox, fractional } from '../core/box.ts'
import { atomicWeight } from '../core/elements.ts'
import type { Structure } from '../core/structure.ts'
import type { AtomStyle, LammpsUnits } from './lammpsData.ts'
import { EXACT, formatNumber } from './text.ts'

/** Options of `formatLammpsData`. */
export interface LammpsWriteOptions {
  /** Units of the velocities, named in the first line: real (Å/fs) or metal (Å/ps). Default: real. */
  readonly units?: LammpsUnits
}

/**
 * Formats a structure as LAMMPS data file without coefficients: atom style full, molecular without charges, charge or
 * atomic without bonds. LAMMPS requires a along x, b in the xy plane and no tilt beyond half an edge: other cells are
 * rotated, and their lattice vectors replaced by the shortest ones of the same lattice. Atom types are numbered in order
 * of appearance; the type of a bond follows from the types of its atoms and its order. Default of masses: standard atomic
 * weights; atoms of one type with different masses get different types.
 */
export function formatLammpsData(structure: Structure, options: LammpsWriteOptions = {}): string {
  const { elements, types, charges, velocities, topology } = structure
  const { units = 'real' } = options
  const masses = structure.masses ?? Float64Array.from(elements, atomicWeight)
  const { box, rotate } = orient(structure.box)
  const atomTypes = number(elements.map((element, i) => `${masses[i]} ${types?.[i] ?? element}`))
  const bondTypes = number(bondNames(structure))
  const bonded = topology.bondOrders.length > 0
  const style: AtomStyle = bonded ? (charges ? 'full' : 'molecular') : charges ? 'charge' : 'atomic'
  const m = box.matrix
  const tilt = [m[3]!, m[6]!, m[7]!]
  const lines = [
    `LAMMPS data file by hoplite, units ${units}`,
    '',
    `${elements.length} atoms`,
    ...(bonded ? [`${topology.bondOrders.length} bonds`] : []),
    '',
    `${atomTypes.names.length} atom types`,
    ...(bonded ? [`${bondTypes.names.length} bond types`] : []),
    '',
    ...['x', 'y', 'z'].map((axis, k) => `0 ${formatNumber(m[4 * k]!, EXACT)} ${axis}lo ${axis}hi`),
    ...(tilt.some(value => value !== 0)
      ? [`${tilt.map(value => formatNumber(value, EXACT)).join(' ')} xy xz yz`]
      : []),
    '',
    'Masses',
    '',
    ...atomTypes.names.map((name, k) => {
      const [mass, label] = name.split(' ')
      return `${k + 1} ${formatNumber(Number(mass))} # ${label}`
    }),
    '',
    `Atoms # ${style}`,
    '',
  ]
  const s = fractional(box, rotate(structure.positions))
  const images = s.map(Math.floor)
  const inside = cartesian(
    box,
    s.map((value, k) => value - images[k]!),
  )
  const at = (values: Float64Array, i: number) => [values[3 * i]!, values[3 * i + 1]!, values[3 * i + 2]!]
  for (let i = 0; i < elements.length; i++) {
    lines.push(
      [
        i + 1,
        ...(bonded ? [topology.molecules[i]! + 1] : []),
        atomTypes.index[i]! + 1,
        ...(charges ? [formatNumber(charges[i]!)] : []),
        ...at(inside, i).map(x => formatNumber(x, 12)),
        ...at(images, i),
      ].join(' '),
    )
  }
  if (velocities) {
    const turned = rotate(velocities)
    const unit = units === 'real' ? 1e-3 : 1
    lines.push('', 'Velocities', '')
    for (let i = 0; i < elements.length; i++) {
      lines.push([i + 1, ...at(turned, i).map(v => formatNumber(v * unit))].join(' '))
    }
  }
  if (bonded) {
    lines.push('', 'Bonds', '')
    bondTypes.index.forEach((type, k) => {
      lines.push(`${k + 1} ${type + 1} ${topology.bonds[2 * k]! + 1} ${topology.bonds[2 * k + 1]! + 1}`)
    })
  }
  return `${lines.join('\n')}\n`
}

/** Distinct names in order of appearance, and the index of each. */
function number(names: readonly string[]): { names: string[]; index: number[] } {
  const indexOf = new Map<string, number>()
  const index = names.map(name => {
    if (!indexOf.has(name)) indexOf.set(name, indexOf.size)
    return indexOf.get(name)!
  })
  return { names: [...indexOf.keys()], index }
}

function bondNames({ elements, types, topology }: Structure): string[] {
  const { bonds, bondOrders } = topology
  return Array.from(bondOrders, (order, k) => {
    const ends = [bonds[2 * k]!, bonds[2 * k + 1]!].map(i => types?.[i] ?? elements[i]!).sort()
    return `${ends.join(' ')} ${order}`
  })
}

/** The cell in the orientation of LAMMPS, and the rotation of vectors [3N] to it. */
function orient(box: Box): { box: Box; rotate: (vectors: Float64Array) => Float64Array } {
  const [a, b, c] = [0, 1, 2].map(k => Array.from(box.matrix.subarray(3 * k, 3 * k + 3))) as [
    number[],
    number[],
    number[],
  ]
  const isOriented = a[1] === 0 && a[2] === 0 && b[2] === 0 && a[0]! > 0 && b[1]! > 0
  const unit = (v: readonly number[]) => v.map(x => x / Math.hypot(...v))
  const dot = (u: readonly number[], v: readonly number[]) => u[0]! * v[0]! + u[1]! * v[1]! + u[2]! * v[2]!
  const ex = unit(a)
  const ey = unit(b.map((x, k) => x - dot(b, ex) * ex[k]!))
  const ez = [0, 1, 2].map(k => ex[(k + 1) % 3]! * ey[(k + 2) % 3]! - ex[(k + 2) % 3]! * ey[(k + 1) % 3]!)
  const turn = (v: readonly number[]) => (isOriented ? [...v] : [dot(v, ex), dot(v, ey), dot(v, ez)])
  const [A, B, C] = [turn(a), turn(b), turn(c)] as [number[], number[], number[]]
  if (!isOriented) {
    A[1] = 0
    A[2] = 0
    B[2] = 0
  }
  // LAMMPS's limits: |xy| and |xz| ≤ lx/2, |yz| ≤ ly/2. The lattice stays the same.
  reduce(B, A, 0)
  reduce(C, B, 1)
  reduce(C, A, 0)
  return {
    box: createBox([...A, ...B, ...C]),
    rotate: vectors => {
      if (isOriented) return vectors
      const result = new Float64Array(vectors.length)
      for (let i = 0; i < vectors.length; i += 3) result.set(turn(Array.from(vectors.subarray(i, i + 3))), i)
      return result
    },
  }
}

/** Subtracts lattice vectors `by` until the component of the vector is at most half of theirs. */
function reduce(vector: number[], by: readonly number[], component: number): void {
  const ratio = vector[component]! / by[component]!
  if (Math.abs(ratio) <= 0.5 + 1e-12) return
  const count = Math.round(ratio)
  for (let k = 0; k < 3; k++) vector[k]! -= count * by[k]!
}
