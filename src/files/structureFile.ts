import { basename, extname } from 'node:path'
import type { Structure } from '../core/structure.ts'
import { UserError } from '../errors.ts'
import { formatExtxyz, parseExtxyz } from './extxyz.ts'
import { readText, writeFileAtomic } from './files.ts'
import { parseLammpsData } from './lammpsData.ts'
import { formatLammpsData } from './lammpsWrite.ts'
import { formatPoscar, parsePoscar } from './poscar.ts'

export type StructureFormat = 'extxyz' | 'lammps' | 'poscar'

const FORMATS: Readonly<Record<string, StructureFormat>> = {
  '.extxyz': 'extxyz',
  '.xyz': 'extxyz',
  '.data': 'lammps',
  '.lmp': 'lammps',
  '.vasp': 'poscar',
}

/** Format of a structure file, from its name. @throws UserError for an unknown extension */
export function structureFormat(path: string): StructureFormat {
  const format = FORMATS[extname(path).toLowerCase()]
  if (format) return format
  if (/^(POSCAR|CONTCAR)/.test(basename(path))) return 'poscar'
  throw new UserError({
    message: `the name '${basename(path)}' has no known extension of a structure file`,
    where: path,
    hint: `give the extension ${Object.keys(FORMATS).join(', ')}, or the name POSCAR`,
  })
}

/**
 * Reads a structure; of a file with several frames, the last one.
 * @throws UserError with file and line
 */
export function readStructureFile(path: string): Structure {
  const format = structureFormat(path)
  const text = readText(path)
  switch (format) {
    case 'extxyz':
      return parseExtxyz(text, path).at(-1)!.structure
    case 'lammps':
      return parseLammpsData(text, path).structure
    case 'poscar':
      return parsePoscar(text, path).structure
  }
}

/**
 * Writes a structure in the format of the file's extension. Only extxyz keeps everything: a LAMMPS data file has no bond
 * orders and no frozen atoms, a POSCAR no bonds, charges and types.
 * @throws UserError when a coordinate is not finite, or the file cannot be written
 */
export function writeStructureFile(path: string, structure: Structure): void {
  const format = structureFormat(path)
  const bad = structure.positions.findIndex(x => !Number.isFinite(x))
  if (bad >= 0) {
    throw new UserError({
      message: `a coordinate of atom ${Math.floor(bad / 3) + 1} is ${structure.positions[bad]}`,
      where: path,
    })
  }
  const write = { extxyz: formatExtxyz, lammps: formatLammpsData, poscar: formatPoscar }[format]
  writeFileAtomic(path, write(structure))
}
