import { describe, expect, it } from 'vitest'
import { elementOfMass, isElement, symbolOfAtomicNumber } from '../../src/core/elements.ts'

describe('the element of an atom type', () => {
  it.each([
    [1.008, null, 'H'],
    [12.0, null, 'C'],
    [12.011, 'CF', 'C'],
    [18.998, 'FS', 'F'],
    [6.941, 'Li', 'Li'],
    [58.6934, null, 'Ni'],
    [58.933, 'CO', 'Co'],
    [22.99, 'NA', 'Na'],
    [35.453, 'CL', 'Cl'],
    [28.085, 'SI', 'Si'],
    [9.0122, 'BE', 'Be'],
    // Hydrogen-mass repartitioning: H of 4 g/mol is no helium, CH and CH3 of 9.019 and 3.035 no beryllium or hydrogen.
    [4.0, 'HC', 'H'],
    [3.024, 'HW', 'H'],
    [9.019, 'CH', 'C'],
    [3.035, 'CT', 'C'],
    [4.0026, null, 'He'],
    // Nothing weighs this.
    [18.5, 'W', 'F'],
    [5.4, null, 'X'],
    [72.0, 'P4', 'X'],
  ])('the element of an atom type of %f g/mol with label %j is %s', (mass, label, element) => {
    expect(elementOfMass(mass, label)).toBe(element)
  })

  it('an atomic number gives its symbol', () => {
    expect([0, 1, 3, 27, 28, 92, 93].map(symbolOfAtomicNumber)).toEqual([
      'X',
      'H',
      'Li',
      'Co',
      'Ni',
      'U',
      undefined,
    ])
    expect([isElement('X'), isElement('Co'), isElement('CO')]).toEqual([true, true, false])
  })
})
