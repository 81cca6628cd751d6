import type { Potential, Provenance } from '../potentials/load.ts'
import type { CalibrationRow } from '../report/common.ts'

/** Where an entry of a potential comes from, for a reader: what comes from the literature was chosen from it. */
export function originOf(
  { sources }: Potential,
  { source, calibrated, analogy }: Provenance,
): Pick<CalibrationRow, 'status' | 'source' | 'doi'> {
  // The last source named is the most specific one: where charges have their own, it is theirs.
  const cited = sources[source.at(-1) ?? '']
  return {
    status: calibrated ? 'calibrated' : 'chosen',
    source: `${analogy ? 'carried over from a similar group: ' : ''}${cited?.citation ?? ''}`,
    doi: cited?.doi ?? null,
  }
}
