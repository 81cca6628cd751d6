import type { Box } from '../core/box.ts'
import { UserError } from '../errors.ts'
import { randomSequence, STREAM, shuffled } from '../rng.ts'
import { formalCharges } from './formalCharges.ts'
import { type ChargeOrdering, lowestOrdering } from './ordering.ts'
import { describeSite, findSite, type Site, type SiteSearch } from './sites.ts'
import type { EditRecipe, SiteRecipe } from './solidRecipe.ts'

/** Cell and settings of the edits of one recipe. */
export interface EditContext {
  readonly box: Box
  readonly seed: number
  /** Formal charges of elements that differ from the usual ones, e. */
  readonly formalCharges: Readonly<Record<string, number>>
  /** Returns the place of a key of the recipe, for messages. */
  where(path: readonly (string | number)[]): string
  /** True with vacuum along z: the Ewald sum of an electrostatic ordering then has the slab correction. */
  readonly slab: boolean
}

/** Sites after some edits. */
export interface EditResult {
  readonly sites: readonly Site[]
  /** Results of the edits that set the lithium content, in order. */
  readonly lithium: readonly LithiumResult[]
}

/** Applies edits in order. Sites keep their index; a removed atom leaves a vacant site. @throws UserError for a wrong edit */
export function applyEdits(
  sites: readonly Site[],
  edits: readonly EditRecipe[],
  context: EditContext,
): EditResult {
  return edits.reduce<EditResult>((done, edit, k) => applyEdit(done, edit, k, context), {
    sites,
    lithium: [],
  })
}

function applyEdit(done: EditResult, edit: EditRecipe, k: number, context: EditContext): EditResult {
  const { sites } = done
  const search = (key: string | number, ...path: (string | number)[]): SiteSearch => {
    const where = context.where(['edits', k, key, ...path])
    return { box: context.box, sites, among: 'filled', where }
  }
  const find = (recipe: SiteRecipe, key: string | number, ...path: (string | number)[]) =>
    findSite(recipe, search(key, ...path))
  const changed = (changes: ReadonlyMap<number, Partial<Site>>): EditResult => ({
    ...done,
    sites: sites.map((site, index) => ({ ...site, ...changes.get(index) })),
  })
  if (edit.remove) return changed(new Map([[find(edit.remove, 'remove'), { vacant: true }]]))
  if (edit.retype) {
    const { site, type } = edit.retype
    return changed(new Map([[find(site, 'retype', 'site'), { type }]]))
  }
  if (edit.swap) {
    const [a, b] = edit.swap.map((recipe, which) => find(recipe, 'swap', which)) as [number, number]
    const [first, second] = [sites[a]!, sites[b]!]
    if (first.element === second.element && first.type === second.type) {
      throw new UserError({
        message: `swapping ${describeSite(search('swap'), a)} with ${describeSite(search('swap'), b)} changes nothing`,
        where: context.where(['edits', k, 'swap']),
        hint: 'an antisite pair is made of two different elements or types',
      })
    }
    const taken = ({ element, type }: Site) => ({ element, type })
    return changed(
      new Map([
        [a, taken(second)],
        [b, taken(first)],
      ]),
    )
  }
  if (edit.lithium) {
    const { keep = [], vacate = [] } = edit.lithium
    const result = setLithium(sites, {
      ...edit.lithium,
      ...context,
      edit: k,
      where: context.where(['edits', k, 'lithium']),
      keep: keep.map((recipe, n) => find(recipe, 'lithium', 'keep', n)),
      vacate: vacate.map((recipe, n) => find(recipe, 'lithium', 'vacate', n)),
    })
    return { sites: result.sites, lithium: [...done.lithium, result] }
  }
  throw new UserError({
    message: 'the edit has no key',
    where: context.where(['edits', k]),
    hint: 'an edit has one key: remove, retype, swap or lithium',
  })
}

/** Lithium content of a cell, and the rules for its distribution. */
export interface LithiumRequest {
  /** Share of all lithium sites, filled and vacant, that are filled afterwards. */
  readonly content: number
  readonly ordering?: 'random' | 'electrostatic' | undefined
  /** Sites that stay filled, and sites that are emptied. */
  readonly keep: readonly number[]
  readonly vacate: readonly number[]
  readonly box: Box
  readonly slab: boolean
  readonly seed: number
  /** Index of the edit, counted from 0, which selects the random numbers. */
  readonly edit: number
  readonly formalCharges: Readonly<Record<string, number>>
  readonly where: string
}

export interface LithiumResult {
  readonly sites: readonly Site[]
  /** Number of lithium sites, filled and vacant. */
  readonly lithiumSites: number
  /** Number of filled lithium sites. */
  readonly filled: number
  /** Result of the electrostatic search; null for a random ordering, or if there was only one ordering. */
  readonly electrostatic: ChargeOrdering | null
}

/**
 * Fills and empties lithium sites until the content is reached: at random, or with the lowest electrostatic energy that a
 * seeded search finds for formal point charges (lithium +1; the metals share the charge that makes the cell neutral).
 * @throws UserError when `keep`, `vacate`, the filled sites and the content contradict each other
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
        wanted < 0 ? `keep names ${keep.length}` : `only ${keep.length + free.length} are left to choose from`
      }`,
      where,
      hint: 'the content is a share of all lithium sites, also of those that were emptied before',
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
  // Every choice has the same composition and therefore the same formal charges.
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
  if (!(content >= 0 && content <= 1)) refuse(`content is ${content}`, 'give a share between 0 and 1')
  if (count === 0) refuse('the lattice has no lithium', 'the content counts sites whose element is Li')
  for (const i of [...keep, ...vacate]) {
    if (sites[i]!.element === 'Li') continue
    refuse(
      `site ${describeSite({ sites, box }, i)} is not a lithium site`,
      'keep and vacate name lithium sites',
    )
  }
  const both = keep.find(i => vacate.includes(i))
  if (both !== undefined) {
    refuse(`site ${describeSite({ sites, box }, both)} is in keep and in vacate`, 'name it in one of them')
  }
}

/** Formal charge of each site, e; zero where vacant. */
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
