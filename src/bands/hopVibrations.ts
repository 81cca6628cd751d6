import { minimumImage } from '../core/box.ts'
import type { System } from '../core/system.ts'
import { SimulationError } from '../errors.ts'
import type { BandState } from '../neb/neb.ts'
import { hopRate, normalModes, partialHessian } from '../neb/vibrations.ts'
import type { ImageEvaluator } from '../platform/platform.ts'
import type { PreparedBand } from './prepareBand.ts'

export interface HopVibrations {
  readonly temperature_K: number
  /** Atoms that vibrate. */
  readonly atoms: number
  readonly prefactor_THz: number
  /** Hops per second at that temperature, classical harmonic transition-state theory. */
  readonly rate_Hz: number
  /** The same with zero-point motion and Wigner's tunnelling factor. */
  readonly quantum_rate_Hz: number
  /** Of the saddle. */
  readonly imaginary_THz: number
}

/** Rate of the hop from the ion's vibrations at the initial end and at the saddle, or why there is none. */
export async function hopVibrations(
  prepared: PreparedBand,
  system: System,
  evaluator: ImageEvaluator,
  state: BandState,
  barrier_eV: number,
): Promise<{ kind: 'found'; vibrations: HopVibrations } | { kind: 'failed'; reason: string } | null> {
  const { recipe, ends } = prepared
  const { prefactor, temperature_K, shell_A } = recipe.vibrations!
  if (!prefactor) return null
  if (ends.ion === null)
    return { kind: 'failed', reason: 'no vibrations: files gave the ends, so no ion is named' }
  if (!state.climbing) return { kind: 'failed', reason: 'no vibrations: no image has climbed to a saddle' }
  const initial = state.images[0]!
  const atoms = near(prepared, initial, ends.ion, shell_A)
  const masses = atoms.map(i => system.masses[i]!)
  const modesAt = async (positions: Float64Array) =>
    normalModes(await partialHessian({ evaluator, positions, atoms }), masses)
  try {
    const rate = hopRate({
      minimum: await modesAt(initial),
      saddle: await modesAt(state.images[state.climbing.image]!),
      barrier_eV,
      temperature_K,
    })
    return {
      kind: 'found',
      vibrations: {
        temperature_K,
        atoms: atoms.length,
        prefactor_THz: rate.prefactor_THz,
        rate_Hz: rate.rate_per_s,
        quantum_rate_Hz: rate.quantumRate_per_s,
        imaginary_THz: rate.imaginary_THz,
      },
    }
  } catch (cause) {
    if (!(cause instanceof SimulationError)) throw cause
    return { kind: 'failed', reason: `no prefactor: ${cause.message}` }
  }
}

/** The ion and the atoms that may move within a distance of it. */
function near(
  { structure, box }: PreparedBand,
  positions: Float64Array,
  ion: number,
  shell_A: number,
): number[] {
  return structure.elements.flatMap((_, i) => {
    if (structure.frozen?.[i]) return []
    const d = Float64Array.from([0, 1, 2], c => positions[3 * i + c]! - positions[3 * ion + c]!)
    minimumImage(box, d)
    return i === ion || Math.hypot(...d) <= shell_A ? [i] : []
  })
}
