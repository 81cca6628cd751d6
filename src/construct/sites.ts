import { type Box, fractional } from '../core/box.ts'
import { UserError } from '../errors.ts'
import type { SiteRecipe } from './solidRecipe.ts'
import { subtract, times, type Vector, vector, vectorAt } from './vectors.ts'

/** A site of the ideal lattice, filled or vacant. Its number in messages is its index in the list plus one. */
export interface Site {
  /** Element of the atom on the site; for a vacant site, of the atom that was removed. */
  readonly element: string
  readonly type: string
  /** Position in the ideal lattice, Å. */
  readonly position: Vector
  /** Layer of a slab, 1 at the bottom; null in bulk. */
  readonly layer: number | null
  readonly frozen: boolean
  readonly vacant: boolean
}

/** Sites of a cell among which a recipe chooses. */
export interface SiteSearch {
  readonly box: Box
  readonly sites: readonly Site[]
  /** Sites to search among. */
  readonly among: 'filled' | 'vacant' | 'all'
  /** Place of the key in the recipe, for messages. */
  readonly where?: string | undefined
}

/** Difference of distances below which two candidates count as equally near, Å. */
const EQUALLY_NEAR_A = 0.05

/**
 * Finds the site that a recipe describes.
 * @returns index into `sites`
 * @throws UserError when there is none, or when two are equally near
 */
export function findSite(recipe: SiteRecipe, search: SiteSearch): number {
  const { sites, among, where } = search
  const fits = (site: Site) => among === 'all' || site.vacant === (among === 'vacant')
  if (recipe.atom !== undefined) {
    const site = sites[recipe.atom - 1]
    if (site && fits(site)) return recipe.atom - 1
    throw new UserError({
      message: site
        ? `site ${describeSite(search, recipe.atom - 1)} is ${site.vacant ? 'vacant' : 'not vacant'}`
        : `there is no atom ${recipe.atom}`,
      where,
      hint: `atoms are numbered from 1 to ${sites.length} in the ideal lattice, before any edit`,
    })
  }
  const candidates = candidatesOf(recipe, search, fits)
  const near = recipe.near
  if (near === undefined) {
    if (candidates.length === 1) return candidates[0]!
    throw new UserError({
      message: `${candidates.length} sites are ${describeRecipe(recipe)}`,
      where,
      hint: 'choose one by near: [u, v], fractional',
    })
  }
  if (near.length !== 2 && near.length !== 3) {
    throw new UserError({
      message: `near has ${near.length} numbers, and needs 2 or 3`,
      where,
      hint: 'give near: [u, v] or [u, v, w], fractional',
    })
  }
  const ranked = candidates
    .map(index => ({ index, distance: distanceTo(near, sites[index]!.position, search.box) }))
    .toSorted((a, b) => a.distance - b.distance)
  const [first, second] = ranked
  if (second && second.distance - first!.distance < EQUALLY_NEAR_A) {
    const [a, b] = [first!, second].map(
      ({ index, distance }) => `${describeSite(search, index)} at ${distance.toFixed(2)} Å`,
    )
    throw new UserError({
      message: `near: [${near.join(', ')}] lies between two sites: ${a}, and ${b}`,
      where,
      hint:
        recipe.layer === undefined && near.length === 2
          ? 'give a layer, or a point nearer to one of them'
          : 'give a point nearer to one of them',
    })
  }
  return first!.index
}

/** Sites of the element, type and layer of a recipe. @throws UserError when there is none */
function candidatesOf(recipe: SiteRecipe, search: SiteSearch, fits: (site: Site) => boolean): number[] {
  const { sites, among, where } = search
  const known = (values: readonly (string | number | null)[]) =>
    [...new Set(values.filter(value => value !== null))].toSorted().join(', ')
  const refuse = (message: string, hint: string): never => {
    throw new UserError({ message, where, hint })
  }
  for (const key of ['element', 'type'] as const) {
    const wanted = recipe[key]
    if (wanted === undefined || sites.some(site => site[key] === wanted)) continue
    const plural = `${key}s`
    refuse(`there is no ${key} ${wanted} in the lattice`, `its ${plural}: ${known(sites.map(s => s[key]))}`)
  }
  if (recipe.layer !== undefined && !sites.some(site => site.layer === recipe.layer)) {
    const layers = sites.flatMap(site => (site.layer === null ? [] : [site.layer]))
    refuse(
      layers.length === 0
        ? `a bulk crystal has no layers, and so no layer ${recipe.layer}`
        : `there is no layer ${recipe.layer}`,
      layers.length === 0
        ? 'only slabs have layers; give near: [u, v, w]'
        : `layers are numbered from 1, at the bottom, to ${Math.max(...layers)}`,
    )
  }
  const candidates = sites.flatMap((site, index) =>
    fits(site) &&
    (recipe.element === undefined || site.element === recipe.element) &&
    (recipe.type === undefined || site.type === recipe.type) &&
    (recipe.layer === undefined || site.layer === recipe.layer)
      ? [index]
      : [],
  )
  if (candidates.length > 0) return candidates
  const state = among === 'all' ? '' : among === 'filled' ? ' filled' : ' vacant'
  return refuse(`no${state} site is ${describeRecipe(recipe)}`, 'an earlier edit may have changed it')
}

/** Distance to the nearest image, Å; the lateral distance for two fractional coordinates. */
function distanceTo(near: readonly number[], position: Vector, box: Box): number {
  const s = vectorAt(fractional(box, Float64Array.from(position)), 0)
  const lateral = near.length === 2
  const delta = subtract(s, [near[0]!, near[1]!, lateral ? s[2] : near[2]!])
  return nearestImage(box, delta, lateral)
}

/** Length of the shortest image of a fractional vector, Å; correct also in skewed cells, unlike rounding alone. */
function nearestImage(box: Box, delta: Vector, lateral: boolean): number {
  const rounded = vector(k => delta[k]! - Math.round(delta[k]!))
  let best = Number.POSITIVE_INFINITY
  for (const i of [-1, 0, 1]) {
    for (const j of [-1, 0, 1]) {
      for (const k of lateral ? [0] : [-1, 0, 1]) {
        const r = times([rounded[0] + i, rounded[1] + j, rounded[2] + k], box.matrix)
        best = Math.min(best, Math.hypot(...r))
      }
    }
  }
  return best
}

/** Description of a site, such as `71 (Li, layer 5, fractional 0.500 0.744 0.375)`. */
export function describeSite({ sites, box }: Pick<SiteSearch, 'sites' | 'box'>, index: number): string {
  const { element, type, layer, position } = sites[index]!
  const s = fractional(box, Float64Array.from(position))
  const name = type === element ? element : `${element}, type ${type}`
  const at = Array.from(s, x => x.toFixed(3)).join(' ')
  return `${index + 1} (${name}${layer === null ? '' : `, layer ${layer}`}, fractional ${at})`
}

function describeRecipe({ element, type, layer }: SiteRecipe): string {
  const parts = [element, type && `of type ${type}`, layer !== undefined && `in layer ${layer}`]
  return parts.filter(Boolean).join(' ') || 'in the lattice'
}
