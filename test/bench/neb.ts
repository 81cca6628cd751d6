/**
 * The whole of `hoplite neb` against LAMMPS's own `neb` on the same hop, in turns. The peer's inputs: test/bench/neb/.
 * Run: node scripts/run.mjs test/bench/neb.ts [turns], with `lmp` and `mpirun` installed and the machine otherwise idle.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { writePeerHop } from '../tools/peerHop.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const TURNS = Number(process.argv[2] ?? 5)
const FMAX_EV_PER_A = 0.01
/** As many replicas as images, however few cores there are. */
const LAMMPS = `--allow-run-as-root --oversubscribe --bind-to none --mca mpi_yield_when_idle 1 -np 7
  lmp -partition 7x1 -var ft ${FMAX_EV_PER_A} -in in.neb`.split(/\s+/)

interface Turn {
  /** Of the whole process, s. */
  readonly wall_s: number
  /** Of relaxing the band alone, s. */
  readonly loop_s: number
  readonly forceCalls: number
  readonly barrier_eV: number
}

const folder = mkdtempSync(join(tmpdir(), 'hoplite-neb-'))
try {
  writePeerHop(folder)
  // Both have their files in the system's memory before anything counts, and hoplite its bundle.
  hoplite()
  lammps()
  const turns = Array.from({ length: TURNS }, () => ({ hoplite: hoplite(), lammps: lammps() }))
  report(turns)
} finally {
  rmSync(folder, { recursive: true })
}

function timed(program: string, args: readonly string[]): { wall_s: number; stdout: string } {
  const started = performance.now()
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' })
  const wall_s = (performance.now() - started) / 1000
  if (status !== 0) throw error ?? new Error(`${program} ended with ${status}\n${stdout}${stderr}`)
  return { wall_s, stdout }
}

function hoplite(): Turn {
  rmSync(join(folder, 'out'), { recursive: true, force: true })
  const args = ['neb', 'li-hop.yaml', '--out', 'out', '--json', '--quiet']
  const { wall_s, stdout } = timed(process.execPath, [join(ROOT, 'src/cli/hoplite.mjs'), ...args])
  const results = JSON.parse(stdout)
  if (!results.converged) throw new Error('hoplite has not converged')
  return {
    wall_s,
    loop_s: results.wall_s,
    forceCalls: results.force_calls,
    barrier_eV: results.barrier_eV,
  }
}

function lammps(): Turn {
  const { wall_s } = timed('mpirun', LAMMPS)
  const steps = readFileSync(join(folder, 'log.lammps'), 'utf8').trimEnd().split('\n')
  const [step, force, , , , , forward] = steps.at(-1)!.trim().split(/\s+/).map(Number)
  if (!(force! < FMAX_EV_PER_A)) throw new Error('LAMMPS has not converged')
  // Relaxation and climb; every replica takes one call per step and one to begin.
  const log = readFileSync(join(folder, 'log.lammps.0'), 'utf8')
  const loops = [...log.matchAll(/Loop time of (\S+)/g)].map(([, seconds]) => Number(seconds))
  const loop_s = loops.reduce((sum, seconds) => sum + seconds, 0)
  return { wall_s, loop_s, forceCalls: 7 * (step! + loops.length), barrier_eV: forward! }
}

function report(turns: readonly { hoplite: Turn; lammps: Turn }[]): void {
  const median = (values: readonly number[]) =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
  const line = (name: string, of: (turn: Turn) => number) => {
    const [h, l] = [median(turns.map(t => of(t.hoplite))), median(turns.map(t => of(t.lammps)))]
    const ratio = median(turns.map(t => of(t.hoplite) / of(t.lammps)))
    console.log(
      `${name.padEnd(24)}${h.toFixed(3).padStart(9)}${l.toFixed(3).padStart(9)}${ratio.toFixed(2).padStart(7)}`,
    )
  }
  console.log(`${TURNS} turns, medians${' '.repeat(4)}hoplite   LAMMPS  ratio`)
  line('whole process, s', turn => turn.wall_s)
  line('band alone, s', turn => turn.loop_s)
  const [{ hoplite: h, lammps: l }] = turns as [(typeof turns)[0]]
  console.log(
    `${'force calls'.padEnd(24)}${String(h.forceCalls).padStart(9)}${String(l.forceCalls).padStart(9)}`,
  )
  console.log(
    `${'barrier, eV'.padEnd(24)}${h.barrier_eV.toFixed(4).padStart(9)}${l.barrier_eV.toFixed(4).padStart(9)}`,
  )
}
