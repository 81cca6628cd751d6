/**
 * The force-style tests of LAMMPS (github.com/lammps/lammps, unittest/force-styles/tests) as facts: coefficients and
 * reference numbers in test/golden/lammps-styles.json. Energies, virials and the forces in `rows` are those of its yaml
 * files; `forces` of all atoms are what `lmp` computes of the same input, written by this script only where it repeats the
 * numbers of the file; elsewhere they are those of the file too. Needs `lmp` (Debian package lammps). Run: node scripts/run.mjs test/tools/lammpsStyles.ts
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EnergyTerm } from '../../src/platform/platform.ts'

export const STYLES_FILE = join(import.meta.dirname, '../golden/lammps-styles.json')
export const TERM_KINDS = ['bond', 'angle', 'dihedral', 'improper'] as const
type TermKind = (typeof TERM_KINDS)[number]

/** Atoms and bonded terms that many cases share. */
export interface StyleSystem {
  readonly units: 'real' | 'metal'
  /** Commit of the data file. */
  readonly commit: string
  /** Lower and upper edge along x, y and z. */
  readonly cell_A: readonly (readonly [number, number])[]
  /** [T] g/mol */
  readonly masses: readonly number[]
  /** [N] from 1 */
  readonly types: readonly number[]
  /** [N] e; undefined for atom style atomic. */
  readonly charges_e?: readonly number[]
  /** [N][3] */
  readonly positions_A: readonly (readonly number[])[]
  /** Type, then atoms from 1. */
  readonly bond?: readonly (readonly number[])[]
  readonly angle?: readonly (readonly number[])[]
  readonly dihedral?: readonly (readonly number[])[]
  readonly improper?: readonly (readonly number[])[]
}

interface TermStyle {
  readonly style: string
  /** One line for each type. */
  readonly coeffs: readonly string[]
}

/** One set of styles with what LAMMPS computes of it, in the units of the system. */
export interface StyleCase extends Partial<Record<TermKind, TermStyle>> {
  /** The yaml file, or a description of a case that `lmp` alone has the numbers of. */
  readonly name: string
  /** Commit of the yaml file; null where there is none. */
  readonly commit: string | null
  /** Relative deviation that the yaml file allows. */
  readonly epsilon: number | null
  /** Default: fourmol. */
  readonly system?: 'metal' | 'pedone'
  /** Default: zero. The cut-off is 8 Å. */
  readonly pair?: string
  readonly pairCoeffs?: readonly string[]
  readonly pairIJCoeffs?: readonly string[]
  readonly mixing?: 'geometric' | 'arithmetic' | 'sixthpower'
  readonly shift?: true
  readonly tail?: true
  /** Damping of dsf and wolf. */
  readonly alpha_per_A?: number
  /** Splitting of coul/long, whose reciprocal part is left out. */
  readonly ewald_alpha_per_A?: number
  /** The reciprocal part is all that counts. */
  readonly reciprocal?: true
  /** Times that the cell of a slab is repeated along z, with vacuum. */
  readonly slab?: number
  /** LAMMPS's erfc was exact when the file was written, as it is from 2026 on. */
  readonly exact_erfc?: true
  readonly energy: Partial<Record<EnergyTerm, number>>
  /** xx yy zz xy xz yz; absent where LAMMPS does not give it. */
  readonly virial?: readonly number[]
  /** By atom, from 1: forces as they stand in the file. */
  readonly rows?: Readonly<Record<string, readonly number[]>>
  /** [N][3] */
  readonly forces?: readonly (readonly number[])[]
}

export interface StyleFixture {
  readonly source: string
  readonly systems: Readonly<Record<'fourmol' | 'metal' | 'pedone', StyleSystem>>
  readonly cases: readonly StyleCase[]
  /** Morse and r⁻¹² between unlike types, a style that only potential files have here; atoms as LAMMPS places them. */
  readonly pedone: StyleCase & {
    readonly parameters: Readonly<Record<'D_eV' | 'a_per_A' | 'r0_A' | 'R_eV_A12', number>>
  }
}

export const loadStyles = (): StyleFixture => JSON.parse(readFileSync(STYLES_FILE, 'utf8')) as StyleFixture

export const CUTOFF_A = 8
/** Factors of atoms one, two and three bonds apart, in every case. */
export const SPECIAL = [0.1, 0.25, 0.5] as const

/** A data file of a case. @param withPairs with its pair coefficients, which LAMMPS takes as commands where some pairs mix */
export function formatStyleData(system: StyleSystem, one: StyleCase, withPairs: boolean): string {
  const { types, charges_e, positions_A, masses, cell_A, units } = system
  const numbered = (lines: readonly string[]) => lines.map((line, k) => `${k + 1} ${line}`)
  const present = TERM_KINDS.filter(kind => system[kind])
  const styleOf = (kind: TermKind): TermStyle =>
    one[kind] ?? {
      style: 'zero',
      coeffs: Array.from({ length: Math.max(...system[kind]!.map(([type]) => type!)) }, () =>
        kind === 'bond' || kind === 'angle' ? '1' : '',
      ),
    }
  const section = (title: string, lines: readonly string[]) => ['', title, '', ...lines]
  const title = (kind: string) => kind[0]!.toUpperCase() + kind.slice(1)
  // A slab is as high as its cell: the vacuum is a setting of LAMMPS's sum, and part of the cell here.
  const cell = cell_A.map(([low, high], axis) => [
    low,
    axis === 2 && withPairs ? low + (high - low) * (one.slab ?? 1) : high,
  ])
  return [
    `LAMMPS data: ${one.name}, units ${units}`,
    '',
    `${types.length} atoms`,
    `${masses.length} atom types`,
    ...present.flatMap(kind => [
      `${system[kind]!.length} ${kind}s`,
      `${styleOf(kind).coeffs.length} ${kind} types`,
    ]),
    '',
    ...cell.map(([low, high], axis) => `${low} ${high} ${'xyz'[axis]}lo ${'xyz'[axis]}hi`),
    ...section('Masses', numbered(masses.map(String))),
    ...(withPairs && one.pairCoeffs ? section(`Pair Coeffs # ${one.pair}`, numbered(one.pairCoeffs)) : []),
    ...(withPairs && one.pairIJCoeffs ? section(`PairIJ Coeffs # ${one.pair}`, one.pairIJCoeffs) : []),
    ...present.flatMap(kind =>
      section(`${title(kind)} Coeffs # ${styleOf(kind).style}`, numbered(styleOf(kind).coeffs)),
    ),
    ...section(
      `Atoms # ${charges_e ? 'full' : 'atomic'}`,
      positions_A.map(([x, y, z], k) =>
        [k + 1, ...(charges_e ? [1, types[k], charges_e[k]] : [types[k]]), x, y, z].join(' '),
      ),
    ),
    ...present.flatMap(kind =>
      section(
        `${title(kind)}s`,
        system[kind]!.map((row, k) => [k + 1, ...row].join(' ')),
      ),
    ),
    '',
  ].join('\n')
}

function formatStyleInput(system: StyleSystem, one: StyleCase): string {
  const { pair = 'zero', pairCoeffs = [], pairIJCoeffs = [], ewald_alpha_per_A, alpha_per_A, mixing } = one
  const present = TERM_KINDS.filter(kind => system[kind])
  const long = ewald_alpha_per_A !== undefined
  const terms = ['evdwl', 'ecoul', 'ebond', 'eangle', 'edihed', 'eimp']
  const coefficients = [...pairCoeffs.map((line, k) => `${k + 1} ${k + 1} ${line}`), ...pairIJCoeffs]
  return [
    `units ${system.units}`,
    `atom_style ${system.charges_e ? 'full' : 'atomic'}`,
    ...(one.slab ? ['boundary p p f'] : []),
    ...(system.bond ? [`special_bonds lj/coul ${SPECIAL.join(' ')}`] : []),
    `pair_style ${pair} ${alpha_per_A ?? ''} ${CUTOFF_A}`,
    ...present.map(kind => `${kind}_style ${one[kind]?.style ?? 'zero'}`),
    'read_data case.data',
    ...(coefficients.length > 0 ? coefficients.map(line => `pair_coeff ${line}`) : ['pair_coeff * *']),
    `pair_modify mix ${mixing ?? 'geometric'} shift ${one.shift ? 'yes' : 'no'} tail ${one.tail ? 'yes' : 'no'} table 0`,
    ...(long ? ['kspace_style ewald 1.0e-6', `kspace_modify gewald ${ewald_alpha_per_A}`] : []),
    ...(long ? [one.reciprocal ? 'pair_modify compute no' : 'kspace_modify compute no'] : []),
    ...(one.slab ? [`kspace_modify slab ${one.slab}`] : []),
    'compute v all pressure NULL virial',
    'thermo_style custom step pe evdwl ecoul ebond eangle edihed eimp c_v[1]',
    'thermo_modify norm no',
    'run 0 post no',
    ...terms.map(name => `print "golden ${name} $(${name}:%.17g)"`),
    ...[1, 2, 3, 4, 5, 6].map(k => `print "golden v${k} $(c_v[${k}]*vol:%.17g)"`),
    'write_dump all custom case.dump id fx fy fz modify sort id format float %.17g',
    '',
  ].join('\n')
}

/** LAMMPS's nktv2p: pressure units per energy per volume (its update.cpp). */
const PRESSURE = { real: 68568.415, metal: 1.6021765e6 } as const

/** What `lmp` computes of a case. */
export function runStyle(
  system: StyleSystem,
  one: StyleCase,
): Pick<StyleCase, 'energy' | 'virial' | 'forces'> {
  const folder = mkdtempSync(join(tmpdir(), 'hoplite-styles-'))
  try {
    writeFileSync(join(folder, 'case.data'), formatStyleData(system, one, false))
    writeFileSync(join(folder, 'case.in'), formatStyleInput(system, one))
    const log = execFileSync('lmp', ['-in', 'case.in', '-log', 'none'], { cwd: folder, encoding: 'utf8' })
    const printed = new Map(
      [...log.matchAll(/^golden (\S+) (\S+)$/gm)].map(([, key, value]) => [key!, Number(value)]),
    )
    const dump = readFileSync(join(folder, 'case.dump'), 'utf8').trim().split('\n').slice(9)
    const value = (key: string) => printed.get(key)!
    return {
      energy: {
        pair: value('evdwl'),
        coulomb: value('ecoul'),
        bond: value('ebond'),
        angle: value('eangle'),
        dihedral: value('edihed'),
        improper: value('eimp'),
      },
      virial: [1, 2, 3, 4, 5, 6].map(k => value(`v${k}`) / PRESSURE[system.units]),
      forces: dump.map(row => row.trim().split(/\s+/).slice(1).map(Number)),
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Largest deviation of two lists, relative to the largest number of the second. */
export function deviation(values: readonly number[], expected: readonly number[]): number {
  const scale = Math.max(...expected.map(Math.abs))
  const most = Math.max(...values.map((value, k) => Math.abs(value - expected[k]!)))
  return most === 0 ? 0 : most / (scale || 1)
}

/** A case with the forces of `lmp`, where `lmp` has the style and repeats what the yaml file says. */
function completed(system: StyleSystem, one: StyleCase): StyleCase {
  if (one.dihedral?.style === 'fourier') return one
  const { energy, virial, forces } = runStyle(system, one)
  if (one.commit === null) return { ...one, energy, virial: virial!, forces: forces! }
  const terms = Object.keys(one.energy) as EnergyTerm[]
  const off = Math.max(
    ...terms.map(term => deviation([energy[term]!], [one.energy[term]!])),
    one.virial ? deviation(virial!, one.virial) : 0,
    ...Object.entries(one.rows ?? {}).map(([atom, row]) => deviation(forces![Number(atom) - 1]!, row)),
  )
  process.stdout.write(`${one.name}: lmp is off by ${off.toExponential(1)}\n`)
  if (!(off < 1e-12)) return one
  return one.virial || one.reciprocal
    ? { ...one, forces: forces! }
    : { ...one, virial: virial!, forces: forces! }
}

function main(): void {
  const fixture = loadStyles()
  const cases = fixture.cases.map(one => completed(fixture.systems[one.system ?? 'fourmol'], one))
  const text = JSON.stringify({ ...fixture, cases }, null, 1)
  const lists = /\[\s+(-?[\d.e+-]+(?:,\s+-?[\d.e+-]+)*)\s+\]/g
  writeFileSync(
    STYLES_FILE,
    `${text.replace(lists, (_, list: string) => `[${list.replace(/\s+/g, ' ')}]`)}\n`,
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
