import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

/*
 * Short runs of every kind of stage, each complete and killed just after a checkpoint, by any checkout of hoplite:
 *
 *   node scripts/run.mjs test/tools/goldenRuns.ts CHECKOUT OUT [--platform simd] [--against OTHER]
 *
 * writes OUT/KIND/whole and OUT/KIND/killed. With --against, every file is compared byte by byte with that of OTHER, made
 * by another checkout, and the killed runs of OTHER are resumed by CHECKOUT and compared with its complete ones.
 * test/golden/runs was written by version 0.1.0 (6f527d7), its npt and npt-all-bonds by the first version whose barostat
 * scales molecules.
 */

export const GOLDEN_RUNS = join(import.meta.dirname, '../golden/runs')
/** Files that are a function of recipe and seed alone. */
export const RESULT_FILES = ['log.csv', 'trajectory.dcd', 'checkpoint.bin'] as const
/** The folder of the runs, in manifests that are kept. */
const HERE = '@HERE@'

/** Changes with the engine's mathematical functions, whose last digit JavaScript leaves open. */
function arithmetic(): string {
  const { exp, expm1, log, cos, sin, cbrt, pow, sqrt } = Math
  const values = Array.from({ length: 500 }, (_, k) => 0.013 * (k + 1)).flatMap(x =>
    [exp, expm1, log, cos, sin, cbrt, sqrt, (y: number) => pow(y, 1.7)].map(compute => compute(x)),
  )
  return createHash('sha256').update(Float64Array.from(values)).digest('hex').slice(0, 16)
}

/** Of the engine that made the files in test/golden/runs and bands. */
const ARITHMETIC = '11b201fd770733c9'

/** True where the files of test/golden/runs and bands are to be equal byte by byte. */
export const hasArithmeticOfGolden = (): boolean => arithmetic() === ARITHMETIC

const POTENTIAL = `name: Bent molecules
description: chosen numbers of a usual size, for tests that compare runs with runs
energy_unit: eV
mixing: geometric
special: { pair: [0, 0, 1], coulomb: [0, 0, 1] }
sources: { chosen: { citation: chosen for tests } }
types:
  C: { class: c, element: C, mass_g_per_mol: 12.011, charge_e: 0.1, epsilon: 0.003, sigma_A: 3.2, source: chosen }
  F: { class: f, element: F, mass_g_per_mol: 18.998, charge_e: -0.2, epsilon: 0.002, sigma_A: 2.9, source: chosen }
  H: { class: h, element: H, mass_g_per_mol: 1.008, charge_e: 0.1, epsilon: 0.001, sigma_A: 2.4, source: chosen }
bonds:
  - { pattern: c-h, form: harmonic, k: 28, r0_A: 1.09, source: chosen }
  - { pattern: c-f, form: harmonic, k: 40, r0_A: 1.36, source: chosen }
angles:
  - { pattern: h-c-f, form: harmonic, k: 4, theta0_deg: 109.5, source: chosen }
`

/** 18 molecules H–C–F, not quite in rows. */
function box(): string {
  const lines: string[] = []
  for (let molecule = 0; molecule < 18; molecule++) {
    const [x, y, z] = [molecule % 3, Math.floor(molecule / 3) % 3, Math.floor(molecule / 9)]
    const centre = [4 * x + 1 + 0.1 * y, 4 * y + 1 + 0.2 * z, 6 * z + 1 + 0.1 * x]
    const at = (dx: number, dy: number, dz: number) =>
      centre.map((value, k) => (value + [dx, dy, dz][k]!).toFixed(3)).join(' ')
    const first = 3 * molecule + 1
    lines.push(`C ${at(0, 0, 0)} C ${first + 1},${first + 2}`)
    lines.push(`H ${at(1.09, 0, 0)} H _`)
    lines.push(`F ${at(-0.454, 1.282, 0)} F _`)
  }
  const lattice =
    'Lattice="12 0 0 0 12 0 0 0 12" Properties=species:S:1:pos:R:3:type:S:1:bonds:S:1 pbc="T T T"'
  return `${lines.length}\n${lattice}\n${lines.join('\n')}\n`
}

interface Kind {
  /** The last stage, after one of another kind. */
  readonly stage: string
  readonly bonds?: 'h-bonds' | 'all-bonds'
  readonly before?: string
  readonly platform?: string
}

const WARM = 'kind: nvt, time_ps: 0.01, timestep_fs: 1, temperature_K: 200, new_velocities: true'
const STEPS = 'time_ps: 0.06, timestep_fs: 1'

/** Every kind of stage. */
export const KINDS: Readonly<Record<string, Kind>> = {
  nve: { stage: `kind: nve, ${STEPS}` },
  'nve-new-velocities': { stage: `kind: nve, ${STEPS}, new_velocities: true, temperature_K: 250` },
  csvr: { stage: `kind: nvt, ${STEPS}, temperature_K: 200, thermostat_time_ps: 0.05` },
  'csvr-ramp': { stage: `kind: nvt, ${STEPS}, temperature_K: 200, temperature_end_K: 400` },
  'csvr-h-bonds': { stage: `kind: nvt, ${STEPS}, temperature_K: 200`, bonds: 'h-bonds' },
  langevin: { stage: `kind: nvt, ${STEPS}, temperature_K: 200, thermostat: langevin` },
  'langevin-ramp-all-bonds': {
    stage: `kind: nvt, ${STEPS}, temperature_K: 300, temperature_end_K: 150, thermostat: langevin, thermostat_time_ps: 0.2`,
    bonds: 'all-bonds',
  },
  npt: { stage: `kind: npt, ${STEPS}, temperature_K: 200, temperature_end_K: 300` },
  'npt-all-bonds': {
    stage: `kind: npt, ${STEPS}, temperature_K: 200, pressure_bar: 500, barostat_time_ps: 0.2, compressibility_per_bar: 1.0e-4`,
    bonds: 'all-bonds',
  },
  'density-ramp': {
    stage: `kind: nvt, ${STEPS}, temperature_K: 200, density_end_g_per_cm3: 0.65`,
    before:
      '{ name: apart, kind: push-off, distance_A: 2.1 }\n  - { name: relax, kind: minimize, max_steps: 20 }',
  },
  'density-ramp-langevin-h-bonds': {
    stage: `kind: nvt, ${STEPS}, temperature_K: 200, density_end_g_per_cm3: 0.5, thermostat: langevin`,
    bonds: 'h-bonds',
  },
  'device-nve': { stage: `kind: nve, ${STEPS}, steps_on_device: 7`, platform: 'gpu:webasm' },
  'device-csvr': {
    stage: `kind: nvt, ${STEPS}, temperature_K: 200, temperature_end_K: 300, steps_on_device: 10`,
    platform: 'gpu:webasm',
  },
}

const recipeOf = (name: string, { stage, bonds, before }: Kind) => `name: ${name}
seed: 7
system: { potential: ../potential.yaml, structure: ../box.extxyz }
interactions: { cutoff_A: 5, lennard_jones: switched, switch_from_A: 4, coulomb: dsf, coulomb_alpha_per_A: 0.25 }
constraints: { bonds: ${bonds ?? 'none'} }
stages:
  - ${before ?? `{ name: warm, ${WARM} }`}
  - { name: produce, ${stage} }
output: { trajectory_every_ps: 0.01, log_every_ps: 0.005, checkpoint_every_ps: 0.02 }
`

/** Files of a run directory that stay the same wherever it stands, and those in which the folder is named. */
const KEPT = [...RESULT_FILES, 'structure.extxyz']

/**
 * Ends the process just after the checkpoint of number CHECKPOINTS, as a power cut would. Its clock runs fast: a band writes
 * a checkpoint after every iteration.
 */
export const KILLER = `import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
const { renameSync } = fs
let left = Number(process.env.CHECKPOINTS)
const { FILE = 'checkpoint.bin' } = process.env
if (FILE === 'band-checkpoint.json') {
  let time_ms = 0
  performance.now = () => (time_ms += 3000)
}
fs.renameSync = (from, to) => {
  renameSync(from, to)
  if (String(to).endsWith(FILE) && --left === 0) process.kill(process.pid, 'SIGKILL')
}
syncBuiltinESMExports()
`

/** Copies a run directory that was kept, so that it can be resumed. @param to below a folder that holds the inputs */
export function bringBack(from: string, to: string, folder: string): void {
  cpSync(from, to, { recursive: true })
  const manifest = join(to, 'manifest.json')
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replaceAll(HERE, folder))
}

/** Copies the inputs of the kept runs to where `bringBack` puts runs. */
export function bringInputs(from: string, folder: string): void {
  for (const name of ['potential.yaml', 'box.extxyz']) cpSync(join(from, name), join(folder, name))
  for (const kind of Object.keys(KINDS)) {
    mkdirSync(join(folder, kind), { recursive: true })
    cpSync(join(from, kind, 'recipe.yaml'), join(folder, kind, 'recipe.yaml'))
  }
}

function makeAll(checkout: string, out: string, platform: string): void {
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, 'potential.yaml'), POTENTIAL)
  writeFileSync(join(out, 'box.extxyz'), box())
  const killer = join(out, 'killer.mjs')
  writeFileSync(killer, KILLER)
  for (const [name, kind] of Object.entries(KINDS)) {
    const folder = join(out, name)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
    writeFileSync(join(folder, 'recipe.yaml'), recipeOf(name, kind))
    const args = ['md', join(folder, 'recipe.yaml'), '--platform', kind.platform ?? platform, '--quiet']
    hopliteOf(checkout, [...args, '--out', join(folder, 'whole')])
    // One checkpoint at the end of every stage before the last.
    const checkpoints = kind.before ? 4 : 3
    hopliteOf(checkout, [...args, '--out', join(folder, 'killed')], ['--import', killer], {
      CHECKPOINTS: String(checkpoints),
    })
    for (const run of ['whole', 'killed']) tidy(join(folder, run), out)
  }
  rmSync(killer)
}

const INTERRUPTED = 130

export function hopliteOf(
  checkout: string,
  args: string[],
  node: string[] = [],
  env: Record<string, string> = {},
): void {
  const command = [...node, join(checkout, 'src/cli/hoplite.mjs'), ...args]
  const { status, signal, stderr } = spawnSync(process.execPath, command, {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  })
  if (status !== 0 && status !== INTERRUPTED && signal !== 'SIGKILL')
    throw new Error(`hoplite ${args.join(' ')}: ${stderr}`)
}

/** Leaves what is compared and what a resumed run needs, with the folder's name taken out. */
function tidy(run: string, out: string): void {
  const manifest = join(run, 'manifest.json')
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replaceAll(out, HERE))
  for (const name of ['results.json', 'run.lock']) rmSync(join(run, name), { force: true })
}

/** @returns the names of files that differ */
export function differing(run: string, other: string, files: readonly string[] = RESULT_FILES): string[] {
  return files.filter(name => {
    const [one, two] = [join(run, name), join(other, name)]
    return !existsSync(one) || !existsSync(two) || !readFileSync(one).equals(readFileSync(two))
  })
}

/** Resumes the killed runs of another checkout. */
function resumeAll(checkout: string, out: string, other: string): string[] {
  return Object.keys(KINDS).flatMap(kind => {
    const run = join(out, kind, 'resumed')
    bringBack(join(other, kind, 'killed'), run, out)
    hopliteOf(checkout, ['resume', run, '--quiet'])
    return differing(run, join(other, kind, 'whole')).map(file => `${kind}/resumed/${file}`)
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { platform: { type: 'string', default: 'reference' }, against: { type: 'string' } },
  })
  const [checkout, out] = positionals.map(path => resolve(path)) as [string, string]
  makeAll(checkout, out, values.platform)
  if (values.against !== undefined) {
    const other = resolve(values.against)
    const wrong = Object.keys(KINDS).flatMap(kind =>
      ['whole', 'killed'].flatMap(run =>
        differing(join(out, kind, run), join(other, kind, run), KEPT).map(file => `${kind}/${run}/${file}`),
      ),
    )
    wrong.push(...resumeAll(checkout, out, other))
    console.log(wrong.length === 0 ? 'all files are equal' : `different: ${wrong.join(', ')}`)
    process.exitCode = wrong.length === 0 ? 0 : 1
  }
}
