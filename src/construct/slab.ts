import { type Box, createBox, fractional } from '../core/box.ts'
import { UserError } from '../errors.ts'
import { DEGREE } from '../units.ts'
import { type Crystal, gridPoints, insideCell, type LatticeAtom } from './crystal.ts'
import { formalCharges } from './formalCharges.ts'
import {
  greatestCommonDivisor,
  type PrimitiveLattice,
  planeBasis,
  primitiveLattice,
  reducedPair,
  type Triple,
} from './lattice.ts'
import type { SlabRecipe } from './solidRecipe.ts'
import { type Termination, terminations } from './terminations.ts'
import { add, cross, dot, norm, scale, times, unit, type Vector, vectorAt } from './vectors.ts'

export interface Slab {
  readonly box: Box
  /** Layer by layer from the bottom, in a layer as in the crystal. */
  readonly atoms: readonly LatticeAtom[]
  readonly surface: Surface
}

/** What a cut is, before any edit. */
export interface Surface {
  readonly miller: readonly number[]
  readonly layers: number
  /** Between layers. */
  readonly spacing_A: number
  /** Of one side of the whole slab. */
  readonly area_A2: number
  /** From the lowest to the highest atom. */
  readonly thickness_A: number
  /** Edges of the surface cell before its repetition, Å, and the angle between them. */
  readonly cell: { readonly u_A: number; readonly v_A: number; readonly angle_deg: number }
  readonly terminations: readonly Termination[]
  readonly termination: Termination
}

/** Height of the lowest atom in the cell, Å. */
const FLOOR_A = 0.5

/**
 * Cuts a slab along the plane (h k l) of the crystal's cell. The lattice is the primitive one, whatever the cell: a
 * layer is one primitive cell thick and so has the crystal's composition. The surface cell is reduced (orthogonal where
 * the plane has an orthogonal primitive cell), its first edge along x, the normal along z; the crystal's first
 * atom is at the lateral origin in layer 1, and each layer is shifted against the one below by at most half the second
 * edge.
 * @param given formal charges of elements, e, for the dipole
 * @throws UserError for indices that are no plane, counts that are no positive integers, or an unknown termination
 */
export function cutSlab(
  crystal: Crystal,
  recipe: SlabRecipe,
  given: Readonly<Record<string, number>> = {},
): Slab {
  checkSlab(recipe)
  const { miller, layers, vacuum_A, repeat = [1, 1] } = recipe
  const labels = crystal.elements.map((element, i) => `${element} ${crystal.types?.[i] ?? ''}`)
  const primitive = primitiveLattice(crystal.box, labels, crystal.positions)
  const { u, v, w, spacing_A, shift } = orientedCell(crystal.box, primitive, miller)
  const s = fractional(createBox([...u, ...v, ...w]), crystal.positions)
  const charges = formalCharges(crystal.elements, given)
  const area = norm(cross(u, v))
  const choices = terminations(
    primitive.atoms.map(i => ({
      element: crystal.elements[i]!,
      height: s[3 * i + 2]!,
      charge: charges?.[i] ?? null,
    })),
    spacing_A,
    area,
  )
  const termination = chosen(choices, recipe.termination ?? 1)

  /** Across the surface in units of u and v, and the height in units of the spacing. */
  const inLayer = (atom: number, layer: number): Vector => {
    const [a, b, c] = vectorAt(s, atom)
    const height = layer - 1 + c - Math.floor(c - termination.cut)
    return [a + height * shift[0], b + height * shift[1], height]
  }
  const origin = inLayer(primitive.atoms[0]!, 1)
  const heights = primitive.atoms.map(atom => inLayer(atom, 1)[2])
  const lowest = Math.min(...heights)
  const thickness = (layers - 1 + Math.max(...heights) - lowest) * spacing_A
  const x = unit(u)
  const skew = Math.abs(dot(v, x)) < 1e-9 ? 0 : dot(v, x)
  const across = [norm(u), 0, 0, skew, area / norm(u), 0, 0, 0, spacing_A]
  const atoms = Array.from({ length: layers }, (_, k) => k + 1).flatMap(layer =>
    primitive.atoms.flatMap(source => {
      const [a, b, height] = inLayer(source, layer)
      const at = [insideCell(a - origin[0]), insideCell(b - origin[1]), height - lowest] as const
      return gridPoints([...repeat, 1]).map(cell => {
        const position = add(times(add(at, cell), across), [0, 0, FLOOR_A])
        return { source, position, layer }
      })
    }),
  )
  const [nu, nv] = repeat as [number, number]
  return {
    box: createBox([
      ...times([nu, 0, 0], across),
      ...times([0, nv, 0], across),
      ...[0, 0, thickness + vacuum_A],
    ]),
    atoms,
    surface: {
      miller,
      layers,
      spacing_A,
      area_A2: area * nu * nv,
      thickness_A: thickness,
      cell: { u_A: norm(u), v_A: norm(v), angle_deg: Math.acos(dot(x, unit(v))) / DEGREE },
      terminations: choices,
      termination,
    },
  }
}

function checkSlab({ miller, layers, repeat = [1, 1], vacuum_A, frozen_layers = 0 }: SlabRecipe): void {
  if (miller.length !== 3 || !miller.every(Number.isInteger) || miller.every(index => index === 0)) {
    throw new UserError({
      message: `(${miller.join(' ')}) is no plane`,
      hint: 'miller takes three integers, not all zero',
    })
  }
  const counts = [layers, ...repeat]
  if (repeat.length !== 2 || !counts.every(count => Number.isInteger(count) && count >= 1)) {
    throw new UserError({
      message: `a slab of ${layers} layers, repeated ${repeat.join(' × ')} times, cannot be cut`,
      hint: 'layers and the two numbers of repeat are whole and at least 1',
    })
  }
  if (!(vacuum_A > 0)) throw new UserError({ message: `vacuum_A is ${vacuum_A}: it must be positive` })
  if (!Number.isInteger(frozen_layers) || frozen_layers < 0 || frozen_layers > layers) {
    throw new UserError({ message: `frozen_layers is ${frozen_layers}: the slab has ${layers} layers` })
  }
}

interface OrientedCell {
  /** In the plane, Å, in the crystal's frame. */
  readonly u: Vector
  readonly v: Vector
  /** To the next lattice plane. */
  readonly w: Vector
  readonly spacing_A: number
  /** What w goes sideways, in units of u and v. */
  readonly shift: readonly [number, number]
}

function orientedCell(box: Box, { basis, order }: PrimitiveLattice, miller: readonly number[]): OrientedCell {
  const reciprocal = [0, 1, 2].map(k =>
    [0, 1, 2].reduce((sum, i) => sum + box.inverse[3 * k + i]! * miller[i]!, 0),
  ) as unknown as Vector
  const normal = unit(reciprocal)
  const indices = basis.map(row => row.reduce((sum, x, i) => sum + x * miller[i]!, 0))
  const divisor = greatestCommonDivisor(indices)
  const plane = planeBasis(indices.map(index => index / divisor) as unknown as Triple)
  const place = (multiples: Triple): Vector => {
    const cell = [0, 1, 2].map(k => multiples.reduce((sum, n, i) => sum + n * basis[i]![k]!, 0) / order)
    return times(cell as unknown as Vector, box.matrix)
  }
  const [u, v] = reducedPair(place(plane.inPlane[0]), place(plane.inPlane[1]), normal)
  const up = place(plane.up)
  const [a, b] = times(up, createBox([...u, ...v, ...normal]).inverse).map(insideCell) as [number, number]
  const spacing_A = dot(up, normal)
  // Half a turn about the normal is as good a frame: the one with the smaller shift along v, then along u, is taken.
  const turn = b > 0.5 + 1e-6 || ((b < 1e-6 || b > 0.5 - 1e-6) && a > 0.5 + 1e-6)
  const shift = (turn ? [insideCell(-a), insideCell(-b)] : [a, b]) as [number, number]
  const sign = turn ? -1 : 1
  const [x, y] = [scale(u, sign), scale(v, sign)]
  const w = add(add(scale(x, shift[0]), scale(y, shift[1])), scale(normal, spacing_A))
  return { u: x, v: y, w, spacing_A, shift }
}

function chosen(choices: readonly Termination[], number: number): Termination {
  const termination = choices[number - 1]
  if (termination) return termination
  const list = choices.map(({ number, bottom, top, polar }) => {
    return `${number}: ${bottom} at the bottom, ${top} on top${polar ? ', polar' : ''}`
  })
  throw new UserError({
    message: `there is no termination ${number}: the plane can be cut in ${choices.length} ways`,
    hint: list.join('; '),
  })
}
