import { mkdirSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { UserError } from '../errors.ts'
import { unwritable, writeJson } from './files.ts'
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
 * Creates and locks the directory of a new run: `out`, which must be new or empty, or otherwise the first of
 * `parent/name`, `parent/name-2`, `parent/name-3`, … that is new or empty and not locked. Files of earlier runs are never
 * changed.
 * @returns path of the directory
 * @throws UserError when `out` has files or another process uses it, or when it cannot be created
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

/** Creates the directory if it does not exist. @returns true if it has no files except a lock */
function claim(path: string): boolean {
  try {
    mkdirSync(dirname(path), { recursive: true })
    // Not recursive: if two runs start at the same time, only one of them creates the directory.
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

/** Writes the results.json of a run. */
export function writeResults(directory: string, results: object): void {
  writeJson(join(directory, RUN_FILES.results), results)
}
