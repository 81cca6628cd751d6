import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { UserError } from '../errors.ts'
import { unwritable } from './files.ts'

/** File in a run directory that names the process that uses the directory. */
export const LOCK_FILE = 'run.lock'

/** Process that owns a lock. */
export interface Owner {
  readonly pid: number
  readonly host: string
}

/** Directories that this process has locked. */
const held = new Set<string>()

/**
 * Locks a run directory, runs `work`, and unlocks it.
 * @throws UserError when another process uses the directory; errors of the work
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
 * Locks a directory until `unlock` or the end of this process. The lock of a process that has ended is taken over.
 * @returns null if this process has the lock now; otherwise the process that has it
 * @throws UserError when the lock cannot be written
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

/** Writes a lock. @returns false if there is one already @throws UserError when it cannot be written */
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

/** Removes the lock of a process that has ended. @throws UserError when it cannot be removed */
function clearAway(path: string): void {
  // Renamed and checked again, not deleted at once: another process may have replaced the lock in the meantime.
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

/** Returns the other process that uses a directory; null if there is none. */
export const ownerOf = (directory: string): Owner | null => living(lockOf(directory))

/** Returns the owner of a lock if it is another process that may still run; null otherwise. */
function living(path: string): Owner | null {
  const owner = readOwner(path)
  // A process of another machine may still run: this cannot be found out here.
  if (!owner || owner.host !== hostname()) return owner
  return owner.pid !== process.pid && isAlive(owner.pid) ? owner : null
}

/** Number of times that an empty lock is read, every 10 ms, because another process may be writing it. */
const LOOKS = 10

/** Returns the owner in a lock file; null if there is no file or if it is incomplete after a crash. */
function readOwner(path: string): Owner | null {
  for (let look = 0; look < LOOKS && existsSync(path); look++) {
    try {
      const { pid, host } = JSON.parse(readFileSync(path, 'utf8'))
      if (Number.isInteger(pid) && typeof host === 'string') return { pid, host }
    } catch {
      // The file is not complete yet, or it was removed.
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

/** Returns the error for a directory that another process uses. */
export function busy(directory: string, { pid, host }: Owner): UserError {
  const elsewhere = host === hostname() ? '' : ` on ${host}`
  return new UserError({
    message: `another hoplite is at work in this run directory: process ${pid}${elsewhere}`,
    where: directory,
    hint: `wait for it or stop it, or give another --out; if that process is no hoplite, or no longer there, delete ${lockOf(directory)}`,
  })
}
