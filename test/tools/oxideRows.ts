import type { Structure } from '../../src/core/structure.ts'
import { honeycombOxide, layeredOxide, rockSalt } from './crystals.ts'

/** One crystal that a potential describes, and its measured lattice at room temperature. */
export interface OxideRow {
  /** File in potentials/, without the extension. */
  readonly potential: string
  readonly compound: string
  readonly kind: 'layered' | 'rock salt' | 'honeycomb'
  readonly structure: Structure
  readonly measured: { readonly a: number; readonly c?: number; readonly z?: number }
}

/** Measured lattices. Those of LiNiO2 and LiCoO2 stand in docs/physics.md; the others and all z are unverified. */
const LAYERED = {
  LiNiO2: { a: 2.878, c: 14.19, z: 0.2414 },
  LiCoO2: { a: 2.816, c: 14.05, z: 0.2395 },
  LiAlO2: { a: 2.8, c: 14.216, z: 0.238 },
} as const
const ROCK_SALT = { NiO: 4.177, CoO: 4.26, MnO: 4.445 } as const

const layered = (potential: string, compound: keyof typeof LAYERED, type: string): OxideRow => {
  const measured = LAYERED[compound]
  const metal = { element: compound.slice(2, 4), type }
  return {
    potential,
    compound,
    kind: 'layered',
    structure: layeredOxide(measured.a, measured.c, measured.z, metal),
    measured,
  }
}

const monoxide = (potential: string, compound: keyof typeof ROCK_SALT, type: string): OxideRow => {
  const a = ROCK_SALT[compound]
  return {
    potential,
    compound,
    kind: 'rock salt',
    structure: rockSalt(a, { element: compound.slice(0, 2), type }),
    measured: { a },
  }
}

export const OXIDE_ROWS: readonly OxideRow[] = [
  layered('pmmcs-lno', 'LiNiO2', 'Ni3'),
  layered('pmmcs-lno', 'LiCoO2', 'Co3'),
  {
    potential: 'pmmcs-lno',
    compound: 'Li2MnO3',
    kind: 'honeycomb',
    structure: honeycombOxide({ element: 'Mn', type: 'Mn4' }),
    measured: { a: 4.937, c: 5.03 },
  },
  monoxide('pmmcs-lno', 'NiO', 'Ni2'),
  monoxide('pmmcs-lno', 'CoO', 'Co2'),
  monoxide('pmmcs-lno', 'MnO', 'Mn2'),
  layered('fisher-licoo2', 'LiCoO2', 'Co'),
  layered('lewis-catlow', 'LiNiO2', 'Ni3'),
  layered('lewis-catlow', 'LiCoO2', 'Co3'),
  layered('lewis-catlow', 'LiAlO2', 'Al'),
  monoxide('lewis-catlow', 'NiO', 'Ni2'),
  monoxide('lewis-catlow', 'CoO', 'Co2'),
  monoxide('lewis-catlow', 'MnO', 'Mn2'),
]

export function oxideRow(potential: string, compound: string): OxideRow {
  const row = OXIDE_ROWS.find(each => each.potential === potential && each.compound === compound)
  if (!row) throw new Error(`no row for ${compound} with ${potential}`)
  return row
}
