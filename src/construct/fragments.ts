import { readdirSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { closest } from '../core/yaml.ts'
import { UserError } from '../errors.ts'

const FRAGMENTS_DIRECTORY = fileURLToPath(new URL('../../structures/fragments/', import.meta.url))

/**
 * The file of a molecule that can be put on a surface: an extxyz with the columns type, charge and bonds.
 * @param name one of `structures/fragments/`, without extension; an absolute path stays as it is
 * @throws UserError for an unknown name
 */
export function fragmentFile(name: string, where?: string): string {
  if (isAbsolute(name)) return name
  const known = readdirSync(FRAGMENTS_DIRECTORY).flatMap(file =>
    file.endsWith('.extxyz') ? [file.slice(0, -'.extxyz'.length)] : [],
  )
  if (known.includes(name)) return join(FRAGMENTS_DIRECTORY, `${name}.extxyz`)
  const near = closest(name, known)
  throw new UserError({
    message: `there is no fragment called '${name}'`,
    ...(where !== undefined && { where }),
    hint: near ? `did you mean \`${near}\`?` : `known fragments: ${known.join(', ')}; or give a path`,
  })
}
