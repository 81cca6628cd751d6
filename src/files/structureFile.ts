import { basename, extname } from 'node:path'
import type { Structure } from '../core/structure.ts'
import { UserError } from '../errors.ts'
import { formatExtxyz, parseExtxyz } from './extxyz.ts'
import { readText, writeFileAtomic } from './files.ts'
import { parseLammpsData } from './lammpsData.ts'
import { formatLammpsData } from './lammpsWrite.ts'
import { formatPoscar, parsePoscar } from './poscar.ts'

interface StructureFormatDefinition {
  readonly extensions: readonly string[]
  /** File names of the format besides its extensions. */
  readonly names?: RegExp
  /** @throws UserError with file and line */
  read(text: string, path: string): Structure
  write(structure: Structure): string
}

/** Formats of structure files. A new format is an entry here and a file with its reader and writer. */
const FORMATS = {
  extxyz: {
    extensions: ['.extxyz', '.xyz'],
    read: (text, path) => parseExtxyz(text, path).at(-1)!.structure,
    write: structure => formatExtxyz(structure),
  },
  lammps: {
    extensions: ['.data', '.lmp'],
    read: (text, path) => parseLammpsData(text, path).structure,
    write: structure => formatLammpsData(structure),
  },
  poscar: {
    extensions: ['.vasp'],
    names: /^(POSCAR|CONTCAR)/,
    read: (text, path) => parsePoscar(text, path).structure,
    write: structure => formatPoscar(structure),
  },
} as const satisfies Readonly<Record<string, StructureFormatDefinition>>

export type StructureFormat = keyof typeof FORMATS

/** Format of a structure file, from its name. @throws UserError for an unknown extension */
export function structureFormat(path: string): StructureFormat {
  const extension = extname(path).toLowerCase()
  const entries = Object.entries(FORMATS) as [StructureFormat, StructureFormatDefinition][]
  const found = entries.find(
    ([, { extensions, names }]) => extensions.includes(extension) || names?.test(basename(path)),
  )
  if (found) return found[0]
  throw new UserError({
    message: `the name '${basename(path)}' has no known extension of a structure file`,
    where: path,
    hint: `give the extension ${entries.flatMap(([, format]) => format.extensions).join(', ')}, or the name POSCAR`,
  })
}

/**
 * Reads a structure file; from a file with several frames, the last frame.
 * @throws UserError with file and line
 */
export function readStructureFile(path: string): Structure {
  return FORMATS[structureFormat(path)].read(readText(path), path)
}

/**
 * Writes a structure in the format of the extension of the file. Only extxyz keeps all data: a LAMMPS data file has no
 * bond orders and no frozen atoms, a POSCAR no bonds, charges and types.
 * @throws UserError when a coordinate is not finite, or the file cannot be written
 */
export function writeStructureFile(path: string, structure: Structure): void {
  const { write } = FORMATS[structureFormat(path)]
  const bad = structure.positions.findIndex(x => !Number.isFinite(x))
  if (bad >= 0) {
    throw new UserError({
      message: `a coordinate of atom ${Math.floor(bad / 3) + 1} is ${structure.positions[bad]}`,
      where: path,
    })
  }
  writeFileAtomic(path, write(structure))
}
