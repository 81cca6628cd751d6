import type { Box } from '../core/box.ts'
import type { RestraintForce } from '../core/force.ts'
import type { Structure } from '../core/structure.ts'
import type { System } from '../core/system.ts'
import { UserError } from '../errors.ts'
import { checkEndpoints } from '../neb/checks.ts'
import { continueFrom } from '../neb/geometry.ts'
import { type BondTerm, loadPotential, type Potential } from '../potentials/load.ts'
import type { LoadedBandRecipe } from '../recipes/bandRecipe.ts'
import { assemble } from '../run/assemble.ts'
import { checkOverlaps, checkPositions, namedFile } from '../run/checks.ts'
import { tethersOf } from '../run/tethers.ts'
import { type BandEnds, bandEnds } from './bandEnds.ts'

/** A band ready to be computed. */
export interface PreparedBand {
  readonly recipe: LoadedBandRecipe['recipe']
  readonly ends: BandEnds
  /** The initial end with atom types and charges. */
  readonly structure: Structure
  /** All interactions except the tethers of adsorbates, whose anchors are known after the relaxation of the ends. */
  readonly system: System
  readonly box: Box
  /** Changes to charges that the recipe asks for, one line each. */
  readonly notes: readonly string[]
  /** Warnings about structure, vacuum and net charge, one line each. */
  readonly warnings: readonly string[]
}

/**
 * Cells may be smaller than twice the cut-off: the pair list sums images, and of bonded atoms it leaves out the nearest
 * image only.
 * @throws UserError for anything wrong with the recipe, its files, or what they add up to
 */
export function prepareBand(loaded: LoadedBandRecipe): PreparedBand {
  const { recipe, where } = loaded
  const file = namedFile(recipe.system.potential, where(['system', 'potential']))
  const potential = withOverrides(loaded, loadPotential(file))
  const built = bandEnds(loaded, potential)
  const { initial, final, names, via } = built
  checkPositions(final, names.final)
  checkOverlaps(final, names.final)
  const { box } = initial
  const transfers = (recipe.charges?.transfer ?? []).map(({ from, to, electrons }, k) => ({
    from: built.atom(from, ['charges', 'transfer', k, 'from']),
    to,
    electrons,
  }))
  const { system, structure, remarks, warnings } = assemble(
    initial,
    potential,
    recipe.interactions,
    {
      neutralize: recipe.charges?.neutralize,
      transfers,
      background: true,
      where: key => where(['charges', key]),
    },
    {
      name: names.initial,
      where: key => where(['interactions', key]),
      constants: recipe.constants,
      frozen: 'held',
      smallCells: 'allowed',
    },
  )
  // A slab in one piece: all other points follow its atoms.
  const follow = (point: Float64Array) =>
    structure === initial ? point : continueFrom(box, structure.positions, point)
  const ends: BandEnds = {
    ...built,
    initial: structure,
    final: { ...final, positions: follow(final.positions) },
    via: via.map(follow),
  }
  const { images, path: guess } = recipe.band
  checkEndpoints(ends.initial, ends.final, names, { via: ends.via, images, path: guess })
  const tethers = hostTethers(loaded, ends)
  return {
    recipe,
    ends,
    structure: { ...structure, charges: system.charges },
    system: { ...system, forces: [...system.forces, ...(tethers ? [tethers] : [])] },
    box,
    notes: remarks,
    warnings: [...ends.notes, ...warnings],
  }
}

/** Tethers of host atoms to their ideal sites. Atoms of adsorbates, frozen and excepted ones have none. */
function hostTethers({ recipe }: LoadedBandRecipe, ends: BandEnds): RestraintForce | null {
  const { tethers } = recipe
  if (!tethers || tethers.stiffness_eV_per_A2 === 0) return null
  const { except } = tethers
  const free = new Set(ends.adsorbate)
  if (except === 'hop') free.add(ends.ion!)
  else if (except !== 'none') {
    except.forEach((site, k) => {
      free.add(ends.atom(site, ['tethers', 'except', k]))
    })
  }
  return tethersOf(ends.initial, tethers, ends.names.initial, free)
}

type Override = NonNullable<LoadedBandRecipe['recipe']['overrides']>['bonds'][number]

/**
 * The potential with the bond parameters that a recipe replaces.
 * @throws UserError for a pattern that is not in the potential, or a parameter that is not in its form
 */
function withOverrides({ recipe, where }: LoadedBandRecipe, potential: Potential): Potential {
  const bonds = [...potential.bonds]
  recipe.overrides?.bonds.forEach((override, k) => {
    const at = where(['overrides', 'bonds', k])
    const index = bonds.findIndex(({ pattern }) => pattern.text === override.pattern)
    if (index < 0) {
      throw new UserError({
        message: `'${potential.name}' has no bond ${override.pattern}`,
        where: at,
        hint: `as the file writes them: ${bonds.map(({ pattern }) => pattern.text).join(', ')}`,
      })
    }
    bonds[index] = { ...bonds[index]!, term: replaced(bonds[index]!.term, override, at) }
  })
  return { ...potential, bonds }
}

function replaced(term: BondTerm, override: Override, where: string): BondTerm {
  const { pattern, D_eV, a_per_A, k_eV_per_A2, r0_A } = override
  const refuse = (key: string) =>
    new UserError({ message: `the bond ${pattern} is of form ${term.form}: it has no ${key}`, where })
  if (term.form === 'morse') {
    if (k_eV_per_A2 !== undefined) throw refuse('k_eV_per_A2')
    const [D, a, r0] = term.parameters
    return { form: 'morse', parameters: [D_eV ?? D, a_per_A ?? a, r0_A ?? r0] }
  }
  if (D_eV !== undefined || a_per_A !== undefined) throw refuse(D_eV === undefined ? 'a_per_A' : 'D_eV')
  if (term.form === 'none') throw refuse('parameters')
  const [k, r0] = term.parameters
  return { form: 'harmonic', parameters: [k_eV_per_A2 ?? k, r0_A ?? r0] }
}
