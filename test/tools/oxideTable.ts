/**
 * Prints what the oxide potentials make of their crystals, as the table of docs/physics.md.
 * Run: node scripts/run.mjs test/tools/oxideTable.ts
 */
import { join } from 'node:path'
import { fractional } from '../../src/core/box.ts'
import { loadPotential } from '../../src/potentials/load.ts'
import { hopBarrier } from './oxideBarriers.ts'
import {
  bulkModulus,
  cellParameters,
  fallFromDisturbance,
  relaxCrystal,
  stiffnessAlongZ,
  surfaceEnergy104,
} from './oxideProperties.ts'
import { OXIDE_ROWS, type OxideRow } from './oxideRows.ts'

/** "2.878 (+0.0 %)" */
function against(value: number, measured: number | undefined): string {
  if (measured === undefined) return '–'
  const error = 100 * (value / measured - 1)
  return `${value.toFixed(3)} (${error < 0 ? '−' : '+'}${Math.abs(error).toFixed(1)} %)`
}

async function cells(row: OxideRow): Promise<readonly string[]> {
  const potential = loadPotential(join(import.meta.dirname, `../../potentials/${row.potential}.yaml`))
  const bulk = await relaxCrystal(row.structure, potential)
  const { a, c } = cellParameters(bulk.state.box)
  const z = fractional(bulk.state.box, bulk.state.positions)[3 * row.structure.elements.indexOf('O') + 2]!
  const surface = []
  if (row.kind === 'layered') {
    for (const layers of [5, 7]) {
      const { cut_J_per_m2: cut, relaxed_J_per_m2: relaxed } = await surfaceEnergy104(
        bulk,
        row.structure,
        potential,
        layers,
      )
      if (surface.length === 0) surface.push(cut.toFixed(2))
      surface.push(relaxed.toFixed(2))
    }
  }
  const barriers = []
  for (const hop of ['odh', 'tsh'] as const) {
    if (row.kind !== 'layered') {
      barriers.push('–')
      continue
    }
    const metal = row.structure.elements.findIndex(element => element !== 'Li' && element !== 'O')
    const barrier = await hopBarrier(hop, {
      potential: potential.file,
      metal: { element: row.structure.elements[metal]!, type: row.structure.types![metal]! },
      a_A: a,
      c_A: c!,
      z_oxygen: z,
    })
    barriers.push(barrier === null ? 'none' : barrier.toFixed(3))
  }
  return [
    row.potential,
    row.compound,
    against(a, row.measured.a),
    against(c, row.measured.c),
    row.measured.z === undefined ? '–' : `${z.toFixed(4)} (${row.measured.z})`,
    (await bulkModulus(row.structure, potential)).toFixed(0),
    row.kind === 'honeycomb' ? '–' : (await stiffnessAlongZ(bulk)).toFixed(0),
    surface.join(' / ') || '–',
    ...barriers,
    (await fallFromDisturbance(bulk, row.structure, potential))
      .toFixed(1)
      .replace(/^-0\.0$/, '0.0')
      .replace('-', '−'),
  ]
}

const HEADER = [
  'potential',
  'crystal',
  'a, Å (error)',
  'c, Å (error)',
  'z of O (measured)',
  'B, GPa',
  'C₃₃, GPa',
  '(104) cut / relaxed, 5 layers / 7 layers, J/m²',
  'ODH, eV',
  'TSH, eV',
  'disturbed, meV per atom',
]
const line = (texts: readonly string[]) => process.stdout.write(`| ${texts.join(' | ')} |\n`)
line(HEADER)
line(HEADER.map(() => '---'))
for (const row of OXIDE_ROWS) line(await cells(row))
