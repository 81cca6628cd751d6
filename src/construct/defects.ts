import type { Box } from '../core/box.ts'
import { UserError } from '../errors.ts'
import { type LithiumResult, setLithium } from './lithium.ts'
import { describeSite, findSite, type Site, type SiteSearch } from './sites.ts'
import type { EditRecipe, SiteRecipe } from './solidRecipe.ts'

export interface EditContext {
  readonly box: Box
  readonly seed: number
  /** Formal charges of elements that differ from the usual ones, e. */
  readonly formalCharges: Readonly<Record<string, number>>
  /** The key of an edit, for messages. */
  where(path: readonly (string | number)[]): string
  /** Vacuum along z: the Ewald sum of an electrostatic ordering takes the slab correction. */
  readonly slab: boolean
}

export interface EditResult {
  readonly sites: readonly Site[]
  /** What setting the lithium content found, per such edit. */
  readonly lithium: readonly LithiumResult[]
}

/**
 * Carries out edits in order; sites stay where they are in the list, vacant where an atom is taken away.
 * @throws UserError
 */
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
    message: 'the edit says nothing',
    where: context.where(['edits', k]),
    hint: 'an edit is one of remove, retype, swap, lithium',
  })
}
