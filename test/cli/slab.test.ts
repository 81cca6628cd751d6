import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { readStructureFile } from '../../src/files/structureFile.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { document, hoplite, POTENTIAL, refusal } from './hoplite.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

const SLAB = `name: lco-104
system:
  build:
    crystal: { prototype: layered, a_A: 2.816, c_A: 14.05, z_oxygen: 0.24, metals: { Co: 1 } }
    types: { Co: Co3 }
    slab: { miller: [1, 0, 4], layers: 3, repeat: [2, 1], vacuum_A: 12, frozen_layers: 1 }
`

beforeEach(() => writeFileSync(at('slab.yaml'), SLAB))

describe('hoplite build of a slab', () => {
  it('a slab is built without stages and without a potential', async () => {
    const report = await document('build', at('slab.yaml'), '--out', at('slab.extxyz'), '--force')
    expect(report).toMatchObject({
      atoms: 24,
      frozen_atoms: 8,
      composition: { Li: 6, Co: 6, O: 12 },
      stoichiometric: true,
      surface: { miller: [1, 0, 4], layers: 3 },
    })
    const { types, frozen } = readStructureFile(at('slab.extxyz'))
    expect(new Set(types)).toEqual(new Set(['Li', 'Co3', 'O']))
    expect(Array.from(frozen!)).toEqual(Array.from({ length: 24 }, (_, atom) => (atom < 8 ? 1 : 0)))
  })

  it('frozen layers of a slab are kept in a POSCAR, and a note tells that LAMMPS data have none', async () => {
    await document('build', at('slab.yaml'), '--out', at('slab.vasp'), '--force')
    expect(readStructureFile(at('slab.vasp')).frozen!.reduce((sum, flag) => sum + flag, 0)).toBe(8)
    const { code, stdout, stderr } = await hoplite('build', at('slab.yaml'), '--out', at('slab.data'))
    expect(code).toBe(0)
    expect(stderr).toContain('a LAMMPS data file has no frozen atoms')
    expect(stdout).toContain('24 atoms')
    expect(stdout).toContain('(1 0 4) slab of 3 layers')
  })

  it('the order of random metals depends on the seed', async () => {
    writeFileSync(at('slab.yaml'), SLAB.replace('Co: 1 ', 'Co: 0.5, Ni: 0.5 '))
    const elements: (readonly string[])[] = []
    for (const [k, seed] of ['1', '1', '2'].entries()) {
      await document('build', at('slab.yaml'), '--out', at(`${k}.vasp`), '--seed', seed)
      elements.push(readStructureFile(at(`${k}.vasp`)).elements)
    }
    expect(elements[1]).toEqual(elements[0])
    expect(elements[2]).not.toEqual(elements[0])
  })

  it.each([
    ['vacuum_A: 12', 'vacuum_A: 12, vacum_A: 2', 'unknown key `vacum_A`', /slab\.yaml:6:\d+ .*\.vacum_A$/],
    [
      '  build:',
      `  potential: ${POTENTIAL}\n  build:`,
      /has no atom type Co3/,
      /slab\.yaml:4:3 system\.build$/,
    ],
    [
      'miller: [1, 0, 4]',
      'miller: [0, 0, 0]',
      /is not a surface/,
      /slab\.yaml:6:\d+ system\.build\.slab\.miller$/,
    ],
  ])('a slab recipe with %j changed to %j is refused', async (from, to, message, where) => {
    writeFileSync(at('slab.yaml'), SLAB.replace(from, to))
    const said = await refusal('build', at('slab.yaml'), '--out', at('never.vasp'))
    expect(said.message).toMatch(message)
    expect(said.where).toMatch(where)
  })

  it('molecular dynamics of a slab recipe is refused', async () => {
    const said = await refusal('md', at('slab.yaml'))
    expect(said.where).toBe(`${at('slab.yaml')}:3:3 system.build`)
    expect(said.hint).toContain('hoplite build')
  })
})
