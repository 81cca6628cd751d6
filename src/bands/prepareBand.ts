import { type Box, fractional } from '../core/box.ts'
import type { CoulombForce, RestraintForce } from '../core/force.ts'
import type { Structure } from '../core/structure.ts'
import type { System } from '../core/system.ts'
import { UserError } from '../errors.ts'
import { checkEndpoints } from '../neb/checks.ts'
import { continueFrom } from '../neb/geometry.ts'
import { selfAndBackground } from '../platform/reference/ewald.ts'
import { assign } from '../potentials/assign.ts'
import { loadPotential } from '../potentials/load.ts'
import type { LoadedBandRecipe } from '../recipes/bandRecipe.ts'
import { about, checkOverlaps, checkPositions, namedFile } from '../run/checks.ts'
import { coulombMethod } from '../run/prepare.ts'
import { CODATA_2018, LAMMPS_METAL } from '../units.ts'
import { bandCharges } from './bandCharges.ts'
import { type BandEnds, bandEnds } from './bandEnds.ts'
import { withOverrides } from './bandOverrides.ts'

/** A band recipe turned into something that can be computed. */
export interface PreparedBand {
  readonly recipe: LoadedBandRecipe['recipe']
  readonly ends: BandEnds
  /** The initial end with atom types and charges. */
  readonly structure: Structure
  /** Everything but the tethers of adsorbates, which hold to where these come to rest. */
  readonly system: System
  readonly box: Box
  /** What a reader should know of structure and charges, one line each. */
  readonly notes: readonly string[]
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
  const ends = inOnePiece(loaded, bandEnds(loaded, potential))
  for (const [structure, name] of [
    [ends.initial, ends.names.initial],
    [ends.final, ends.names.final],
  ] as const) {
    checkPositions(structure, name)
    checkOverlaps(structure, name)
  }
  const { images, path: guess } = recipe.band
  checkEndpoints(ends.initial, ends.final, ends.names, { via: ends.via, images, path: guess })

  const { box } = ends.initial
  const { interactions } = recipe
  const donors = (recipe.charges?.transfer ?? []).map(({ from }, k) =>
    ends.atom(from, ['charges', 'transfer', k, 'from']),
  )
  const options = {
    interactions: {
      cutoff_A: interactions.cutoff_A,
      truncation:
        interactions.truncation === 'switched'
          ? { kind: 'switched' as const, from_A: interactions.switch_from_A! }
          : { kind: interactions.truncation },
      tailCorrection: false,
      coulomb: null,
    },
    allowNetCharge: true,
  }
  // Assigned first, so that unknown types are named before their charges are asked for.
  const bare = about(ends.names.initial, () => assign(ends.initial, potential, options))
  const { charges, notes } = bandCharges(loaded, ends.initial, potential, donors)
  const constants = recipe.constants === 'lammps' ? LAMMPS_METAL : CODATA_2018
  const coulomb: CoulombForce = {
    kind: 'coulomb',
    method: about(where(['interactions']), () => coulombMethod(interactions, box, charges)),
    cutoff_A: interactions.cutoff_A,
    constant_eV_A: constants.coulomb_eV_A,
    special: potential.special.coulomb,
    erfc: recipe.constants === 'lammps' ? 'lammps' : 'exact',
    slabCorrection: interactions.slab_correction,
  }
  const tethers = hostTethers(loaded, ends)
  const system = { ...bare, charges, forces: [...bare.forces, coulomb, ...(tethers ? [tethers] : [])] }
  return {
    recipe,
    ends,
    structure: { ...ends.initial, charges },
    system,
    box,
    notes: [...ends.notes, ...notes, ...backgroundNote(coulomb, charges, box)],
  }
}

/** Net charges up to this are rounding, e. */
const NEUTRAL_e = 1e-6

/** What a net charge adds to the energy, for the reader. */
function backgroundNote(force: CoulombForce, charges: Float64Array, box: Box): string[] {
  const net = charges.reduce((sum, q) => sum + q, 0)
  if (Math.abs(net) <= NEUTRAL_e) return []
  const { method } = force
  const sum = `the cell has a net charge of ${net.toFixed(4)} e`
  if (method.name !== 'ewald' && method.name !== 'pme') return [sum]
  const { background } = selfAndBackground(force, method.alpha_per_A, charges, box.volume)
  return [`${sum}: its energy includes a uniform background of ${background.toFixed(4)} eV`]
}

/** A gap this wide along z is vacuum, Å. */
const VACUUM_A = 6

/**
 * The ends with no slab cut by the cell's z faces, which a slab correction needs, as its dipole is a sum over positions:
 * atoms of the initial end are moved by whole cells so that the widest gap lies at the face, and those of all other
 * points follow them.
 * @throws UserError for a slab correction without vacuum
 */
function inOnePiece({ recipe, where }: LoadedBandRecipe, ends: BandEnds): BandEnds {
  const { box, positions } = ends.initial
  const heights = Array.from(fractional(box, positions)).flatMap((s, k) => (k % 3 === 2 ? [s] : []))
  const sorted = heights.map(s => s - Math.floor(s)).sort((a, b) => a - b)
  const gaps = sorted.map((s, k) => (sorted[k + 1] ?? sorted[0]! + 1) - s)
  const widest = gaps.indexOf(Math.max(...gaps))
  const vacuum_A = gaps[widest]! * box.heights[2]!
  if (!recipe.interactions.slab_correction) {
    if (vacuum_A < VACUUM_A) return ends
    const note = `there are ${vacuum_A.toFixed(1)} Å of vacuum along z and no slab_correction: right only without a dipole`
    return { ...ends, notes: [...ends.notes, note] }
  }
  if (vacuum_A < VACUUM_A) {
    throw new UserError({
      message: `slab_correction needs vacuum along z: the widest gap is ${vacuum_A.toFixed(1)} Å`,
      where: where(['interactions', 'slab_correction']),
      hint: `leave at least ${VACUUM_A} Å, better 15, or set slab_correction: false`,
    })
  }
  const face = sorted[widest]! + gaps[widest]! / 2
  const { matrix } = box
  const whole = positions.map((x, k) => {
    const cells = Math.floor(heights[Math.floor(k / 3)]! - face + 1)
    return x - cells * matrix[6 + (k % 3)]!
  })
  return {
    ...ends,
    initial: { ...ends.initial, positions: whole },
    final: { ...ends.final, positions: continueFrom(box, whole, ends.final.positions) },
    via: ends.via.map(point => continueFrom(box, whole, point)),
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
  const { elements, frozen, positions } = ends.initial
  const atoms = elements.flatMap((_, i) => (free.has(i) || frozen?.[i] ? [] : [i]))
  return tethersTo(positions, atoms, tethers.stiffness_eV_per_A2)
}

/** @param positions [3N] Å, of all atoms */
export function tethersTo(
  positions: Float64Array,
  atoms: readonly number[],
  stiffness_eV_per_A2: number,
): RestraintForce {
  return {
    kind: 'restraint',
    atoms: Int32Array.from(atoms),
    anchors: Float64Array.from(atoms.flatMap(i => [...positions.slice(3 * i, 3 * i + 3)])),
    stiffness: new Float64Array(atoms.length).fill(stiffness_eV_per_A2),
  }
}
