import type { PairEntry, Provenance } from '../potentials/load.ts'
import { matchesAtom } from '../potentials/patterns.ts'
import type { CalibrationRow } from '../report/common.ts'
import { originOf } from '../run/provenance.ts'
import type { LoadedBand } from './loadBand.ts'

/** A study that knows what the tethers were fitted to says it in a row of this name. */
const TETHERS = 'tethers of the host, k'

/** Every parameter of the potential that some bands use and that was fitted, carried over or chosen. */
export function bandCalibrationRows(bands: readonly LoadedBand[]): CalibrationRow[] {
  const rows = new Map<string, CalibrationRow>()
  for (const { potential, band, recipe } of bands) {
    const used = [...new Set(band.structure.types ?? [])]
    const add = (quantity: string, value: string, entry: Provenance) => {
      rows.set(quantity, { quantity, value, ...originOf(potential, entry) })
    }
    for (const name of used) {
      const type = potential.types[name]!
      add(`charge of ${name}`, `${type.charge_e} e before neutralising`, type)
    }
    for (const entry of potential.pairs) {
      const types = entry.types.map(pattern =>
        used.filter(name => matchesAtom(pattern, name, potential.types[name]!.class)),
      )
      if (entry.terms.length === 0 || types.some(list => list.length === 0)) continue
      if (entry.terms.every(({ form }) => form === 'lennard-jones')) {
        // A coating has dozens: their common source says it.
        add(`Lennard-Jones, ${entry.source.join(', ')}`, 'every pair written out in the potential', entry)
      } else {
        add(`${types.map(list => list.join(', ')).join(' – ')} interaction`, termText(entry), entry)
      }
    }
    const { tethers } = recipe
    if (tethers && tethers.stiffness_eV_per_A2 > 0) {
      rows.set(TETHERS, {
        quantity: TETHERS,
        value: `${tethers.stiffness_eV_per_A2} eV/Å²`,
        status: 'chosen',
        source: 'set in the recipe: stands in for the stiffness that rigid ions lack',
        doi: null,
      })
    }
  }
  return [...rows.values()]
}

function termText({ terms }: PairEntry): string {
  return terms
    .map(({ form, parameters }) => `${form} ${parameters.map(p => p.toPrecision(4)).join(', ')}`)
    .join('; ')
}
