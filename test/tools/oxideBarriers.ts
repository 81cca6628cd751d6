import { join } from 'node:path'
import { computeBand } from '../../src/bands/computeBand.ts'
import { prepareBand } from '../../src/bands/prepareBand.ts'
import { changedBand } from '../../src/study/plan.ts'

/** The crystal in which lithium hops, and what describes it. */
export interface HopCrystal {
  /** Path of the potential. */
  readonly potential: string
  readonly metal: { readonly element: string; readonly type: string }
  readonly a_A: number
  readonly c_A: number
  readonly z_oxygen: number
}

/**
 * Barrier of runs/bulk-odh.yaml or runs/bulk-tsh.yaml in another crystal.
 * @returns eV; null when the band or its ends do not converge, or an image falls below both ends
 */
export async function hopBarrier(hop: 'odh' | 'tsh', crystal: HopCrystal): Promise<number | null> {
  const { potential, metal, a_A, c_A, z_oxygen } = crystal
  const band = changedBand({
    key: `bulk-${hop}`,
    recipe: join(import.meta.dirname, `../../runs/bulk-${hop}.yaml`),
    change: {
      'system.potential': potential,
      'system.build.crystal': { prototype: 'layered', a_A, c_A, z_oxygen, metals: { [metal.element]: 1 } },
      'system.build.types': { Li: 'Li', [metal.element]: metal.type, O: 'O' },
      'charges.neutralize': [metal.type],
    },
  })
  const { converged, barrier_eV, energies_eV } = await computeBand(prepareBand(band), {
    platform: 'reference',
  })
  const below = Math.min(...energies_eV) < Math.min(energies_eV[0]!, energies_eV.at(-1)!) - 1e-3
  return converged && !below ? barrier_eV : null
}
