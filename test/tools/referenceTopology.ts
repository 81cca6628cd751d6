/**
 * Writes test/golden/pvdf-topology.json: how often each set of bonded parameters occurs in the GROMACS prototype's boxes
 * of PVDF and of dehydrofluorinated PVDF, and the unit sequence of every chain. It reads only the reference boxes, not
 * hoplite's potential, so the counts are independent of what they test.
 *
 *   node scripts/run.mjs test/tools/referenceTopology.ts pvdf=f00_s70_r1_hot.json dhf=f33_s70_r1_hot.json
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { createTopology } from '../../src/core/topology.ts'
import type { ReferenceJson } from './referenceBox.ts'

export interface TopologyCounts {
  readonly atoms: number
  readonly charge_e: number
  /** Units from head to tail, one letter each: V = VDF, C = CHCF. */
  readonly chains: readonly string[]
  /** Number of terms by parameters: "r0 k", "θ0 k", Fourier cosine coefficients; Å, degree, kcal/mol, four decimals. */
  readonly bonds: Readonly<Record<string, number>>
  readonly angles: Readonly<Record<string, number>>
  readonly dihedrals: Readonly<Record<string, number>>
  readonly impropers: Readonly<Record<string, number>>
  readonly pairs14: number
}

export const formatParameters = (values: readonly number[]) =>
  values.map(value => (Math.round(value * 1e4) / 1e4 + 0).toFixed(4)).join(' ')

export function countBy(keys: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const key of [...keys].sort()) counts[key] = (counts[key] ?? 0) + 1
  return counts
}

const HIGHEST_ORDER = 6

function cosineCoefficients(json: ReferenceJson, kind: 'proper' | 'improper'): string[] {
  const series = new Map<string, number[]>()
  for (const [i, j, k, l, phase, constant, n, termKind] of json.dihedrals) {
    if (termKind !== kind) continue
    const key = [i, j, k, l].join(' ')
    const coefficients = series.get(key) ?? new Array<number>(HIGHEST_ORDER + 1).fill(0)
    coefficients[0]! += constant
    coefficients[n]! += phase === 0 ? constant : -constant
    series.set(key, coefficients)
  }
  return [...series.values()].map(formatParameters)
}

/** Reads each chain's carbons in pairs: two sp2 carbons are a CHCF unit. */
function chains(json: ReferenceJson): string[] {
  const { molecules } = createTopology(
    json.atoms.length,
    json.bonds.flatMap(bond => bond.slice(0, 2)),
  )
  const carbons = new Map<number, string[]>()
  json.atoms.forEach(({ type }, i) => {
    if (type !== 'pC' && type !== 'dC') return
    carbons.set(molecules[i]!, [...(carbons.get(molecules[i]!) ?? []), type])
  })
  return [...carbons.values()].map(types =>
    types.flatMap((type, k) => (k % 2 === 0 ? [type === 'dC' ? 'C' : 'V'] : [])).join(''),
  )
}

function counts(json: ReferenceJson): TopologyCounts {
  return {
    atoms: json.atoms.length,
    charge_e: Math.round(json.atoms.reduce((sum, { q }) => sum + q, 0) * 1e9) / 1e9 + 0,
    chains: chains(json),
    bonds: countBy(json.bonds.map(([, , r0, k]) => formatParameters([r0, k]))),
    angles: countBy(json.angles.map(([, , , theta0, k]) => formatParameters([theta0, k]))),
    dihedrals: countBy(cosineCoefficients(json, 'proper')),
    impropers: countBy(cosineCoefficients(json, 'improper')),
    pairs14: json.pairs14.length,
  }
}

if (basename(process.argv[1] ?? '') === 'referenceTopology.ts') {
  const boxes = process.argv.slice(2).map(argument => argument.split('=') as [string, string])
  const golden = Object.fromEntries(
    boxes.map(([name, file]) => [name, counts(JSON.parse(readFileSync(file, 'utf8')))]),
  )
  const target = new URL('../golden/pvdf-topology.json', import.meta.url)
  writeFileSync(target, `${JSON.stringify(golden, null, 1)}\n`)
}
