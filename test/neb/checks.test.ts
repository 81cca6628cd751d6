import { describe, expect, it } from 'vitest'
import { createBox, orthorhombicBox } from '../../src/core/box.ts'
import type { Structure } from '../../src/core/structure.ts'
import type { UserError } from '../../src/errors.ts'
import { checkEndpoints, type EndpointOptions } from '../../src/neb/checks.ts'
import { structureOf } from './helpers/surfaces.ts'

const NAMES = { initial: 'a.vasp', final: 'b.vasp' }
const FRAME = [
  ['O', 0, 0, 0],
  ['O', 4, 0, 0],
  ['Ni', 0, 4, 0],
] as const
const from = structureOf([...FRAME, ['Li', 4, 4, 0]])
const to = structureOf([...FRAME, ['Li', 4, 4, 3]])

function refusal(initial: Structure, final: Structure, options?: EndpointOptions): UserError {
  try {
    checkEndpoints(initial, final, NAMES, options)
  } catch (error) {
    return error as UserError
  }
  throw new Error('nothing was refused')
}

describe('the ends of a band', () => {
  it('pass when one ion hops', () => {
    expect(() => checkEndpoints(from, to, NAMES)).not.toThrow()
  })

  it('must hold the same number of atoms', () => {
    const error = refusal(from, structureOf(FRAME))
    expect(error.message).toBe('a.vasp has 4 atoms, b.vasp has 3 (Li: 1 and 0)')
  })

  it('must list two atoms of different kinds in one order', () => {
    const [first, second, third] = FRAME
    const error = refusal(from, structureOf([first, third, second, ['Li', 4, 4, 3]]))
    expect(error.message).toContain('atom 2 is O in a.vasp but Ni in b.vasp')
    expect(error.message).toContain('atom 3 is Ni in a.vasp but O in b.vasp')
    expect(error.hint).toBe('exchange atoms 2 and 3 of b.vasp')
  })

  it('must list all atoms in one order', () => {
    const error = refusal(from, structureOf([['Li', 4, 4, 3], ...FRAME]))
    expect(error.message).toContain(
      'another order: 3 of 4 differ, first atom 1 is O in a.vasp but Li in b.vasp',
    )
  })

  it('must agree in types of atoms where both have them', () => {
    const types = (name: string) => ({ types: ['O', 'O', 'Ni', name] })
    const error = refusal({ ...from, ...types('Li') }, { ...to, ...types('Li_mobile') })
    expect(error.message).toContain('atom 4 is Li in a.vasp but Li_mobile in b.vasp')
    expect(() => checkEndpoints({ ...from, ...types('Li') }, to, NAMES)).not.toThrow()
  })

  it('must share a cell', () => {
    const error = refusal(from, { ...to, box: orthorhombicBox(20, 20.1, 20) })
    expect(error.message).toContain('b is (0.0000, 20.0000, 0.0000) and (0.0000, 20.1000, 0.0000) Å')
    expect(error.message).not.toContain('c is')
  })

  it('must freeze the same atoms', () => {
    const error = refusal({ ...from, frozen: Uint8Array.of(1, 1, 0, 0) }, to)
    expect(error.message).toBe('atom 1 (O) is frozen in a.vasp but not in b.vasp (and 1 more)')
  })

  it('must not move frozen atoms', () => {
    const frozen = Uint8Array.of(0, 0, 0, 1)
    expect(refusal({ ...from, frozen }, { ...to, frozen }).message).toContain(
      'atom 4 (Li) is frozen, yet moves by 3.000 Å',
    )
  })

  it('must differ', () => {
    expect(refusal(from, from).message).toContain('no atom moves')
  })

  it('may have an atom listed on the other side of the cell', () => {
    const across = structureOf([['O', 19.9, 0, 20.05], ...FRAME.slice(1), ['Li', 4, 4, 3]])
    expect(() => checkEndpoints(from, across, NAMES)).not.toThrow()
  })

  it('must not move an atom by half the cell, unless a via point says which way', () => {
    const half = structureOf([...FRAME, ['Li', 4, 4, 10.1]])
    const error = refusal(from, half)
    expect(error.message).toContain('atom 4 (Li) moves by about half the cell: 9.90 Å one way, 10.10 Å')
    const via = [structureOf([...FRAME, ['Li', 4, 4, 5]]).positions]
    expect(() => checkEndpoints(from, half, NAMES, { via })).not.toThrow()
  })

  it('must lie apart from the via points next to them', () => {
    expect(refusal(from, to, { via: [to.positions] }).message).toBe(
      'via point 1 and the final end are the same structure: no atom moves between them',
    )
    expect(refusal(from, to, { via: [from.positions] }).message).toContain('the initial end and via point 1')
  })

  it('may move an atom by half a vector of a skewed cell if the other images are far', () => {
    const box = createBox([20, 0, 0, -10, 17.32, 0, 0, 0, 20])
    expect(() => checkEndpoints({ ...from, box }, { ...to, box }, NAMES)).not.toThrow()
  })
})

describe('atoms of one kind', () => {
  const lithium = (...z: number[]) => structureOf(z.map(height => ['Li', 5, 5, height]))

  it('must not change places', () => {
    const error = refusal(lithium(0, 3, 8), lithium(3.1, 0, 8))
    expect(error.message).toContain('atoms 1 (Li) and 2 (Li) have changed places')
    expect(error.hint).toContain('exchange atoms 1 and 2 of the final end')
  })

  it('must not go round in a ring', () => {
    const error = refusal(lithium(0, 3, 6), lithium(3, 6, 0))
    expect(error.message).toContain('atoms 1 (Li), 2 (Li), 3 (Li) each take the place of the next')
    expect(error.hint).toContain('list atoms 3, 1, 2 as 1, 2, 3')
  })

  it('must not all move up one place, as when another vacancy was left out of the list', () => {
    const error = refusal(lithium(0, 2, 4, 6, 8), lithium(2, 4, 6, 8, 10))
    expect(error.message).toContain('1 (Li), 2 (Li), 3 (Li), 4 (Li), 5 (Li) each take the place of the next')
    expect(error.message).toContain('number them differently by one')
  })

  it('may push one another on in concert', () => {
    expect(() => checkEndpoints(lithium(0, 2, 4), lithium(2, 4, 6), NAMES)).not.toThrow()
  })
})

describe('atoms that run into each other', () => {
  const apart = structureOf([
    ['Li', 5, 5, 5],
    ['Ni', 8, 5, 5],
  ])
  const exchanged = structureOf([
    ['Li', 8, 5, 5],
    ['Ni', 5, 5.3, 5],
  ])

  it('are named with the image where they meet', () => {
    const error = refusal(apart, exchanged, { images: 7 })
    expect(error.message).toContain('atoms 1 (Li) and 2 (Ni) run into each other')
    expect(error.message).toContain('0.15 Å apart near image 4 of 7')
  })

  it('are found through the face of the cell', () => {
    const move = (structure: Structure, by: number) => ({
      ...structure,
      positions: structure.positions.map((x, k) => (k === 0 ? x + by : x)),
    })
    expect(refusal(move(apart, 20), move(exchanged, -20)).message).toContain('50 % of the way')
  })

  it('may be led round each other by a via point or IDPP', () => {
    const via = [
      structureOf([
        ['Li', 6.5, 6.5, 5],
        ['Ni', 6.5, 3.5, 5],
      ]).positions,
    ]
    expect(() => checkEndpoints(apart, exchanged, NAMES, { via })).not.toThrow()
    expect(() => checkEndpoints(apart, exchanged, NAMES, { path: 'idpp' })).not.toThrow()
  })
})
