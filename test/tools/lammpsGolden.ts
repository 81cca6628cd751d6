/**
 * Writes test/golden/lammps: for every case a data file, the LAMMPS input that reads it, and what LAMMPS computed.
 * Needs `lmp` (Debian package lammps). Run: node scripts/run.mjs test/tools/lammpsGolden.ts [case…]
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { randomSequence, STREAM } from '../../src/rng.ts'
import { GOLDEN_CASES, type GoldenCase } from './goldenCases.ts'
import { wrapped } from './goldenGeometry.ts'
import { GOLDEN_DIRECTORY, type Golden } from './goldens.ts'

const MASSES = ['12.011 # CX', '15.999 # OX', '1.008 # HX']
const TERMS = [
  { kind: 'bond', section: 'Bonds', key: 'bonds' },
  { kind: 'angle', section: 'Angles', key: 'angles' },
  { kind: 'dihedral', section: 'Dihedrals', key: 'dihedrals' },
  { kind: 'improper', section: 'Impropers', key: 'impropers' },
] as const
/** LAMMPS's nktv2p: pressure units per energy per volume (its update.cpp). */
const PRESSURE = { real: 68568.415, metal: 1.6021765e6 } as const

/** One list of coefficients per type: several where a stand-in style spreads one type over many terms. */
function coefficientsOf(golden: GoldenCase, kind: (typeof TERMS)[number]['kind'], standIn: boolean) {
  const term = golden[kind]
  if (!term) return null
  if (standIn && term.standIn) return term.standIn
  return { style: term.style, coeffs: term.coeffs.map(line => [line]) }
}

export function formatData(golden: GoldenCase, standIn = false): string {
  const { geometry, atomStyle, units } = golden
  const { box, positions, types, charges } = geometry
  const lines = [
    `LAMMPS data: ${golden.name}, random geometry, units ${units}`,
    '',
    `${positions.length} atoms`,
  ]
  const sections: string[] = []
  const typeCounts: string[] = [`${MASSES.length} atom types`]
  for (const { kind, section, key } of TERMS) {
    const style = coefficientsOf(golden, kind, standIn)
    if (!style) continue
    const firstType = style.coeffs.map((_, k) => style.coeffs.slice(0, k).flat().length + 1)
    const rows = geometry[key].flatMap((atoms, m) => {
      const type = m % style.coeffs.length
      return style.coeffs[type]!.map((_, k) => `${firstType[type]! + k} ${atoms.map(i => i + 1).join(' ')}`)
    })
    if (rows.length === 0) throw new Error(`${golden.name}: no ${section}`)
    lines.push(`${rows.length} ${key}`)
    typeCounts.push(`${style.coeffs.flat().length} ${kind} types`)
    const title = `${kind[0]!.toUpperCase()}${kind.slice(1)} Coeffs # ${style.style}`
    sections.push(title, '', ...style.coeffs.flat().map((line, k) => `${k + 1} ${line}`), '')
    sections.push(section, '', ...rows.map((row, m) => `${m + 1} ${row}`), '')
  }
  const m = box.matrix
  lines.push('', ...typeCounts, '', `0 ${m[0]} xlo xhi`, `0 ${m[4]} ylo yhi`, `0 ${m[8]} zlo zhi`)
  if (m[3] !== 0 || m[6] !== 0 || m[7] !== 0) lines.push(`${m[3]} ${m[6]} ${m[7]} xy xz yz`)
  lines.push('', 'Masses', '', ...MASSES.map((mass, k) => `${k + 1} ${mass}`), '')
  if (golden.pairCoeffs) {
    lines.push(
      `Pair Coeffs # ${golden.pair}`,
      '',
      ...golden.pairCoeffs.map((line, k) => `${k + 1} ${line}`),
      '',
    )
  }
  if (golden.pairIJCoeffs) lines.push(`PairIJ Coeffs # ${golden.pair}`, '', ...golden.pairIJCoeffs, '')
  const random = randomSequence(7, STREAM.velocities)
  lines.push(`Atoms # ${atomStyle}`, '')
  positions.forEach((position, i) => {
    const { inside, images } = wrapped(box, position)
    const columns = {
      atomic: [types[i]],
      charge: [types[i], charges[i]],
      molecular: [1, types[i]],
      full: [1, types[i], charges[i]],
    }[atomStyle]
    lines.push([i + 1, ...columns, ...inside.map(x => x.toFixed(8)), ...images].join(' '))
  })
  lines.push('', 'Velocities', '')
  positions.forEach((_, i) => {
    lines.push([i + 1, ...[0, 1, 2].map(() => (0.01 * random.normal()).toFixed(6))].join(' '))
  })
  return `${[...lines, '', ...sections].join('\n').trimEnd()}\n`
}

function pairArguments({ pair, cutoff_A, alpha_per_A }: GoldenCase): string {
  if (/coul\/(dsf|wolf)$/.test(pair)) {
    return pair.startsWith('coul') ? `${alpha_per_A} ${cutoff_A}` : `${alpha_per_A} ${cutoff_A} ${cutoff_A}`
  }
  return String(cutoff_A)
}

export function formatInput(golden: GoldenCase, dataFile: string): string {
  const special = (values: readonly number[] = [0, 0, 0]) => values.join(' ')
  const long = golden.pair.endsWith('coul/long')
  const printed = ['pe', 'evdwl', 'ecoul', 'elong', 'ebond', 'eangle', 'edihed', 'eimp']
  return `${[
    `units ${golden.units}`,
    `atom_style ${golden.atomStyle}`,
    'box tilt large',
    `pair_style ${golden.pair} ${pairArguments(golden)}`,
    ...TERMS.flatMap(({ kind }) => {
      const style = coefficientsOf(golden, kind, true)
      return style ? [`${kind}_style ${style.style}`] : []
    }),
    `special_bonds lj ${special(golden.specialLJ)} coul ${special(golden.specialCoulomb)}`,
    `pair_modify mix ${golden.mixing ?? 'geometric'} shift no tail no`,
    ...(long ? ['pair_modify table 0', 'kspace_style ewald 1e-8'] : []),
    `read_data ${dataFile}`,
    ...(golden.pairCoeffs || golden.pairIJCoeffs ? [] : ['pair_coeff * *']),
    'neighbor 2.0 bin',
    'compute virial all pressure NULL virial',
    'thermo_style custom step pe evdwl ecoul elong ebond eangle edihed eimp c_virial[1]',
    'thermo_modify norm no',
    'run 0 post no',
    'print "golden version $(version)"',
    ...printed.map(name => `print "golden ${name} $(${name}:%.17g)"`),
    ...[1, 2, 3, 4, 5, 6].map(k => `print "golden p${k} $(c_virial[${k}]:%.17g)"`),
    'print "golden volume $(vol:%.17g)"',
    'write_dump all custom golden.dump id xu yu zu vx vy vz fx fy fz modify sort id format float %.15g',
  ].join('\n')}\n`
}

/** Runs LAMMPS on a case, in a folder of its own. */
export function runLammps(golden: GoldenCase): Golden {
  const folder = mkdtempSync(join(tmpdir(), 'hoplite-golden-'))
  try {
    writeFileSync(join(folder, 'case.data'), formatData(golden, true))
    writeFileSync(join(folder, 'case.in'), formatInput(golden, 'case.data'))
    const log = execFileSync('lmp', ['-in', 'case.in', '-log', 'none'], { cwd: folder, encoding: 'utf8' })
    const printed = Object.fromEntries(
      [...log.matchAll(/^golden (\S+) (\S+)$/gm)].map(([, key, value]) => [key, value]),
    )
    const number = (key: string) => Number(printed[key])
    const dump = readFileSync(join(folder, 'golden.dump'), 'utf8')
    const rows = dump
      .split('\n')
      .slice(9)
      .filter(Boolean)
      .map(line => line.trim().split(/\s+/).map(Number))
    const virialPerPressure = number('volume') / PRESSURE[golden.units]
    const [xx, yy, zz, xy, xz, yz] = [1, 2, 3, 4, 5, 6].map(k => number(`p${k}`) * virialPerPressure)
    const gEwald = /G vector \(1\/distance\) *= *(\S+)/.exec(log)?.[1]
    const coulomb = /coul\/(\w+)$/.exec(golden.pair)?.[1]
    return {
      case: golden.name,
      lammps: printed.version!,
      units: golden.units,
      styles: Object.fromEntries([
        ['pair', golden.pair],
        ...TERMS.flatMap(({ kind }) => (golden[kind] ? [[kind, golden[kind].style]] : [])),
      ]),
      cutoff_A: golden.cutoff_A,
      coulomb:
        coulomb === undefined
          ? null
          : coulomb === 'long'
            ? { name: 'ewald', alpha_per_A: Number(gEwald) }
            : coulomb === 'cut'
              ? { name: 'cut' }
              : { name: coulomb as 'dsf' | 'wolf', alpha_per_A: golden.alpha_per_A! },
      mixing: golden.mixing ?? 'geometric',
      special_lj: golden.specialLJ ?? [0, 0, 0],
      special_coulomb: golden.specialCoulomb ?? [0, 0, 0],
      energy: {
        total: number('pe'),
        pair: number('evdwl'),
        coulomb: number('ecoul'),
        coulomb_reciprocal: number('elong'),
        bond: number('ebond'),
        angle: number('eangle'),
        dihedral: number('edihed'),
        improper: number('eimp'),
      },
      virial: [xx, xy, xz, xy, yy, yz, xz, yz, zz] as number[],
      positions_A: rows.map(row => row.slice(1, 4)),
      velocities: rows.map(row => row.slice(4, 7)),
      forces: rows.map(row => row.slice(7, 10)),
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Rows of numbers on one line each. */
function formatGolden(golden: Golden): string {
  return `${JSON.stringify(golden, null, 1).replace(/\[\s+(-?[\d.e+-]+(?:,\s+-?[\d.e+-]+)*)\s+\]/g, (_, list: string) => `[${list.replace(/\s+/g, ' ')}]`)}\n`
}

function main(wanted: readonly string[]): void {
  mkdirSync(GOLDEN_DIRECTORY, { recursive: true })
  for (const golden of GOLDEN_CASES.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    const standIn = TERMS.some(({ kind }) => golden[kind]?.standIn)
    const path = (extension: string) => join(GOLDEN_DIRECTORY, `${golden.name}${extension}`)
    writeFileSync(path('.data'), formatData(golden))
    if (standIn) writeFileSync(path('.standin.data'), formatData(golden, true))
    writeFileSync(path('.in'), formatInput(golden, `${golden.name}${standIn ? '.standin' : ''}.data`))
    const result = runLammps(golden)
    writeFileSync(path('.json'), formatGolden(result))
    process.stdout.write(`${golden.name}: ${result.energy.total}\n`)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2))
