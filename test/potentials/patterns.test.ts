import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UserError } from '../../src/errors.ts'
import {
  compareSpecificity,
  formatSequence,
  matches,
  mostSpecific,
  parsePattern,
  type Sequence,
} from '../../src/potentials/patterns.ts'

/** `C-C=F` as a sequence whose types are the classes with a prime. */
function sequence(text: string): Sequence {
  const classes = text.split(/[-=#]/)
  return {
    classes,
    types: classes.map(name => `${name}'`),
    bondOrders: [...text].flatMap(c => ('-=#'.includes(c) ? ['-=#'.indexOf(c) + 1] : [])),
  }
}
const hits = (pattern: string, text: string) =>
  matches(parsePattern(pattern, text.split(/[-=#]/).length), sequence(text))
const noType = (_name: string) => false
const compare = (a: string, b: string, count: number, isType = noType) =>
  Math.sign(compareSpecificity(parsePattern(a, count), parsePattern(b, count), isType))

describe('parsePattern', () => {
  test('reads classes, choices, wildcards and bonds', () => {
    expect(parsePattern('{pC,dC}-dC=dC~*', 4)).toEqual({
      text: '{pC,dC}-dC=dC~*',
      atoms: [['pC', 'dC'], ['dC'], ['dC'], null],
      bondOrders: [1, 2, 0],
    })
  })

  test.each([
    ['pC-pC', 3],
    ['pC_pC-', 2],
    ['pC pC', 2],
    ['', 1],
    ['{pC}-{,dC}', 2],
    ['pC--pC', 2],
    ['-pC', 2],
  ])('refuses %j as a pattern of %i atoms', (text, count) => {
    expect(() => parsePattern(text, count)).toThrow(UserError)
  })
})

describe('matches', () => {
  test('classes, types, choices, wildcards', () => {
    expect(hits('pC-pF', 'pC-pF')).toBe(true)
    expect(hits("pC'-pF", 'pC-pF')).toBe(true)
    expect(hits('{pC,dC}-pF', 'dC-pF')).toBe(true)
    expect(hits('*-pF', 'dC-pF')).toBe(true)
    expect(hits('pC-pC', 'pC-pF')).toBe(false)
  })

  test('bond orders', () => {
    expect(hits('dC=dC', 'dC=dC')).toBe(true)
    expect(hits('dC-dC', 'dC=dC')).toBe(false)
    expect(hits('dC~dC', 'dC#dC')).toBe(true)
    expect(hits('dC=dC-pC', 'dC-dC=pC')).toBe(false)
  })

  test('either direction, for any sequence and pattern', () => {
    const name = fc.constantFrom('A', 'B', 'C')
    const bond = fc.constantFrom('-', '=')
    const path = fc.tuple(name, bond, name, bond, name, bond, name).map(parts => parts.join(''))
    fc.assert(
      fc.property(path, path, (pattern, text) => {
        const reversed = text.split('').reverse().join('')
        expect(hits(pattern, text)).toBe(pattern === text || pattern === reversed)
        expect(hits(pattern, reversed)).toBe(hits(pattern, text))
        expect(formatSequence(sequence(reversed))).toBe(formatSequence(sequence(text)))
      }),
    )
  })
})

describe('specificity', () => {
  test('a wildcard is less specific than a choice, a choice than a class, a class than a type', () => {
    expect(compare('pC-pC', '{pC,dC}-pC', 2)).toBe(-1)
    expect(compare('{pC,dC}-pC', '*-pC', 2)).toBe(-1)
    expect(compare('{pC,dC}-{pC,dC}', '*-pC', 2)).toBe(-1)
    expect(compare('C_H2-pC', 'pC-pC', 2, name => name === 'C_H2')).toBe(-1)
    expect(compare('dC=dC', 'dC~dC', 2)).toBe(-1)
    expect(compare('pC-dC', 'dC-pC', 2)).toBe(0)
  })

  test('the most specific entry is chosen whatever the order of the file', () => {
    const texts = ['*-dC=dC-*', 'dH-dC=dC-*', 'dH-dC=dC-pC']
    const query = sequence('pC-dC=dC-dH')
    fc.assert(
      fc.property(fc.shuffledSubarray(texts, { minLength: 1 }), subset => {
        const entries = subset.map(text => parsePattern(text, 4)).filter(p => matches(p, query))
        const selection = mostSpecific(entries, entry => entry, noType)
        const expected = texts.findLast(text => subset.includes(text))
        expect(selection.kind === 'found' && selection.entry.text).toBe(expected)
      }),
    )
  })

  test('equal rank is ambiguous, nothing is missing', () => {
    const entries = ['dH-dC-*', '*-dC-pC'].map(text => parsePattern(text, 3))
    const selection = mostSpecific(entries, entry => entry, noType)
    expect(selection.kind).toBe('ambiguous')
    expect(mostSpecific([], (entry: never) => entry, noType).kind).toBe('missing')
  })
})
