import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createBox } from '../../src/core/box.ts'
import type { Structure } from '../../src/core/structure.ts'
import { createTopology } from '../../src/core/topology.ts'
import { formatPoscar, parsePoscar } from '../../src/files/poscar.ts'
import { arbitraryStructure } from '../tools/arbitraryStructure.ts'
import { caught } from '../tools/caught.ts'
import { itWith, runAse } from '../tools/external.ts'
import { temporaryFolder } from '../tools/folder.ts'

const folder = temporaryFolder()

const POSCAR = `LiCoO2
2
 1.5 0.0 0.0
 0.5 2.0 0.0
 0.0 0.0 3.0
Li_sv Co O
1 1 2
Selective dynamics
Direct
 0.0 0.0 0.0  T T T
 0.5 0.5 0.5  F F F Co
 0.25 0.75 0.5 .TRUE. t T
 1.25 -0.25 0.5 .FALSE. f F
`

describe('POSCAR', () => {
  it('a POSCAR is read with its scale, elements and flags', () => {
    const { comment, structure } = parsePoscar(POSCAR, 'POSCAR')
    expect(comment).toBe('LiCoO2')
    expect(structure.elements).toEqual(['Li', 'Co', 'O', 'O'])
    expect(Array.from(structure.box.matrix)).toEqual([3, 0, 0, 1, 4, 0, 0, 0, 6])
    // Direct coordinates beyond the cell stay there: 1.25 a − 0.25 b + 0.5 c.
    expect(Array.from(structure.positions)).toEqual([0, 0, 0, 2, 2, 3, 1.5, 3, 3, 3.5, -1, 3])
    expect(Array.from(structure.frozen!)).toEqual([0, 1, 0, 1])
    expect(structure).toMatchObject({ types: null, charges: null, masses: null, velocities: null })
  })

  it('Cartesian coordinates of a POSCAR are scaled with the cell', () => {
    const text = POSCAR.replace('Direct', 'Cartesian').replace('Selective dynamics\n', '')
    const { structure } = parsePoscar(text, 'POSCAR')
    expect(Array.from(structure.positions.subarray(3, 6))).toEqual([1, 1, 1])
    expect(structure.frozen).toBeNull()
  })

  it('a negative scale of a POSCAR is the volume', () => {
    const { structure } = parsePoscar(POSCAR.replace('\n2\n', '\n-576\n'), 'POSCAR')
    expect(structure.box.volume).toBeCloseTo(576, 9)
    expect(structure.box.matrix[8]).toBeCloseTo(12, 12)
    expect(structure.positions[5]).toBeCloseTo(6, 12)
  })

  it('velocities of a POSCAR are converted from Å/fs', () => {
    const rows = '0 0 0.001\n0 0.002 0\n0.003 0 0\n0 0 0\n'
    for (const title of ['', 'Cartesian']) {
      const { structure } = parsePoscar(`${POSCAR}${title}\n${rows}`, 'POSCAR')
      expect(Array.from(structure.velocities!)).toEqual([0, 0, 1, 0, 2, 0, 3, 0, 0, 0, 0, 0])
    }
  })

  it('a POSCAR is written and read back with cell, order of elements, positions, velocities and frozen atoms', () => {
    fc.assert(
      fc.property(arbitraryStructure, structure => {
        const back = parsePoscar(formatPoscar(structure, { comment: 'x' }), 'POSCAR')
        expect(back.comment).toBe('x')
        expect(back.structure.frozen).toEqual(structure.frozen)
        expect(back.structure.elements).toEqual(structure.elements)
        expect(back.structure.box.matrix).toEqual(structure.box.matrix)
        structure.positions.forEach((x, k) => {
          expect(back.structure.positions[k]).toBeCloseTo(x, 8)
        })
        structure.velocities?.forEach((v, k) => {
          expect(back.structure.velocities![k]).toBeCloseTo(v, 7)
        })
      }),
    )
  })

  const slab: Structure = {
    elements: ['O', 'Li', 'O'],
    types: null,
    positions: Float64Array.of(0.5, 0.25, 1, -1, 2, 3, 2, 9.5, 4),
    box: createBox([4, 0, 0, 1, 5, 0, 0.5, -0.5, 8]),
    topology: createTopology(3, []),
    charges: null,
    masses: null,
    velocities: null,
    frozen: null,
  }

  itWith('ase', 'is read by ASE', () => {
    const path = join(folder, 'POSCAR')
    writeFileSync(path, formatPoscar({ ...slab, frozen: Uint8Array.of(1, 0, 0) }))
    const seen = runAse(
      `import sys, json, ase.io
a = ase.io.read(sys.argv[1], format='vasp')
print(json.dumps(dict(symbols=a.get_chemical_symbols(), positions=a.positions.round(9).ravel().tolist(),
  cell=a.cell[:].ravel().tolist(), fixed=[int(i) for c in a.constraints for i in c.index])))`,
      path,
    )
    expect(seen).toEqual({
      symbols: slab.elements,
      positions: Array.from(slab.positions),
      cell: Array.from(slab.box.matrix),
      fixed: [0],
    })
  })

  itWith('ase', 'reads what ASE writes', () => {
    for (const direct of ['True', 'False']) {
      const path = join(folder, `ase-${direct}.vasp`)
      runAse(
        `import sys, ase.io
from ase import Atoms
from ase.constraints import FixAtoms
a = Atoms('OLiO', positions=[[0.5, 0.25, 1], [-1, 2, 3], [2, 9.5, 4]], cell=[[4, 0, 0], [1, 5, 0], [0.5, -0.5, 8]], pbc=True)
a.set_constraint(FixAtoms([0, 2]))
ase.io.write(sys.argv[1], a, format='vasp', direct=${direct})
print('null')`,
        path,
      )
      const { structure } = parsePoscar(readFileSync(path, 'utf8'), path)
      expect(structure.elements).toEqual(slab.elements)
      expect(Array.from(structure.frozen!)).toEqual([1, 0, 1])
      slab.positions.forEach((x, k) => {
        expect(structure.positions[k]).toBeCloseTo(x, 9)
      })
    }
  })
})

describe('a malformed POSCAR', () => {
  it.each([
    ['\n2\n', '\ntwo\n', 2, "'two'"],
    ['\n2\n', '\n0\n', 2, 'scaling factor is 0'],
    ['\n2\n', '\n1 1 2\n', 2, 'more than one'],
    [' 0.0 0.0 3.0', ' 0.0 0.0 nan', 5, "'nan'"],
    [' 0.0 0.0 3.0', ' 0.0 0.0 0.0', 3, 'volume'],
    ['Li_sv Co O\n', '', 6, 'VASP 4'],
    ['Li_sv', 'Zz', 6, 'not a chemical element'],
    ['1 1 2\n', '1 1\n', 7, 'line 7 has 2'],
    ['1 1 2\n', '1 0 2\n', 7, 'positive'],
    ['Direct', 'Fractional', 9, "'Fractional'"],
    [' 1.25 -0.25 0.5 .FALSE. f F\n', '', 13, 'ends after 3 of 4'],
    ['0.25 0.75 0.5 .T', '0.25 0.75 x .T', 12, 'coordinate of atom 3'],
    ['T T T', 'T T', 10, 'selective dynamics'],
    ['T T T', 'T F T', 10, 'atom 1 may move along some directions only: T F T'],
    ['F F F', 'F F T', 11, 'or F F F for a frozen one'],
  ])('a POSCAR with %j changed to %j is refused at line %i', (from, to, line, message) => {
    expect(POSCAR).toContain(from)
    const error = caught(() => parsePoscar(POSCAR.replace(from, to), 'POSCAR'))
    expect(`${error.message} ${error.hint}`).toContain(message)
    expect(error.where).toBe(`POSCAR:${line}`)
  })
})
