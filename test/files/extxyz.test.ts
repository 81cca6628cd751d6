import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBox } from '../../src/core/box.ts'
import type { Structure } from '../../src/core/structure.ts'
import { createTopology } from '../../src/core/topology.ts'
import { formatExtxyz, parseExtxyz } from '../../src/files/extxyz.ts'
import { arbitraryStructure } from '../tools/arbitraryStructure.ts'
import { caught } from '../tools/caught.ts'
import { itWith, runAse } from '../tools/external.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hoplite-extxyz-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const HEADER = 'Lattice="10 0 0 0 10 0 0 0 10" Properties=species:S:1:pos:R:3'

const fluoroethene: Structure = {
  elements: ['C', 'C', 'F', 'H'],
  types: ['CM', 'CM', 'F', 'HC'],
  positions: Float64Array.of(0.1, 0.2, 0.3, 1.43, 0.2, 0.3, -0.7123456789, 1.2, 0.3, 2.1, 25.5, -3.25),
  box: createBox([10, 0, 0, 1.5, 11, 0, -2, 0.25, 12]),
  topology: createTopology(4, [0, 1, 0, 2, 1, 3], [2, 1, 1]),
  charges: Float64Array.of(0.1, -0.2, -0.1, 0.2),
  masses: null,
  velocities: Float64Array.from({ length: 12 }, (_, k) => k - 5.5),
  frozen: null,
}

describe('extended XYZ', () => {
  it('every structure is written and read back unchanged', () => {
    fc.assert(
      fc.property(arbitraryStructure, structure => {
        const [frame] = parseExtxyz(formatExtxyz(structure), 'a.extxyz')
        expect(frame!.structure).toEqual(structure)
      }),
    )
  })

  it('frames are written and read back with energies, forces and other keys', () => {
    const forces = Float64Array.from({ length: 12 }, (_, k) => k / 7)
    const first = formatExtxyz(fluoroethene, {
      energy_eV: -12.345678901234,
      forces_eV_per_A: forces,
      info: { image: '3', note: 'a "quoted" \\ word' },
    })
    const frames = parseExtxyz(`${first}\n${formatExtxyz(fluoroethene)}\n`, 'a.extxyz')
    expect(frames).toHaveLength(2)
    expect(frames[0]!.energy_eV).toBe(-12.345678901234)
    frames[0]!.forces_eV_per_A!.forEach((f, k) => {
      expect(f).toBeCloseTo(forces[k]!, 9)
    })
    expect(frames[0]!.info).toEqual({ image: '3', note: 'a "quoted" \\ word' })
    expect(frames[1]).toMatchObject({ energy_eV: null, forces_eV_per_A: null, info: {} })
  })

  it('double and triple bonds are marked at the atom with the lower number', () => {
    const text = formatExtxyz({ ...fluoroethene, topology: createTopology(4, [1, 0, 2, 0, 3, 1], [2, 3, 1]) })
    expect(text.split('\n').map(line => line.split(' ').at(-1))).toEqual([
      '4',
      expect.anything(),
      '=2,#3',
      '4',
      '_',
      '_',
      '',
    ])
  })

  it('a file without the column bonds gives no bonds', () => {
    const [frame] = parseExtxyz(`1\n${HEADER}\nLi 1 2 3\n`, 'a.xyz')
    expect(frame!.structure.topology.bonds).toHaveLength(0)
    expect(frame!.structure).toMatchObject({ types: null, charges: null, velocities: null })
  })

  it('a file of OVITO is read', () => {
    const text = `2
Lattice="4.05 0.0 0.0 0.0 4.05 0.0 0.0 0.0 4.05" Origin="0 0 0" Properties=id:I:1:species:S:1:pos:R:3:velo:R:3:type:I:1 Time=0.5 pbc="T T T"
1 Al 0 0 0 1.5 -2.5 0 1
2 Al 2.025 2.025 0 0 0 0 2
`
    const [frame] = parseExtxyz(text, 'a.xyz')
    expect(frame!.structure.types).toEqual(['1', '2'])
    expect(Array.from(frame!.structure.velocities!.subarray(0, 3))).toEqual([1.5, -2.5, 0])
    expect(frame!.info).toEqual({ Origin: '0 0 0', Time: '0.5' })
  })

  it('brackets, braces, flags and spaces around = are read in the comment line', () => {
    const header = `flag Lattice = {10 0 0 0 10 0 0 0 10} a=[1 2]  Properties=Z:I:1:pos:R:3 b='x y'`
    const [frame] = parseExtxyz(`1\n${header}\n3 1 2 3\n`, 'a.xyz')
    expect(frame!.structure.elements).toEqual(['Li'])
    expect(frame!.info).toEqual({ flag: 'T', a: '1 2', b: 'x y' })
  })

  itWith('ase', 'is read by ASE', () => {
    const path = join(folder, 'ours.extxyz')
    writeFileSync(
      path,
      formatExtxyz(fluoroethene, { energy_eV: 1.5, forces_eV_per_A: new Float64Array(12).fill(2) }),
    )
    const seen = runAse(
      `import sys, json, ase.io
a = ase.io.read(sys.argv[1])
print(json.dumps(dict(symbols=a.get_chemical_symbols(), positions=a.positions.ravel().tolist(),
  cell=a.cell[:].ravel().tolist(), pbc=a.pbc.tolist(), energy=a.get_potential_energy(),
  fz=a.get_forces()[3, 2], types=a.arrays['type'].tolist(), velo=a.arrays['velo'].ravel().tolist(),
  bonds=a.arrays['bonds'].tolist())))`,
      path,
    )
    expect(seen).toEqual({
      symbols: fluoroethene.elements,
      positions: Array.from(fluoroethene.positions),
      cell: Array.from(fluoroethene.box.matrix),
      pbc: [true, true, true],
      energy: 1.5,
      fz: 2,
      types: fluoroethene.types,
      velo: Array.from(fluoroethene.velocities!),
      bonds: ['=2,3', '4', '_', '_'],
    })
  })

  itWith('ase', 'brings its frozen atoms to ASE as FixAtoms', () => {
    const path = join(folder, 'frozen.extxyz')
    writeFileSync(path, formatExtxyz({ ...fluoroethene, frozen: Uint8Array.of(1, 0, 0, 1) }))
    const seen = runAse(
      `import sys, json, ase.io
a = ase.io.read(sys.argv[1])
print(json.dumps([[type(c).__name__, c.index.tolist()] for c in a.constraints]))`,
      path,
    )
    expect(seen).toEqual([['FixAtoms', [0, 3]]])
  })

  itWith('ase', 'takes the frozen atoms of ASE', () => {
    const path = join(folder, 'fixed.extxyz')
    runAse(
      `import sys, ase.io
from ase import Atoms
from ase.constraints import FixAtoms
a = Atoms('LiCoO', positions=[[0, 0, 0.25], [1.4, 2.4, 0], [5, 5, 5]], cell=[8, 8, 8], pbc=True)
a.set_constraint(FixAtoms([1]))
ase.io.write(sys.argv[1], a, format='extxyz', columns=['symbols', 'positions', 'move_mask'])
print('null')`,
      path,
    )
    const [frame] = parseExtxyz(readFileSync(path, 'utf8'), path)
    expect(Array.from(frame!.structure.frozen!)).toEqual([0, 1, 0])
  })

  it('three equal flags of an atom are read as one', () => {
    const rows = 'Li 0 0 0 T T T\nO 5 5 5 F F F\n'
    const [frame] = parseExtxyz(`2\n${HEADER}:move_mask:L:3\n${rows}`, 'a.xyz')
    expect(Array.from(frame!.structure.frozen!)).toEqual([0, 1])
    const [free] = parseExtxyz(`1\n${HEADER}:move_mask:L:1\nLi 0 0 0 T\n`, 'a.xyz')
    expect(free!.structure.frozen).toBeNull()
  })

  it.each([
    ['L:3', 'T F T', 3, 'atom 1 may move along some directions only: T F T'],
    ['L:1', 'yes', 3, "move_mask of atom 1 is 'yes'"],
    ['L:2', 'T T', 2, 'move_mask:L:2'],
    ['R:1', '1.0', 2, 'move_mask:R:1'],
  ])('move_mask:%s with %j is refused', (kind, flags, line, message) => {
    const error = caught(() => parseExtxyz(`1\n${HEADER}:move_mask:${kind}\nLi 0 0 0 ${flags}\n`, 'a.xyz'))
    expect(error.message).toContain(message)
    expect(error.where).toBe(`a.xyz:${line}`)
  })

  itWith('ase', 'reads what ASE writes', () => {
    const path = join(folder, 'ase.extxyz')
    const speeds = runAse(
      `import sys, json, ase.io, ase.units
from ase import Atoms
a = Atoms('LiCoO', positions=[[0, 0, 0.25], [1.4, 2.4, 0], [5, 5, 5]], cell=[[6, 0, 0], [1, 7, 0], [0, 0, 8]], pbc=True)
a.set_initial_charges([1, 3, -2])
a.set_velocities([[1, 0, 0], [0, 2, 0], [0, 0, -3]])
ase.io.write(sys.argv[1], [a, a], format='extxyz')
print(json.dumps((a.get_velocities() * 1000 * ase.units.fs).ravel().tolist()))`,
      path,
    ) as number[]
    const frames = parseExtxyz(readFileSync(path, 'utf8'), path)
    expect(frames).toHaveLength(2)
    const { elements, positions, box, charges, velocities } = frames[1]!.structure
    expect(elements).toEqual(['Li', 'Co', 'O'])
    expect(Array.from(positions)).toEqual([0, 0, 0.25, 1.4, 2.4, 0, 5, 5, 5])
    expect(Array.from(box.matrix)).toEqual([6, 0, 0, 1, 7, 0, 0, 0, 8])
    expect(Array.from(charges!)).toEqual([1, 3, -2])
    speeds.forEach((speed, k) => {
      expect(velocities![k]).toBeCloseTo(speed, 2)
    })
  })
})

describe('a malformed extended XYZ file', () => {
  it.each([
    ['', 1, 'no atoms'],
    ['two\n', 1, "'two'"],
    ['0\n\n', 1, 'number of atoms is 0'],
    ['1\ncomment\nLi 0 0 0\n', 2, 'no Lattice'],
    ['1\nLattice="1 0 0"\nLi 0 0 0\n', 2, '3 numbers'],
    ['1\nLattice="1 0 0 0 1 0 0 0 x"\nLi 0 0 0\n', 2, "'x'"],
    ['1\nLattice="1 0 0 0 1 0 0 0 0"\nLi 0 0 0\n', 2, 'volume'],
    [`1\n${HEADER} pbc="T T F"\nLi 0 0 0\n`, 2, 'periodic'],
    ['1\nLattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R\nLi 0 0 0\n', 2, 'Properties'],
    ['1\nLattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:2\nLi 0 0\n', 2, 'pos:R:3'],
    ['1\nLattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1\nLi\n', 2, 'no pos'],
    ['1\nLattice="9 0 0 0 9 0 0 0 9" Properties=pos:R:3\n0 0 0\n', 2, 'neither species nor Z'],
    [`2\n${HEADER}\nLi 0 0 0\n`, 4, 'ends after 1 of 2'],
    [`2\n${HEADER}\nLi 0 0 0\nLi 0 0\n`, 4, '3 columns'],
    [`2\n${HEADER}\nLi 0 0 0\nLi 0 NaN 0\n`, 4, "'NaN'"],
    [`1\n${HEADER}\nQq 0 0 0\n`, 3, 'is not a chemical element'],
    [`1\n${HEADER}:charge:R:1\nLi 0 0 0 +-1\n`, 3, 'charge of atom 1'],
    [`2\n${HEADER}:bonds:S:1\nLi 0 0 0 2\nLi 0 0 0 1\n`, 4, "bonded to '1'"],
    [`2\n${HEADER}:bonds:S:1\nLi 0 0 0 ~2\nLi 0 0 0 _\n`, 3, "bonded to '~2'"],
    [`1\n${HEADER} energy=low\nLi 0 0 0\n`, 2, 'energy'],
  ])('the extended XYZ file %j is refused at line %i', (text, line, message) => {
    const error = caught(() => parseExtxyz(text, 'a.xyz'))
    expect(error.where).toBe(`a.xyz:${line}`)
    expect(error.message).toContain(message)
  })
})
