import { fractional, joinedAt, minimumImage, widestGap } from '../core/box.ts'
import { netCharge, type System } from '../core/system.ts'
import { SimulationError } from '../errors.ts'
import { improvedTangents } from '../neb/band.ts'
import { displacementsOf } from '../neb/geometry.ts'
import type { BandState } from '../neb/neb.ts'
import { stationaryPoint } from '../neb/stationary.ts'
import {
  hopRate,
  type NormalModes,
  normalModes,
  partialHessian,
  rigidMotions,
  rotationalWeight,
} from '../neb/vibrations.ts'
import type { ImageEvaluator } from '../platform/platform.ts'
import { EXACTLY_NEUTRAL_e } from '../potentials/charges.ts'
import { longestCutoff, VACUUM_A } from '../run/assemble.ts'
import type { PreparedBand } from './prepareBand.ts'

export interface HopVibrations {
  readonly temperature_K: number
  /** Number of atoms that vibrate. */
  readonly atoms: number
  /** Number of the atom around which they are chosen, from 1: the ion of the hop, else the atom that moves most. */
  readonly moving_atom: number
  /** Number of translations and rotations of all atoms that were projected out: 0, 3, 5 or 6. */
  readonly free_motions: number
  readonly prefactor_THz: number
  /** Hops per second at that temperature, classical harmonic transition-state theory. */
  readonly rate_Hz: number
  /** Hops per second with zero-point motion and Wigner's tunnelling factor. */
  readonly quantum_rate_Hz: number
  /** Frequency of the saddle's unstable mode. */
  readonly imaginary_THz: number
}

type Found =
  | { readonly kind: 'found'; readonly vibrations: HopVibrations; readonly warnings: readonly string[] }
  | { readonly kind: 'failed'; readonly reason: string }

/** The result of a band without a rate, with the reason. */
export const noPrefactor = (reason: string): Found => ({ kind: 'failed', reason: `no prefactor: ${reason}` })

/** Rate of the hop from vibrations at the initial end and at the saddle, or the reason why there is none. */
export async function hopVibrations(
  prepared: PreparedBand,
  system: System,
  evaluator: ImageEvaluator,
  state: BandState,
  barrier_eV: number,
): Promise<Found> {
  if (!state.climbing) return noPrefactor('no image has climbed to a saddle')
  const { temperature_K, shell_A } = prepared.recipe.vibrations!
  const { frozen } = prepared.structure
  const drifts = nothingHolds(system, frozen)
  const top = state.climbing.image
  const uphill = improvedTangents(state.images, state.energies_eV)[top]!
  const next = { evaluator, frozen, drifts }
  const end = await stationaryPoint({ ...next, positions: state.images[0]!, uphill: null })
  const peak = await stationaryPoint({ ...next, positions: state.images[top]!, uphill })
  const [initial, saddle] = [end.positions, peak.positions]
  const warnings =
    end.isStationary && peak.isStationary
      ? []
      : [
          `the prefactor is approximate: no point without forces was found at the ${end.isStationary ? 'saddle' : 'initial end'}`,
        ]
  const moving = prepared.ends.ion ?? furthestMoved(prepared, state)
  const atoms = near(prepared, state.images[0]!, moving, shell_A)
  const masses = Float64Array.from(atoms, i => system.masses[i]!)
  const isFree = drifts && atoms.length === system.atomCount
  /** The molecule in one piece, where nothing keeps it from rotating. */
  const whole = (positions: Float64Array) => (isFree ? isolated(prepared, system, positions) : null)
  const modesAt = async (positions: Float64Array): Promise<NormalModes> => {
    const hessian = await partialHessian({ evaluator, positions, atoms })
    const molecule = whole(positions)
    const free = isFree ? rigidMotions(molecule ?? positions, masses, molecule !== null) : []
    return normalModes(hessian, masses, free)
  }
  const [before, over] = [whole(initial), whole(saddle)]
  try {
    const minimum = await modesAt(initial)
    const rate = hopRate({
      minimum,
      saddle: await modesAt(saddle),
      barrier_eV,
      temperature_K,
      ...(before && over && { rotation: rotationalWeight(over, masses) / rotationalWeight(before, masses) }),
    })
    return {
      kind: 'found',
      warnings,
      vibrations: {
        temperature_K,
        atoms: atoms.length,
        moving_atom: moving + 1,
        free_motions: 3 * atoms.length - minimum.frequencies_THz.length,
        prefactor_THz: rate.prefactor_THz,
        rate_Hz: rate.rate_per_s,
        quantum_rate_Hz: rate.quantumRate_per_s,
        imaginary_THz: rate.imaginary_THz,
      },
    }
  } catch (cause) {
    if (!(cause instanceof SimulationError)) throw cause
    return noPrefactor(cause.message)
  }
}

/** True when a shift of all atoms costs no energy: none frozen, none tethered, no charged slab in its own field. */
export function nothingHolds({ forces, charges }: System, frozen: Uint8Array | null): boolean {
  if (frozen?.some(flag => flag === 1)) return false
  const charged = Math.abs(netCharge({ charges })) > EXACTLY_NEUTRAL_e
  return !forces.some(
    force => force.kind === 'restraint' || (force.kind === 'coulomb' && force.slabCorrection && charged),
  )
}

/** The atom that moves furthest from one end to the other. */
function furthestMoved({ box }: PreparedBand, { images }: BandState): number {
  const lengths = displacementsOf(box, images[0]!, images.at(-1)!).map(({ length_A }) => length_A)
  return lengths.indexOf(Math.max(...lengths))
}

/** The moving atom and the atoms that may move within a distance of it; all that may move with `all`. */
function near(
  { structure, box }: PreparedBand,
  positions: Float64Array,
  moving: number,
  shell_A: number | 'all',
): number[] {
  return structure.elements.flatMap((_, i) => {
    if (structure.frozen?.[i]) return []
    if (shell_A === 'all') return [i]
    const d = Float64Array.from([0, 1, 2], c => positions[3 * i + c]! - positions[3 * moving + c]!)
    minimumImage(box, d)
    return i === moving || Math.hypot(...d) <= shell_A ? [i] : []
  })
}

/**
 * All atoms in one piece, [3N] Å, when they are a molecule or a cluster that feels no image of its own: vacuum around
 * it is wider than the longest cut-off in every direction. Null otherwise. The field of images in an Ewald sum is
 * neglected.
 */
function isolated({ box }: PreparedBand, system: System, positions: Float64Array): Float64Array | null {
  const fractions = fractional(box, positions)
  const gaps = [0, 1, 2].map(axis => widestGap(box, fractions, axis))
  const reach = Math.max(VACUUM_A, longestCutoff(system))
  if (gaps.some(({ width_A }) => width_A < reach)) return null
  return gaps.reduce((whole, { middle }, axis) => joinedAt(box, whole, axis, middle), positions)
}
