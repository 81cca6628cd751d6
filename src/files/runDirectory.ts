import { mkdirSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { UserError } from '../errors.ts'
import { readText, unwritable, writeJson } from './files.ts'
import { busy, LOCK_FILE, lock, ownerOf } from './runLock.ts'

/** The files of a run directory. */
export const RUN_FILES = {
  manifest: 'manifest.json',
  /** Structure at the start of the run, with atom types and bonds. */
  structure: 'structure.extxyz',
  log: 'log.csv',
  trajectory: 'trajectory.dcd',
  checkpoint: 'checkpoint.bin',
  /** Every image of a relaxed band, with energies and forces. */
  band: 'band.extxyz',
  bandCheckpoint: 'band-checkpoint.json',
  /** Checkpoint of a band that was stopped while its ends relaxed. */
  endsCheckpoint: 'ends-checkpoint.json',
  results: 'results.json',
  report: 'report.html',
  /** Lock of the process that works in the directory. */
  lock: LOCK_FILE,
} as const

/**
 * Makes the directory of a new run, and locks it. With `out`, that one, which must be new or empty; otherwise
 * `parent/name`, or `name-2`, `name-3`, … where that holds something or is locked: what an earlier run has written is
 * never touched.
 * @returns its path
 * @throws UserError when `out` holds something or another process is at work there, or nothing can be made there
 */
export function createRunDirectory(options: { out?: string; parent?: string; name: string }): string {
  const { out, parent = 'runs', name } = options
  if (out !== undefined) {
    const free = claim(out)
    const owner = free ? lock(out) : ownerOf(out)
    if (owner) throw busy(out, owner)
    if (free) return out
    throw new UserError({
      message: 'the run directory holds files already',
      where: out,
      hint: 'give another --out, or continue that run: hoplite resume, for a band hoplite neb --resume',
    })
  }
  for (let k = 1; ; k++) {
    const path = join(parent, k === 1 ? name : `${name}-${k}`)
    if (claim(path) && lock(path) === null) return path
  }
}

/** Makes the directory, or finds it empty but for a lock; false when it holds anything else. */
function claim(path: string): boolean {
  try {
    mkdirSync(dirname(path), { recursive: true })
    // Not recursive: of two runs that start at once, one alone makes the directory.
    mkdirSync(path)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(path, cause)
  }
  try {
    return readdirSync(path).every(name => name.startsWith(LOCK_FILE))
  } catch (cause) {
    throw unwritable(path, cause)
  }
}

/** Writes a run's results.json. */
export function writeResults(directory: string, results: object): void {
  writeJson(join(directory, RUN_FILES.results), results)
}

/** @throws UserError when the file is missing or no JSON */
export function readResults(directory: string): unknown {
  const path = join(directory, RUN_FILES.results)
  try {
    return JSON.parse(readText(path))
  } catch (cause) {
    if (cause instanceof UserError) throw cause
    throw new UserError({ message: `the file is no JSON: ${(cause as Error).message}`, where: path })
  }
}
