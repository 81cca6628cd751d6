import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { UserError } from '../errors.ts'

/** Text of a file. @throws UserError when it cannot be read */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

/** Returns the error for a file that cannot be read. */
export function unreadable(path: string, cause: unknown): UserError {
  const code = (cause as NodeJS.ErrnoException).code
  if (code === 'ENOENT') return new UserError({ message: 'there is no such file', where: path })
  return new UserError({ message: `the file cannot be read (${code ?? String(cause)})`, where: path })
}

/** Returns the error for a file that cannot be written. */
export function unwritable(path: string, cause: unknown): UserError {
  const code = (cause as NodeJS.ErrnoException).code
  const message =
    code === 'ENOENT' ? 'there is no such folder' : `the file cannot be written (${code ?? String(cause)})`
  return new UserError({ message, where: path })
}

/**
 * Writes a file atomically: if the program is killed, the file has either the old or the new content.
 * @throws UserError when the file cannot be written
 */
export function writeFileAtomic(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    const descriptor = openSync(temporary, 'w')
    try {
      const bytes = typeof content === 'string' ? Buffer.from(content) : content
      for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(temporary, path)
  } catch (cause) {
    rmSync(temporary, { force: true })
    throw unwritable(path, cause)
  }
}

/** Writes a value as indented JSON, atomically. */
export function writeJson(path: string, value: unknown): void {
  writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`)
}

/** SHA-256 of a file, hexadecimal. @throws UserError when it cannot be read */
export function sha256File(path: string): string {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex')
  } catch (cause) {
    throw unreadable(path, cause)
  }
}
