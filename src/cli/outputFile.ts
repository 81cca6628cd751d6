import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname, extname } from 'node:path'
import { UserError } from '../errors.ts'

/**
 * Finds out before the work begins whether its result can be written.
 * @throws UserError when the folder is missing or may not be written to, or the path is a folder
 */
export function checkWritable(path: string): void {
  const folder = dirname(path)
  const refuse = (message: string, where: string) =>
    new UserError({ message, where, hint: 'give another --out' })
  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw refuse('there is no such folder', folder)
  if (existsSync(path) && statSync(path).isDirectory()) throw refuse('this is a folder', path)
  try {
    accessSync(folder, constants.W_OK)
  } catch {
    throw refuse('the folder may not be written to', folder)
  }
}

/** A report may replace an earlier one, but nothing else. @throws UserError */
export function checkReportFile(path: string): void {
  if (extname(path).toLowerCase() !== '.html') {
    throw new UserError({
      message: 'a report is an HTML page',
      where: `--out ${path}`,
      hint: 'give a name that ends in .html',
    })
  }
  checkWritable(path)
}
