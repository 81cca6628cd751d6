import { type Box, createBox, fractional } from '../core/box.ts'
import { isElement } from '../core/elements.ts'
import type { Structure } from '../core/structure.ts'
import { UserError } from '../errors.ts'
import { randomSequence, STREAM, shuffled } from '../rng.ts'
import { UNDECIDED } from './formalCharges.ts'
import type { LayeredRecipe } from './solidRecipe.ts'
import { add, times, type Vector, vector, vectorAt } from './vectors.ts'

/** The atoms of one cell of a crystal. */
export interface Crystal {
  readonly box: Box
  /** [N] chemical symbols; `M` for a metal site whose element is drawn later, in the repeated cell. */
  readonly elements: readonly string[]
  /** [N] atom types; null when the elements are the types. */
  readonly types: readonly string[] | null
  /** [3N] Å */
  readonly positions: Float64Array
  /** Share of each element on the `M` sites; null without such sites. */
  readonly mixture: Readonly<Record<string, number>> | null
}

/**
 * The O3 structure of LiMO₂, R-3m in the hexagonal setting: metals on 3b (0 0 ½), Li on 3a (0 0 0), O on 6c (0 0 ±z),
 * each at (0 0 0), (⅔ ⅓ ⅓) and (⅓ ⅔ ⅔).
 * With `ordering: ordered`, metals with shares of thirds fill the three sublattices of each layer, in a √3×√3 R30° cell:
 * equal metals are then never neighbours, except if one metal has two thirds (honeycomb).
 * @throws UserError when oxygen is closer to lithium than to the metals, or when there is no such ordering
 */
export function layeredCrystal(recipe: LayeredRecipe): Crystal {
  const { a_A: a, c_A: c, z_oxygen: z, metals, ordering = 'random' } = recipe
  if (!(z > 0.2 && z <= 0.25)) {
    throw new UserError({
      message: `z_oxygen is ${z}: in a layered oxide it lies between 0.2 and 0.25`,
      hint: 'z counts from lithium at the origin (3a), the metals are at ½ (3b); if yours counts from a metal, give 0.5 − z',
    })
  }
  checkShares(metals)
  const names = Object.keys(metals)
  const single = names.length === 1
  const metal = single ? names[0]! : UNDECIDED
  const sites: [string, number][] = [
    [metal, 0.5],
    ['Li', 0],
    ['O', z],
    ['O', -z],
  ]
  const box = createBox([a, 0, 0, -a / 2, (a * Math.sqrt(3)) / 2, 0, 0, 0, c])
  const centring: Vector[] = [
    [0, 0, 0],
    [2 / 3, 1 / 3, 1 / 3],
    [1 / 3, 2 / 3, 2 / 3],
  ]
  const rows = sites.flatMap(([element, height]) =>
    centring.map(([x, y, w]) => ({ element, at: [x, y, (w + height + 1) % 1] as const })),
  )
  const crystal: Crystal = {
    box,
    elements: rows.map(row => row.element),
    types: null,
    positions: Float64Array.from(rows.flatMap(row => times(row.at, box.matrix))),
    mixture: single ? null : metals,
  }
  return single || ordering === 'random' ? crystal : orderedCrystal(crystal, metals)
}

function checkShares(metals: Readonly<Record<string, number>>): void {
  const names = Object.keys(metals)
  const wrong = names.find(name => !isElement(name) || name === 'Li' || name === 'O')
  if (wrong !== undefined) {
    throw new UserError({
      message: `'${wrong}' is not a metal of a layered oxide`,
      hint: 'give metals such as Ni, Co, Mn, Al',
    })
  }
  const bad = names.find(name => !(metals[name]! > 0))
  if (bad !== undefined)
    throw new UserError({ message: `the share of ${bad} is ${metals[bad]}: give a positive number` })
  const sum = names.reduce((total, name) => total + metals[name]!, 0)
  if (Math.abs(sum - 1) > 1e-6) {
    throw new UserError({ message: `the shares of the metals add up to ${sum}, not to 1` })
  }
}

/** The crystal whose metals fill the three sublattices of each triangular layer in the order of the recipe. */
function orderedCrystal(crystal: Crystal, metals: Readonly<Record<string, number>>): Crystal {
  const thirds = Object.entries(metals).map(([name, share]) => ({ name, parts: share * 3 }))
  if (thirds.some(({ parts }) => Math.abs(parts - Math.round(parts)) > 0.02)) {
    const given = Object.entries(metals).map(([name, share]) => `${name} ${share}`)
    throw new UserError({
      message: `no ordered arrangement is known for ${given.join(', ')}`,
      hint: 'ordering: ordered needs shares of thirds, such as Ni 0.3334, Co 0.3333, Mn 0.3333; otherwise give ordering: random',
    })
  }
  const colours = thirds.flatMap(({ name, parts }) => Array<string>(Math.round(parts)).fill(name))
  const { matrix } = crystal.box
  const box = createBox([
    ...times([2, 1, 0], matrix),
    ...times([-1, 1, 0], matrix),
    ...times([0, 0, 1], matrix),
  ])
  const cells: Vector[] = [
    [0, 0, 0],
    [1, 0, 0],
    [1, 1, 0],
  ]
  const atoms = crystal.elements.flatMap((element, i) =>
    cells.map(cell => {
      // Metals of neighbouring sites along a, b and a + b differ in n₁ + n₂ modulo 3: 1, 1 and 2.
      const colour = colours[(cell[0] + cell[1]) % 3]!
      const at = add(vectorAt(crystal.positions, i), times(cell, matrix))
      return { element: element === UNDECIDED ? colour : element, at }
    }),
  )
  return {
    box,
    elements: atoms.map(atom => atom.element),
    types: null,
    positions: Float64Array.from(atoms.flatMap(atom => atom.at)),
    mixture: null,
  }
}

/** The crystal of a structure file. @throws UserError when the structure has bonds, which a cut would break */
export function crystalOfStructure(structure: Structure, file: string): Crystal {
  if (structure.topology.bonds.length > 0) {
    throw new UserError({
      message: 'the crystal has bonds, which a cut would break',
      where: file,
      hint: 'molecular crystals are not supported: give a crystal without bonds',
    })
  }
  const { box, elements, types, positions } = structure
  return { box, elements, types, positions, mixture: null }
}

/** A site of a repeated cell or a slab, before elements are drawn. */
export interface LatticeAtom {
  /** Atom of the crystal that is repeated here, counted from 0. */
  readonly source: number
  /** Å */
  readonly position: Vector
  /** Layer of a slab, 1 at the bottom; null in bulk. */
  readonly layer: number | null
}

/** The repeated cell: all repeats of the first atom of the crystal, then of the second, … @param repeat cells along a, b, c */
export function repeatCrystal(
  crystal: Crystal,
  repeat: readonly number[],
): { readonly box: Box; readonly atoms: readonly LatticeAtom[] } {
  const { matrix } = crystal.box
  const s = fractional(crystal.box, crystal.positions)
  const atoms = crystal.elements.flatMap((_, source) =>
    gridPoints(repeat).map(cell => {
      const at = vector(k => insideCell(s[3 * source + k]!) + cell[k]!)
      return { source, position: times(at, matrix), layer: null }
    }),
  )
  return { box: createBox(matrix.map((x, k) => x * repeat[Math.floor(k / 3)]!)), atoms }
}

/** Integer points 0 … n−1 along each axis, the last axis fastest. */
export function gridPoints([na, nb, nc]: readonly number[]): Vector[] {
  const range = (length: number) => Array.from({ length }, (_, k) => k)
  return range(na!).flatMap(i => range(nb!).flatMap(j => range(nc!).map(k => [i, j, k] as const)))
}

/** A fractional coordinate wrapped into [0, 1); values within 1e-9 below a whole number become zero. */
export function insideCell(x: number): number {
  const inside = x - Math.floor(x + 1e-9)
  return Math.abs(inside) < 1e-12 ? 0 : inside
}

/**
 * Draws the elements of the `M` sites: their numbers by largest remainder, their places at random from the seed.
 * @returns [N] elements
 */
export function fillMixture(
  elements: readonly string[],
  mixture: Crystal['mixture'],
  seed: number,
): string[] {
  if (!mixture) return [...elements]
  const sites = elements.flatMap((element, i) => (element === UNDECIDED ? [i] : []))
  const metals = shuffled(largestRemainder(mixture, sites.length), randomSequence(seed, STREAM.solid))
  const filled = [...elements]
  sites.forEach((site, k) => {
    filled[site] = metals[k]!
  })
  return filled
}

/** Names for all sites, in numbers that follow the shares (largest remainder, Hamilton's method). */
function largestRemainder(shares: Readonly<Record<string, number>>, sites: number): string[] {
  const parts = Object.entries(shares).map(([name, share]) => {
    // The margin is for round-off: 0.1 × 40 must not become 3.
    const count = Math.floor(share * sites + 1e-6)
    return { name, count, rest: share * sites - count }
  })
  const missing = sites - parts.reduce((sum, { count }) => sum + count, 0)
  const first = new Set(parts.toSorted((a, b) => b.rest - a.rest).slice(0, missing))
  return parts.flatMap(part => Array<string>(part.count + (first.has(part) ? 1 : 0)).fill(part.name))
}
