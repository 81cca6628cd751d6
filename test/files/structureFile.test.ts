import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createBox } from '../../src/core/box.ts'
import type { Structure } from '../../src/core/structure.ts'
import { createTopology } from '../../src/core/topology.ts'
import { formatExtxyz } from '../../src/files/extxyz.ts'
import { readStructureFile, writeStructureFile } from '../../src/files/structureFile.ts'
import { caught } from '../tools/caught.ts'
import { temporaryFolder } from '../tools/folder.ts'

const folder = temporaryFolder()

const structure: Structure = {
  elements: ['C', 'F'],
  types: ['CT', 'F'],
  positions: Float64Array.of(0.5, 1, 1.5, 1.5, 1, 1.5),
  box: createBox([8, 0, 0, 0, 9, 0, 0, 0, 10]),
  topology: createTopology(2, [0, 1]),
  charges: Float64Array.of(0.25, -0.25),
  masses: null,
  velocities: null,
  frozen: null,
}

describe('a structure file', () => {
  it.each(['a.extxyz', 'a.XYZ', 'a.data', 'a.lmp', 'a.vasp', 'POSCAR', 'CONTCAR.2'])(
    '%s is known by its name',
    name => {
      const path = join(folder, name)
      writeStructureFile(path, structure)
      const back = readStructureFile(path)
      expect(back.elements).toEqual(structure.elements)
      back.positions.forEach((x, k) => {
        expect(x).toBeCloseTo(structure.positions[k]!, 12)
      })
      expect(back.box).toEqual(structure.box)
    },
  )

  it('of a file with several frames the last one is read', () => {
    const path = join(folder, 'frames.extxyz')
    const moved = { ...structure, positions: structure.positions.map(x => x + 1) }
    writeFileSync(path, formatExtxyz(structure) + formatExtxyz(moved))
    expect(readStructureFile(path).positions).toEqual(moved.positions)
  })

  it.each([
    ['none.extxyz', 'there is no such file'],
    ['a.pdb', "'a.pdb'"],
  ])('the structure file %s is refused', (name, message) => {
    const error = caught(() => readStructureFile(join(folder, name)))
    expect(error.message).toContain(message)
    expect(error.where).toBe(join(folder, name))
  })

  it('a structure with a coordinate that is not finite is not written', () => {
    const positions = Float64Array.of(0, 0, 0, 0, Number.NaN, 0)
    const error = caught(() => writeStructureFile(join(folder, 'nan.data'), { ...structure, positions }))
    expect(error.message).toBe('a coordinate of atom 2 is NaN')
    expect(caught(() => readStructureFile(join(folder, 'nan.data'))).message).toContain('no such file')
  })

  it('a structure is not written into a missing folder', () => {
    const error = caught(() => writeStructureFile(join(folder, 'none', 'a.data'), structure))
    expect(error.message).toBe('there is no such folder')
  })
})
