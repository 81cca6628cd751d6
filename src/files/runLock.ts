import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { UserError } from '../errors.ts'
import { unwritable } from './files.ts'

/** File in a run directory that names the process which works there. */
export const LOCK_FILE = 'run.lock'

/** Process that owns a lock. */
export interface Owner {
  readonly pid: number
  readonly host: string
}

/** Directories that this process has locked. */
const held = new Set<string>()

/**
 * Runs `work` while the run directory is locked, and unlocks it afterwards.
 * @throws UserError when another process is at work there; what the work throws
 */
export async function whileLocked<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const owner = lock(directory)
  if (owner) throw busy(directory, owner)
  try {
    return await work()
  } finally {
    unlock(directory)
  }
}

/**
 * Locks a directory until `unlock` or the end of this process. What this process has locked stays so; the lock of a
 * process that is no more is taken over.
 * @returns the process that works there instead; null when the directory is locked now
 * @throws UserError when no lock can be written
 */
export function lock(directory: string): Owner | null {
  if (held.has(directory)) return null
  const path = lockOf(directory)
  while (!write(path)) {
    const owner = living(path)
    if (owner) return owner
    clearAway(path)
  }
  if (held.size === 0) process.on('exit', unlockAll)
  held.add(directory)
  return null
}

/** @returns false when there is a lock already @throws UserError */
function write(path: string): boolean {
  const mine: Owner = { pid: process.pid, host: hostname() }
  try {
    writeFileSync(path, `${JSON.stringify(mine)}\n`, { flag: 'wx' })
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw unwritable(path, cause)
  }
}

/** Takes a lock that belongs to nobody any more out of the way. @throws UserError */
function clearAway(path: string): void {
  // Moved and looked at again, not deleted: another process may have been quicker, so that it is that one's by now.
  const aside = `${path}.${process.pid}`
  try {
    renameSync(path, aside)
    if (living(aside)) renameSync(aside, path)
    else rmSync(aside)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw unwritable(path, cause)
  }
}

function unlock(directory: string): void {
  if (!held.delete(directory)) return
  rmSync(lockOf(directory), { force: true })
  if (held.size === 0) process.off('exit', unlockAll)
}

function unlockAll(): void {
  for (const directory of held) unlock(directory)
}

const lockOf = (directory: string) => join(directory, LOCK_FILE)

/** Other process that works in a directory; null if there is none. */
export const ownerOf = (directory: string): Owner | null => living(lockOf(directory))

/** The owner of a lock when it is another process that may be working; null otherwise. */
function living(path: string): Owner | null {
  const owner = readOwner(path)
  // Whether a process of another machine still runs cannot be told from here.
  if (!owner || owner.host !== hostname()) return owner
  return owner.pid !== process.pid && isAlive(owner.pid) ? owner : null
}

/** Number of times that an empty lock is read again, every 10 ms, because it may be in the course of writing. */
const LOOKS = 10

/** null where there is no lock, or one that a crash has cut short. */
function readOwner(path: string): Owner | null {
  for (let look = 0; look < LOOKS && existsSync(path); look++) {
    try {
      const { pid, host } = JSON.parse(readFileSync(path, 'utf8'))
      if (Number.isInteger(pid) && typeof host === 'string') return { pid, host }
    } catch {
      // Not yet, or no more.
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
  }
  return null
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The error of a directory in which somebody else is at work. */
export function busy(directory: string, { pid, host }: Owner): UserError {
  const elsewhere = host === hostname() ? '' : ` on ${host}`
  return new UserError({
    message: `another hoplite is at work in this run directory: process ${pid}${elsewhere}`,
    where: directory,
    hint: `wait for it or stop it, or give another --out; if that process is no hoplite, or no longer there, delete ${lockOf(directory)}`,
  })
}
