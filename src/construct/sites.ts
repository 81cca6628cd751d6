import { type Box, fractional } from '../core/box.ts'
import { UserError } from '../errors.ts'
import type { SiteRecipe } from './solidRecipe.ts'
import { subtract, times, type Vector, vectorAt } from './vectors.ts'

/** A place of the ideal lattice, filled or vacant. Its number, from 1, is its index in the list plus one. */
export interface Site {
  /** Of the atom that is there, or was there last. */
  readonly element: string
  readonly type: string
  /** Å, ideal */
  readonly position: Vector
  /** Of a slab, 1 at the bottom; null in bulk. */
  readonly layer: number | null
  readonly frozen: boolean
  readonly vacant: boolean
}

export interface SiteSearch {
  readonly box: Box
  readonly sites: readonly Site[]
  /** Which sites may be meant. */
  readonly among: 'filled' | 'vacant' | 'all'
  /** Key of the recipe, for messages. */
  readonly where?: string | undefined
}

/** Two candidates whose distances differ by less are equally near, Å. */
const EQUALLY_NEAR_A = 0.05

/**
 * The site that a recipe means.
 * @returns index into `sites`
 * @throws UserError when there is none, or two are equally near; it names both
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
      ...(where !== undefined && { where }),
      hint: `atoms are numbered from 1 to ${sites.length} as in the ideal lattice, before any edit`,
    })
  }
  const candidates = candidatesOf(recipe, search, fits)
  const near = recipe.near
  if (near === undefined) {
    if (candidates.length === 1) return candidates[0]!
    throw new UserError({
      message: `${candidates.length} sites are ${describeRecipe(recipe)}`,
      ...(where !== undefined && { where }),
      hint: 'say which with near: [u, v], fractional',
    })
  }
  if (near.length !== 2 && near.length !== 3) {
    throw new UserError({
      message: `near has ${near.length} numbers`,
      ...(where !== undefined && { where }),
      hint: 'near: [u, v] or [u, v, w], fractional',
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
      ...(where !== undefined && { where }),
      hint:
        recipe.layer === undefined && near.length === 2
          ? 'name a layer, or a point nearer to one of them'
          : 'name a point nearer to one of them',
    })
  }
  return first!.index
}

/** @throws UserError when nothing is of that element, type and layer */
function candidatesOf(recipe: SiteRecipe, search: SiteSearch, fits: (site: Site) => boolean): number[] {
  const { sites, among, where } = search
  const known = (values: readonly (string | number | null)[]) =>
    [...new Set(values.filter(value => value !== null))].toSorted().join(', ')
  const refuse = (message: string, hint: string): never => {
    throw new UserError({ message, ...(where !== undefined && { where }), hint })
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
        ? `a crystal has no layers, and no layer ${recipe.layer}`
        : `there is no layer ${recipe.layer}`,
      layers.length === 0
        ? 'layers belong to a slab; write near: [u, v, w]'
        : `layers run from 1, at the bottom, to ${Math.max(...layers)}`,
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

/** Å, to the nearest image; two fractional coordinates leave the height out. */
function distanceTo(near: readonly number[], position: Vector, box: Box): number {
  const s = vectorAt(fractional(box, Float64Array.from(position)), 0)
  const lateral = near.length === 2
  const delta = subtract(s, [near[0]!, near[1]!, lateral ? s[2] : near[2]!])
  return nearestImage(box, delta, lateral)
}

/** Length of the shortest image of a fractional vector, Å; also in skewed cells, where rounding alone may miss it. */
function nearestImage(box: Box, delta: Vector, lateral: boolean): number {
  const rounded = delta.map(x => x - Math.round(x)) as unknown as Vector
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

/** Such as `71 (Li, layer 5, fractional 0.500 0.744 0.375)`. */
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
