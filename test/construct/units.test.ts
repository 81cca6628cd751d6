import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadUnit } from '../../src/construct/library.ts'
import { polymerChain } from '../../src/construct/polymer.ts'
import { UserError } from '../../src/errors.ts'

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'hoplite-units-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

function failure(text: string): UserError {
  writeFileSync(join(directory, 'u.yaml'), text)
  try {
    loadUnit('./u.yaml', directory)
  } catch (error) {
    expect(error).toBeInstanceOf(UserError)
    return error as UserError
  }
  throw new Error('it did not fail')
}

const chainOf = (names: readonly string[], reversed: readonly number[] = []) => {
  const units = new Map(names.map(name => [name, loadUnit(name, directory)]))
  return polymerChain(
    'chain',
    names.map((unit, k) => ({ unit, reversed: reversed.includes(k) })),
    units,
  )
}

describe('units', () => {
  test.each(['VDF', 'CHCF', 'Li', 'FSI', 'TFSI'])('the unit %s is shipped', name => {
    expect(loadUnit(name, '.').name).toBe(name)
  })

  test('an unknown unit is refused with the nearest name', () => {
    expect(() => loadUnit('VDFF', '.')).toThrow("there is no unit called 'VDFF'")
    try {
      loadUnit('VDFF', '.')
    } catch (error) {
      expect((error as UserError).hint).toBe('did you mean `VDF`?')
    }
  })

  test('the name of a file beside the recipe without its extension is refused with the file name', () => {
    writeFileSync(join(directory, 'VDG.yaml'), '')
    expect(() => loadUnit('VDG', directory)).toThrow(
      expect.objectContaining({ hint: 'did you mean `VDG.yaml`?' }),
    )
  })

  const bad = (atoms: string, bonds: string) => `name: u\nkind: molecule\natoms:\n${atoms}\nbonds: ${bonds}\n`
  const three = ['a', 'b', 'c'].map(name => `  - { name: ${name}, element: C, type: C }`).join('\n')

  test('mistakes in a unit file are reported with line and key', () => {
    const unknown = failure(bad(three, '[[a, b], [b, d]]'))
    expect(unknown.message).toBe("there is no atom 'd'")
    expect(unknown.where).toMatch(/u\.yaml:7:17 bonds\[1\]$/)
    expect(failure(bad(three, '[[a, b]]')).message).toBe("the atom 'c' is not connected to 'a'")
    expect(failure(bad(three, '[[a, b], [b, c], [c, a]]')).message).toBe('the bond c–a closes a ring')
    const twice = failure(bad(`${three}\n${three}`, '[]'))
    expect(twice.message).toBe("two atoms are called 'a'")
    expect(twice.where).toMatch(/u\.yaml:7:5 atoms\[3\]$/)
    expect(failure(bad(three, '[[a, b], [b, c]]\nhead: a')).message).toBe('unknown key `head`')
  })
})

describe('chains', () => {
  test('a chain of VDF units is H–(CH2–CF2)n–F', () => {
    const chain = chainOf(['VDF', 'VDF', 'VDF'])
    const count = (type: string) => chain.types.filter(name => name === type).length
    expect(chain.types.length).toBe(6 * 3 + 2)
    expect(['C_H3', 'C_H2', 'C_F2', 'C_F3', 'H_p', 'F_p'].map(count)).toEqual([1, 2, 2, 1, 7, 7])
    expect(chain.backbone.map(i => chain.types[i])).toEqual(['C_H3', 'C_F2', 'C_H2', 'C_F2', 'C_H2', 'C_F3'])
    expect(chain.topology.bonds.length / 2).toBe(chain.types.length - 1)
    expect(new Set(chain.topology.molecules)).toEqual(new Set([0]))
  })

  test('a reversed VDF unit gives bonds CF2–CF2 and CH2–CH2', () => {
    const chain = chainOf(['VDF', 'VDF', 'VDF', 'VDF'], [1])
    expect(chain.backbone.map(i => chain.types[i])).toEqual([
      'C_H3',
      'C_F2',
      'C_F2',
      'C_H2',
      'C_H2',
      'C_F2',
      'C_H2',
      'C_F3',
    ])
  })

  test('units of –CH=CF– are joined by single bonds', () => {
    const chain = chainOf(['VDF', 'CHCF', 'CHCF', 'VDF'])
    const { bonds, bondOrders } = chain.topology
    const between = (i: number, j: number) => {
      const m = bondOrders.findIndex(
        (_, k) =>
          Math.min(bonds[2 * k]!, bonds[2 * k + 1]!) === i &&
          Math.max(bonds[2 * k]!, bonds[2 * k + 1]!) === j,
      )
      return bondOrders[m]
    }
    const path = chain.backbone
    expect(path.slice(1).map((atom, k) => between(path[k]!, atom))).toEqual([1, 1, 2, 1, 2, 1, 1])
  })

  test('a unit without caps at the end of a chain and a molecule in a chain are refused', () => {
    expect(() => chainOf(['CHCF', 'VDF'])).toThrow("the unit 'CHCF' has no head cap")
    expect(() => chainOf(['VDF', 'FSI', 'VDF'])).toThrow("'FSI' is a molecule")
  })
})
