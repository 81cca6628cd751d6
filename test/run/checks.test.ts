import { describe, expect, it } from 'vitest'
import { createBox, orthorhombicBox } from '../../src/core/box.ts'
import type { Structure } from '../../src/core/structure.ts'
import { createTopology } from '../../src/core/topology.ts'
import { UserError } from '../../src/errors.ts'
import {
  about,
  checkBoxAgainstCutoff,
  checkOverlaps,
  checkPositions,
  remarksOnSmallCell,
} from '../../src/run/checks.ts'
import { caught } from '../tools/caught.ts'

const atoms = (positions: number[], box = orthorhombicBox(10, 10, 10)): Structure => ({
  elements: positions.filter((_, k) => k % 3 === 0).map((_, k) => (k % 2 === 0 ? 'Li' : 'F')),
  types: null,
  positions: Float64Array.from(positions),
  box,
  topology: createTopology(positions.length / 3, []),
  charges: null,
  masses: null,
  velocities: null,
  frozen: null,
})

describe('overlaps', () => {
  it.each([
    ['in the cell', [1, 1, 1, 5, 5, 5, 1, 1, 1.3], 'atoms 1 (Li) and 3 (Li) overlap: 0.300 Å apart'],
    [
      'across a face',
      [0.1, 1, 1, 5, 5, 5, 2, 2, 2, 9.9, 1, 1],
      'atoms 1 (Li) and 4 (F) overlap: 0.200 Å apart',
    ],
    ['some cells away', [1, 1, 1, 21, -19, 1], 'atoms 1 (Li) and 2 (F) overlap: 0.000 Å apart'],
    ['of three', [1, 1, 1, 1, 1, 1.2, 1, 1.2, 1], 'and 2 more pairs'],
  ])('%s are found and named', (_where, positions, message) => {
    const error = caught(() => checkOverlaps(atoms(positions), 'box.extxyz'))
    expect(error.message).toContain(message)
    expect(error.where).toBe('box.extxyz')
  })

  it('are found in a skewed cell', () => {
    const box = createBox([10, 0, 0, 4, 9, 0, -3, 2, 8])
    // The second atom is the first one, a + b − c away, moved by 0.2 Å.
    const error = caught(() => checkOverlaps(atoms([1, 1, 1, 18.2, 8, -7], box), 'box'))
    expect(error.message).toContain('0.200 Å apart')
  })

  it('are not seen where atoms are merely close', () => {
    expect(() => checkOverlaps(atoms([1, 1, 1, 1, 1, 1.41, 9.7, 1, 1.8]), 'box')).not.toThrow()
  })
})

describe('positions', () => {
  it.each([
    [Number.NaN, 'atom 2 (F) has the coordinate NaN Å'],
    [Number.NEGATIVE_INFINITY, 'atom 2 (F) has the coordinate -Infinity Å'],
    [2e7, 'atom 2 (F) has the coordinate 20000000 Å'],
  ])('of %d Å are refused', (x, message) => {
    expect(caught(() => checkPositions(atoms([1, 1, 1, 5, x, 5]), 'box')).message).toBe(message)
  })

  it('may be several cells away', () => {
    expect(() => checkPositions(atoms([1e5, -1e5, 3]), 'box')).not.toThrow()
  })
})

describe('a box', () => {
  it('must be twice the cut-off high between its faces, not along its edges', () => {
    const topology = createTopology(2, [0, 1])
    expect(() =>
      checkBoxAgainstCutoff({ box: orthorhombicBox(20, 18, 19), topology }, 9, 'box'),
    ).not.toThrow()
    // Edges of 20 Å at 60°: faces 17.3 Å apart.
    const skewed = createBox([20, 0, 0, 10, 10 * Math.sqrt(3), 0, 0, 0, 20])
    const error = caught(() => checkBoxAgainstCutoff({ box: skewed, topology }, 9, 'box'))
    expect(error.message).toContain('17.32 Å')
    expect(error.hint).toContain('at most 8.66 Å')
    expect(error.hint).toContain('at least 18 Å along each height, such as this one repeated 2 × 2 × 1')
  })

  it('may be smaller where nothing is bonded, with a remark for dynamics', () => {
    const box = orthorhombicBox(20, 8, 19)
    expect(() => checkBoxAgainstCutoff({ box, topology: createTopology(2, []) }, 9, 'box')).not.toThrow()
    expect(remarksOnSmallCell(box, 9)[0]).toContain('8.00 Å high in its shortest direction')
    expect(remarksOnSmallCell(orthorhombicBox(20, 18, 19), 9)).toEqual([])
  })
})

describe('about', () => {
  const refuse = (where?: string) => () => {
    throw new UserError({ message: 'wrong', hint: 'right', ...(where !== undefined && { where }) })
  }

  it.each([
    [undefined, 'box.extxyz'],
    ['potential.yaml', 'potential.yaml, for box.extxyz'],
    ['box.extxyz:3', 'box.extxyz:3'],
  ])('adds the place to an error at %s', (where, expected) => {
    const error = caught(() => about('box.extxyz', refuse(where)))
    expect(error).toMatchObject({ message: 'wrong', where: expected, hint: 'right' })
  })

  it('lets results and other errors through', () => {
    expect(about('x', () => 5)).toBe(5)
    const defect = new TypeError('a defect')
    expect(() =>
      about('x', () => {
        throw defect
      }),
    ).toThrow(defect)
  })
})
