import { UserError } from '../errors.ts'
import type { RandomSequence } from '../rng.ts'

/** Where units are exchanged for others along a chain. */
export interface ReplaceRecipe {
  /** The unit that stands in. */
  readonly unit: string
  /** Fraction of the units of a chain, rounded to a whole number per chain. */
  readonly fraction: number
  /** `isolated`: never two in a row; `adjacent`: one block; `random`: anywhere. */
  readonly placement: 'isolated' | 'adjacent' | 'random'
  /** The first and the last unit stay. */
  readonly keep_ends: boolean
}

export interface SequenceRecipe {
  readonly unit: string
  readonly units_per_chain: number
  /** Fraction of units that stand the other way round (head-to-head defects), rounded per chain; never the ends. */
  readonly defect_fraction?: number | undefined
  readonly replace?: ReplaceRecipe | undefined
}

/** One unit of a chain. */
export interface ChainUnit {
  readonly unit: string
  readonly reversed: boolean
}

/**
 * The units of one chain from head to tail.
 * @throws UserError when there is no room for as many replacements or defects
 */
export function chainSequence(recipe: SequenceRecipe, random: RandomSequence): ChainUnit[] {
  const count = recipe.units_per_chain
  const { replace } = recipe
  const replaced = new Set(replace ? replacedPositions(replace, count, random) : [])
  const reversible = Array.from({ length: Math.max(0, count - 2) }, (_, k) => k + 1).filter(
    position => !replaced.has(position),
  )
  const defects = Math.round((recipe.defect_fraction ?? 0) * count)
  if (defects > reversible.length) {
    throw new UserError({
      message: `${defects} head-to-head units of ${count} were asked for, but only ${reversible.length} can be reversed`,
      hint: 'the first and last unit and replaced units stay as they are: lower defect_fraction',
    })
  }
  const reversed = new Set(choose(reversible, defects, random))
  return Array.from({ length: count }, (_, position) => ({
    unit: replace && replaced.has(position) ? replace.unit : recipe.unit,
    reversed: reversed.has(position),
  }))
}

function replacedPositions(replace: ReplaceRecipe, count: number, random: RandomSequence): number[] {
  const first = replace.keep_ends ? 1 : 0
  const room = Math.max(0, count - 2 * first)
  const wanted = Math.round(replace.fraction * count)
  const most = replace.placement === 'isolated' ? Math.ceil(room / 2) : room
  if (wanted > most) {
    throw new UserError({
      message: `${wanted} of ${count} units are to be replaced, but with placement '${replace.placement}' ${replace.keep_ends ? 'and kept ends ' : ''}there is room for ${most}`,
      hint: 'lower the fraction, or choose another placement',
    })
  }
  switch (replace.placement) {
    case 'adjacent': {
      const start = first + random.integer(room - wanted + 1)
      return Array.from({ length: wanted }, (_, k) => start + k)
    }
    case 'isolated':
      // Choosing among room − wanted + 1 places and spreading them makes every arrangement without neighbours equally likely.
      return choose(range(room - wanted + 1), wanted, random).map((place, k) => first + place + k)
    case 'random':
      return choose(range(room), wanted, random).map(place => first + place)
  }
}

const range = (length: number) => Array.from({ length }, (_, k) => k)

/** A uniformly random choice of `count` items, in their order. */
function choose(items: readonly number[], count: number, random: RandomSequence): number[] {
  const pool = [...items]
  for (let k = 0; k < count; k++) {
    const other = k + random.integer(pool.length - k)
    ;[pool[k], pool[other]] = [pool[other]!, pool[k]!]
  }
  return pool.slice(0, count).sort((a, b) => a - b)
}
