/**
 * Steps per second of the same box in hoplite, LAMMPS, LAMMPS as WebAssembly and GROMACS: one core each, in turns.
 * Inputs: test/bench/pvdf/. What is not installed is left out.
 * Run: node scripts/run.mjs test/bench/peers.ts [turns] [timestep in fs] [accuracy], with the machine otherwise idle. Timesteps: 1,
 * 2 with bonds to hydrogen held, 4 with hydrogens of 4 g/mol as well. Accuracy: that of hoplite and LAMMPS, 1e-4 when
 * left out, or `equal`: settings with which forces are as far off as those of GROMACS, see accuracy.ts.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { benchPlatforms } from '../../src/run/bench.ts'
import { EQUAL_ACCURACY } from './pvdfBox.ts'
import { repartitionFiles } from './repartition.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const PVDF = join(import.meta.dirname, 'pvdf')
const TURNS = Number(process.argv[2] ?? 5)
const TIMESTEP_FS = Number(process.argv[3] ?? 1)
const HOLDS_HYDROGEN = TIMESTEP_FS > 1
const HYDROGEN_MASS_g_per_mol = TIMESTEP_FS > 2 ? 4 : null
const ACCURACY = process.argv[4] === 'equal' ? EQUAL_ACCURACY : sameForBoth(Number(process.argv[4] ?? 1e-4))
/** The core on which everybody runs. */
const CORE = '0'

interface Peer {
  readonly name: string
  /** Of one process, without its start. */
  stepsPerSecond(): number
}

const folder = mkdtempSync(join(tmpdir(), 'hoplite-peers-'))
try {
  cpSync(PVDF, folder, { recursive: true })
  if (HYDROGEN_MASS_g_per_mol !== null) repartitionFiles(folder, HYDROGEN_MASS_g_per_mol)
  const peers = [
    ...(await benchPlatforms()).map(hoplite),
    lammpsJs(),
    lammps([]),
    lammps(['-sf', 'opt']),
    gromacs(),
  ]
  const here = peers.filter(isHere)
  const rates = new Map<string, number[]>(here.map(({ name }) => [name, []]))
  for (let turn = 0; turn < TURNS; turn++) {
    for (const peer of here) rates.get(peer.name)!.push(peer.stepsPerSecond())
  }
  report(rates)
} finally {
  rmSync(folder, { recursive: true })
}

function sameForBoth(accuracy: number): typeof EQUAL_ACCURACY {
  return { hoplite: accuracy, lammps: accuracy }
}

/** Whether a first run, which does not count, comes to its end. */
function isHere(peer: Peer): boolean {
  try {
    peer.stepsPerSecond()
    return true
  } catch (error) {
    console.log(`without ${peer.name}: ${String(error).split('\n')[0]}`)
    return false
  }
}

function output(program: string, args: readonly string[], cwd = folder): string {
  const options = { cwd, encoding: 'utf8', maxBuffer: 1 << 26 } as const
  const { status, stdout, stderr, error } = spawnSync('taskset', ['-c', CORE, program, ...args], options)
  if (status !== 0) throw error ?? new Error(`${program} ended with ${status}\n${stdout}${stderr}`)
  return stdout + stderr
}

function hoplite(platform: string): Peer {
  const styles = 'pair=lj/cut/coul/long,bond=harmonic,angle=harmonic,dihedral=opls'
  const box = `pvdf.data --styles ${styles} --special-lj 0,0,0.5 --special-coulomb 0,0,0.5 --cutoff_A 10`
  const how = `--ewald-accuracy ${ACCURACY.hoplite} --timestep_fs ${TIMESTEP_FS} --constraints ${HOLDS_HYDROGEN ? 'h-bonds' : 'none'}`
  const much = `--platform ${platform} --turns 1 --seconds 4 --json --quiet`
  const args = `bench ${box} ${how} ${much}`.split(' ')
  return {
    name: `hoplite ${platform}`,
    stepsPerSecond() {
      const { stdout, stderr, status } = spawnSync(
        'taskset',
        ['-c', CORE, process.execPath, join(ROOT, 'src/cli/hoplite.mjs'), ...args],
        { cwd: folder, encoding: 'utf8' },
      )
      if (status !== 0) throw new Error(stdout + stderr)
      return JSON.parse(stdout).results[0].steps_per_s
    },
  }
}

/** Rate of the last run of a LAMMPS input. */
function lastLoop(log: string): number {
  const last = [...log.matchAll(/Loop time of (\S+) on .* for (\d+) steps/g)].at(-1)
  if (!last) throw new Error(`no loop time in\n${log}`)
  return Number(last[2]) / Number(last[1])
}

function variables(steps: number): readonly (readonly [string, string])[] {
  return [
    ['steps', String(steps)],
    ['acc', String(ACCURACY.lammps)],
    ['dt', String(TIMESTEP_FS)],
    ['shake', HOLDS_HYDROGEN ? '1' : '0'],
  ]
}

function lammps(flags: readonly string[]): Peer {
  const args = variables(400).flatMap(([name, value]) => ['-var', name, value])
  return {
    name: ['LAMMPS', ...flags].join(' '),
    stepsPerSecond: () => lastLoop(output('lmp', ['-in', 'in.bench', '-log', 'none', ...flags, ...args])),
  }
}

function lammpsJs(): Peer {
  // Run where its package can be found.
  const args = variables(300).map(pair => pair.join('='))
  return {
    name: 'lammps.js',
    stepsPerSecond: () =>
      lastLoop(output(process.execPath, [join(PVDF, 'lammpsJs.mjs'), folder, ...args], PVDF)),
  }
}

function gromacs(): Peer {
  const steps = 2000
  let isReady = false
  return {
    name: 'GROMACS',
    stepsPerSecond() {
      if (!isReady) {
        const mdp = `bench_${TIMESTEP_FS}fs.mdp`
        output('gmx', [
          'grompp',
          '-f',
          mdp,
          '-c',
          'pvdf.gro',
          '-p',
          'pvdf.top',
          '-o',
          'run.tpr',
          '-maxwarn',
          '5',
        ])
        isReady = true
      }
      const how = '-s run.tpr -ntmpi 1 -ntomp 1 -pin off -noconfout -resethway -g run.log'
      output('gmx', ['mdrun', ...how.split(' '), '-nsteps', String(steps)])
      const performance = /Performance:\s+(\S+)/.exec(readFileSync(join(folder, 'run.log'), 'utf8'))
      const nsPerDay = Number(performance?.[1])
      return nsPerDay / (TIMESTEP_FS * 1e-6 * 86_400)
    },
  }
}

function report(rates: ReadonlyMap<string, readonly number[]>): void {
  const median = (values: readonly number[]) =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
  const date = new Date().toISOString().slice(0, 10)
  const accuracy = ACCURACY === EQUAL_ACCURACY ? 'equal accuracy' : `accuracy ${ACCURACY.hoplite}`
  console.log(
    `${date}, ${cpus()[0]?.model.trim()}, node ${process.versions.node}: 1664 atoms, ${TIMESTEP_FS} fs, ${accuracy}, one core, medians of ${TURNS} turns`,
  )
  const own = [...rates.keys()].filter(name => name.startsWith('hoplite'))
  const cells = (words: readonly string[]) => words.map(word => word.padStart(18)).join('')
  console.log(
    `${''.padEnd(20)}${cells(['steps/s', 'ns/day', ...own.map(name => `${name.split(' ')[1]} is ×`)])}`,
  )
  for (const [name, values] of rates) {
    const ratios = own.map(mine => median(rates.get(mine)!.map((rate, turn) => rate / values[turn]!)))
    const rate = median(values)
    const words = [rate.toFixed(1), (rate * TIMESTEP_FS * 0.0864).toFixed(2)]
    console.log(`${name.padEnd(20)}${cells([...words, ...ratios.map(r => r.toFixed(3))])}`)
  }
}
