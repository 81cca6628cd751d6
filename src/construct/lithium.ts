import type { Box } from '../core/box.ts'
import { UserError } from '../errors.ts'
import { randomSequence, STREAM } from '../rng.ts'
import { shuffled } from './crystal.ts'
import { formalCharges } from './formalCharges.ts'
import { type ChargeOrdering, lowestOrdering } from './ordering.ts'
import { describeSite, type Site } from './sites.ts'

export interface LithiumRequest {
  /** Share of the lithium sites, filled or vacant, that are filled afterwards. */
  readonly content: number
  readonly ordering?: 'random' | 'electrostatic' | undefined
  /** Sites that stay filled, and that are emptied. */
  readonly keep: readonly number[]
  readonly vacate: readonly number[]
  readonly box: Box
  readonly slab: boolean
  readonly seed: number
  /** Which edit it is, from 0: each draws from random numbers of its own. */
  readonly edit: number
  readonly formalCharges: Readonly<Record<string, number>>
  readonly where: string
}

export interface LithiumResult {
  readonly sites: readonly Site[]
  /** Lithium sites, and how many of them are filled. */
  readonly lithiumSites: number
  readonly filled: number
  /** What the search of an electrostatic ordering found; null for a random one, or where there was no choice. */
  readonly electrostatic: ChargeOrdering | null
}

/**
 * Empties lithium sites down to a content: at random, or so that formal point charges (lithium +1; the metals share what
 * makes the cell neutral) have the lowest energy that a seeded search finds.
 * @throws UserError when `keep`, `vacate`, what is filled, and the content cannot go together
 */
export function setLithium(sites: readonly Site[], request: LithiumRequest): LithiumResult {
  const { content, keep, vacate, where, seed, edit, ordering = 'random' } = request
  const all = sites.flatMap((site, i) => (site.element === 'Li' ? [i] : []))
  const filled = all.filter(i => !sites[i]!.vacant)
  checkLithium(sites, request, all.length)
  const target = Math.round(content * all.length)
  const free = filled.filter(i => !keep.includes(i) && !vacate.includes(i))
  const wanted = target - keep.length
  if (wanted < 0 || wanted > free.length) {
    throw new UserError({
      message: `content ${content} of ${all.length} lithium sites is ${target} Li, but ${
        wanted < 0
          ? `${keep.length} are to be kept`
          : `only ${keep.length + free.length} are left to choose from`
      }`,
      where,
      hint: 'the content counts all lithium sites, those emptied before included',
    })
  }
  const stay = (chosen: readonly number[]) => {
    const filledNow = new Set([...keep, ...chosen])
    return sites.map((site, i) => (site.element === 'Li' ? { ...site, vacant: !filledNow.has(i) } : site))
  }
  const result = { lithiumSites: all.length, filled: target }
  if (ordering === 'random' || wanted === 0 || wanted === free.length) {
    const chosen = shuffled(free, randomSequence(seed, STREAM.solid, 1 + edit)).slice(0, wanted)
    return { ...result, sites: stay(chosen), electrostatic: null }
  }
  // Any choice has the same composition, and so the same formal charges.
  const charges = chargesOf(stay(free.slice(0, wanted)), request)
  const found = lowestOrdering({
    box: request.box,
    slab: request.slab,
    candidates: free.map(i => sites[i]!.position),
    charge: charges[free[0]!]!,
    filled: wanted,
    surroundings: sites.flatMap(({ position, vacant }, i) =>
      vacant || free.includes(i) || vacate.includes(i) ? [] : [{ position, charge: charges[i]! }],
    ),
    random: randomSequence(seed, STREAM.solid, 1 + edit),
  })
  return { ...result, sites: stay(found.filled.map(k => free[k]!)), electrostatic: found }
}

function checkLithium(sites: readonly Site[], request: LithiumRequest, count: number): void {
  const { content, keep, vacate, where, box } = request
  const refuse = (message: string, hint: string) => {
    throw new UserError({ message, where, hint })
  }
  if (!(content >= 0 && content <= 1)) refuse(`content is ${content}`, 'a share between 0 and 1')
  if (count === 0) refuse('the lattice has no lithium', 'the content counts sites whose element is Li')
  for (const i of [...keep, ...vacate]) {
    if (sites[i]!.element === 'Li') continue
    refuse(`site ${describeSite({ sites, box }, i)} holds no lithium`, 'keep and vacate name lithium sites')
  }
  const both = keep.find(i => vacate.includes(i))
  if (both !== undefined) {
    refuse(`site ${describeSite({ sites, box }, both)} is in keep and in vacate`, 'leave one out')
  }
}

/** [sites] e; zero where vacant */
function chargesOf(sites: readonly Site[], { formalCharges: given, where }: LithiumRequest): Float64Array {
  const present = sites.flatMap((site, i) => (site.vacant ? [] : [i]))
  const charges = formalCharges(
    present.map(i => sites[i]!.element),
    given,
  )
  if (!charges) {
    throw new UserError({
      message: 'formal charges that make the cell neutral are not known for these elements',
      where,
      hint: 'use ordering: random',
    })
  }
  const result = new Float64Array(sites.length)
  present.forEach((i, k) => {
    result[i] = charges[k]!
  })
  return result
}
