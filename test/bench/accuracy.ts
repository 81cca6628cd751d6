/**
 * Errors of the forces with which test/bench/peers.ts is run, against the Ewald sum in double precision, on the
 * configuration of test/bench/pvdf: whether speeds are compared at equal accuracy. What is not installed is left out.
 * Run: node scripts/run.mjs test/bench/accuracy.ts
 */
import { spawnSync } from 'node:child_process'
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PlatformKey } from '../../src/platform/choose.ts'
import { prepareEvaluator } from '../../src/platform/choose.ts'
import { benchPlatforms } from '../../src/run/bench.ts'
import { CODATA_2018, KCAL_PER_MOL, KJ_PER_MOL } from '../../src/units.ts'
import { EQUAL_ACCURACY, PVDF, pvdfBox } from './pvdfBox.ts'

/** Of hoplite and LAMMPS in peers.ts. */
const ACCURACY = 1e-4
const TIGHT = 1e-8

const folder = mkdtempSync(join(tmpdir(), 'hoplite-accuracy-'))
try {
  cpSync(PVDF, folder, { recursive: true })
  const exact = await hoplite('reference', 'ewald', TIGHT)
  await report(exact, [
    ['hoplite reference, Ewald at 1e-6', () => hoplite('reference', 'ewald', 1e-6)],
    ...(await benchPlatforms()).flatMap(name =>
      [ACCURACY, EQUAL_ACCURACY.hoplite, 1e-7].map(
        accuracy => [`hoplite ${name} at ${accuracy}`, () => hoplite(name, 'pme', accuracy)] as const,
      ),
    ),
    ...[[], ['-sf', 'opt']].flatMap(flags =>
      [ACCURACY, EQUAL_ACCURACY.lammps].map(
        accuracy =>
          [`${['LAMMPS', ...flags].join(' ')} at ${accuracy}`, async () => lammps(flags, accuracy)] as const,
      ),
    ),
    ['GROMACS', async () => gromacs()],
  ])
} finally {
  rmSync(folder, { recursive: true })
}

/** [3N] eV/Å */
async function hoplite(
  platform: PlatformKey,
  coulomb: 'pme' | 'ewald',
  accuracy: number,
): Promise<Float64Array> {
  const { system, state } = pvdfBox({ coulomb, accuracy, shifted: false })
  const evaluator = await prepareEvaluator(platform, system)
  const { forces } = await evaluator.evaluate(state)
  const kept = forces.slice()
  await evaluator.dispose()
  return kept
}

function run(program: string, args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw error ?? new Error(`${program} ended with ${status}\n${stdout}${stderr}`)
}

/** Forces at the first of the 20 steps that in.bench makes before it counts. */
function lammps(flags: readonly string[], accuracy: number): Float64Array {
  const dump =
    'dump forces all custom 1000 forces.txt id fx fy fz\ndump_modify forces format float %.12g sort id\n'
  const input = readFileSync(join(folder, 'in.bench'), 'utf8').replace(/^run 20[\s\S]*/m, `${dump}run 0\n`)
  writeFileSync(join(folder, 'in.forces'), input)
  run('lmp', ['-in', 'in.forces', '-log', 'none', '-var', 'acc', String(accuracy), ...flags])
  const lines = readFileSync(join(folder, 'forces.txt'), 'utf8').split('ITEM: ATOMS id fx fy fz')[1]!
  const rows = lines
    .trim()
    .split('\n')
    .map(line => line.trim().split(' ').slice(1).map(Number))
  return Float64Array.from(rows.flat(), value => value * KCAL_PER_MOL)
}

function gromacs(): Float64Array {
  appendFileSync(join(folder, 'bench_1fs.mdp'), '\nnstfout = 1\n')
  const files = '-f bench_1fs.mdp -c pvdf.gro -p pvdf.top -o run.tpr -maxwarn 5'
  run('gmx', ['grompp', ...files.split(' ')])
  run('gmx', ['mdrun', ...'-s run.tpr -ntmpi 1 -ntomp 1 -nsteps 0 -o run.trr'.split(' ')])
  const { status, stderr } = spawnSync(
    'gmx',
    ['traj', ...'-s run.tpr -f run.trr -of forces.xvg -fp -e 0'.split(' ')],
    {
      cwd: folder,
      encoding: 'utf8',
      input: '0\n',
    },
  )
  if (status !== 0) throw new Error(stderr)
  const line = readFileSync(join(folder, 'forces.xvg'), 'utf8')
    .split('\n')
    .find(text => /^\s*0/.test(text))!
  return Float64Array.from(line.trim().split(/\s+/).slice(1), value => Number(value) * 0.1 * KJ_PER_MOL)
}

async function report(
  exact: Float64Array,
  codes: readonly (readonly [string, () => Promise<Float64Array>])[],
): Promise<void> {
  const rms = (values: Float64Array) =>
    Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / (values.length / 3))
  const size = rms(exact)
  console.log(`RMS force on an atom ${size.toFixed(4)} eV/Å; errors against the Ewald sum at ${TIGHT}`)
  console.log(
    `${''.padEnd(34)}${['eV/Å', 'of RMS force', 'of e²/Å²'].map(word => word.padStart(16)).join('')}`,
  )
  for (const [name, forcesOf] of codes) {
    try {
      const forces = await forcesOf()
      if (forces.length !== exact.length) throw new Error(`${forces.length} numbers for ${exact.length}`)
      const error = rms(forces.map((force, k) => force - exact[k]!))
      const cells = [error, error / size, error / CODATA_2018.coulomb_eV_A]
      console.log(`${name.padEnd(34)}${cells.map(cell => cell.toExponential(2).padStart(16)).join('')}`)
    } catch (problem) {
      console.log(`without ${name}: ${String(problem).split('\n')[0]}`)
    }
  }
}
