import type { SystemReport } from '../report/model.ts'
import { conductionOf } from './conduction.ts'
import { hostOf } from './host.ts'
import { type HopCount, motionOf } from './motion.ts'
import { surroundingsOf } from './surroundings.ts'
import type { AnalysedSystem } from './transport.ts'

/** Surroundings, motion, host and conductivity of one system, with its number of hops. */
export interface Mechanism {
  readonly shown: Pick<SystemReport, 'rdfs' | 'coordination' | 'ionClusters' | 'vanHove' | 'mechanism'>
  readonly hops: HopCount | null
}

/** The mechanism in every system, by the same measures, so that they compare. Reads their trajectories once more. */
export async function mechanismsOf(systems: readonly AnalysedSystem[]): Promise<Mechanism[]> {
  const surroundings = await surroundingsOf(systems)
  return systems.map((system, k) => {
    const { quantities, ...near } = surroundings[k]!
    const { hops, vanHove, quantities: moving } = motionOf(system)
    const mechanism = [...quantities, ...moving, ...hostOf(system), ...conductionOf(system)]
    return { shown: { ...near, vanHove, mechanism }, hops }
  })
}
