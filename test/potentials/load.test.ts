import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UserError } from '../../src/errors.ts'
import { parsePotential } from '../../src/potentials/load.ts'

const head = `name: test
energy_unit: kcal/mol
mixing: geometric
special: { pair: [0, 0, 0.5], coulomb: [0, 0, 0.5] }
sources:
  s: { citation: a paper, doi: 10.1021/ja9621760 }
types:
  A: { class: c, element: C, mass_g_per_mol: 12, charge_e: 0, epsilon: 0.1, sigma_A: 3, source: s }
`

const load = (text: string) => parsePotential(head + text, 'p.yaml')

function failure(text: string): UserError {
  try {
    parsePotential(text, 'p.yaml')
  } catch (error) {
    expect(error).toBeInstanceOf(UserError)
    return error as UserError
  }
  throw new Error('loading did not fail')
}

/** Energy of a series at φ. */
const evaluate = (text: string, phi: number) => {
  const { term } = load(`dihedrals:\n  - { pattern: '*-*-*-*', source: s, ${text} }\n`).dihedrals[0]!
  if (term.form !== 'fourier') throw new Error('not a series')
  return term.cosine.reduce((sum, a, n) => sum + a * Math.cos(n * phi) + term.sine[n]! * Math.sin(n * phi), 0)
}

// 1 kcal/mol and 1 kJ/mol in eV, NIST conversion table.
const KCAL = 0.0433641
const KJ = 0.01036427

describe('units', () => {
  test('force constants become eV/Å² and eV/rad², angles radians', () => {
    const potential = load(
      'bonds: [{ pattern: c-c, form: harmonic, k: 617.8, r0_A: 1.534, source: s }]\nangles: [{ pattern: c-c-c, form: harmonic, k: 160.6, theta0_deg: 118.24, source: s }]\n',
    )
    const bond = potential.bonds[0]!.term
    const angle = potential.angles[0]!.term
    if (bond.form === 'none' || angle.form === 'none') throw new Error('no term')
    expect(bond.parameters[0]).toBeCloseTo(617.8 * KCAL, 4)
    expect(bond.parameters[1]).toBe(1.534)
    expect(angle.parameters[0]).toBeCloseTo(160.6 * KCAL, 5)
    expect(angle.parameters[1]).toBeCloseTo(2.06368, 5)
    expect(potential.types.A!.lennardJones!.epsilon_eV).toBeCloseTo(0.1 * KCAL, 8)
  })

  test.each([
    ['eV', 1],
    ['kcal/mol', KCAL],
    ['kJ/mol', KJ],
  ])('every energy of a file in %s', (unit, factor) => {
    const text = head.replace('kcal/mol', unit)
    const potential = parsePotential(
      `${text}pairs:
  - { types: [A, A], source: s, terms: [
      { form: buckingham, A: 2, rho_A: 0.3, C_A6: 3 }, { form: morse, D: 4, a_per_A: 1.5, r0_A: 2 },
      { form: born, A: 5, rho_A: 0.3, sigma_A: 2, C_A6: 6, D_A8: 7 }, { form: inverse-twelfth, R_A12: 8 },
      { form: lennard-jones, epsilon: 9, sigma_A: 3 } ] }
bonds: [{ pattern: c-c, form: morse, D: 10, a_per_A: 2, r0_A: 1.5, source: s }]
impropers: [{ atoms: ['*', '*', c, '*'], centre: 3, form: harmonic, k: 11, chi0_deg: 180, source: s }]
`,
      'p.yaml',
    )
    const parameters = potential.pairs[0]!.terms.map(term => term.parameters)
    const expected = [
      [2 * factor, 0.3, 3 * factor],
      [4 * factor, 1.5, 2],
      [5 * factor, 0.3, 2, 6 * factor, 7 * factor],
      [8 * factor],
      [9 * factor, 3],
    ]
    expected.forEach((row, k) => {
      row.forEach((value, n) => {
        expect(parameters[k]![n]).toBeCloseTo(value, 5)
      })
    })
    const bond = potential.bonds[0]!.term
    expect(bond.form === 'morse' && bond.parameters[0]).toBeCloseTo(10 * factor, 5)
    const improper = potential.impropers[0]!.term
    expect(improper.form === 'harmonic' && improper.parameters[1]).toBeCloseTo(Math.PI, 12)
  })
})

describe('dihedral forms agree with their formulas', () => {
  const number = fc.double({ min: -5, max: 5, noNaN: true, noDefaultInfinity: true })
  const phi = fc.double({ min: -Math.PI, max: Math.PI, noNaN: true })
  const series = fc.array(number, { minLength: 4, maxLength: 4 })
  const { cos } = Math

  test('opls', () => {
    fc.assert(
      fc.property(series, phi, (V, x) => {
        const [V1, V2, V3, V4] = V as [number, number, number, number]
        const energy =
          (V1 * (1 + cos(x)) + V2 * (1 - cos(2 * x)) + V3 * (1 + cos(3 * x)) + V4 * (1 - cos(4 * x))) / 2
        expect(evaluate(`form: opls, V: [${V.join(', ')}]`, x)).toBeCloseTo(energy * KCAL, 5)
      }),
    )
  })

  test('cosine (Byutner–Smith)', () => {
    fc.assert(
      fc.property(series, phi, (k, x) => {
        const energy = k.reduce((sum, value, n) => sum + 0.5 * value * (1 - cos((n + 1) * x)), 0)
        expect(evaluate(`form: cosine, k: [${k.join(', ')}]`, x)).toBeCloseTo(energy * KCAL, 5)
      }),
    )
  })

  test('charmm, with any phase, and several terms of one n', () => {
    fc.assert(
      fc.property(series, phi, fc.integer({ min: -180, max: 360 }), (k, x, phase) => {
        const terms = k.map((value, n) => ({ value, n: n % 3, phase: n % 2 ? phase : 180 }))
        const energy = terms.reduce(
          (sum, term) => sum + term.value * (1 + cos(term.n * x - (term.phase * Math.PI) / 180)),
          0,
        )
        const list = terms.map(term => `{ k: ${term.value}, n: ${term.n}, phase_deg: ${term.phase} }`)
        expect(evaluate(`form: charmm, terms: [${list.join(', ')}]`, x)).toBeCloseTo(energy * KCAL, 5)
      }),
    )
  })

  test('harmonic', () => {
    fc.assert(
      fc.property(number, phi, fc.constantFrom(1, -1), fc.integer({ min: 0, max: 6 }), (k, x, d, n) => {
        const energy = k * (1 + d * cos(n * x))
        expect(evaluate(`form: harmonic, k: ${k}, d: ${d}, n: ${n}`, x)).toBeCloseTo(energy * KCAL, 5)
      }),
    )
  })
})

describe('mistakes in a file', () => {
  test('an unknown key', () => {
    const error = failure(`${head}bonds:\n  - { pattern: c-c, form: harmonic, k: 1, r0: 1.5, source: s }\n`)
    expect(error.message).toContain('unknown key `r0`')
    expect(error.message).toContain('`r0_A` is missing')
    expect(`${error.where} ${error.message}`).toContain('p.yaml:10:')
  })

  test('a number without a source', () => {
    const error = failure(`${head}bonds:\n  - { pattern: c-c, form: none }\n`)
    expect(error.message).toBe('the key `source` is missing')
  })

  test('a source that is not in the table', () => {
    const error = failure(`${head}bonds:\n  - { pattern: c-c, form: none, source: t }\n`)
    expect(error.message).toBe("the source 't' is not in the table `sources`")
    expect(error.where).toBe('p.yaml:10:33 bonds[0].source')
  })

  test('a DOI that is none', () => {
    expect(failure(head.replace('10.1021/ja9621760', 'ja9621760')).where).toBe('p.yaml:6:27 sources.s.doi')
  })

  test('a pattern with a class that no type has, or of the wrong length', () => {
    const unknown = failure(`${head}angles: [{ pattern: c-cc-c, form: none, source: s }]\n`)
    expect(unknown.message).toBe("no type or class is called 'cc'")
    expect(unknown.where).toBe('p.yaml:9:12 angles[0].pattern')
    expect(unknown.hint).toBe('did you mean `c`?')
    const short = failure(`${head}angles: [{ pattern: c-c, form: none, source: s }]\n`)
    expect(short.message).toBe("'c-c' is not a pattern of 3 atoms")
  })

  test('half a Lennard-Jones, no mixing rule, no special factors', () => {
    expect(failure(head.replace(', sigma_A: 3', '')).message).toBe('`epsilon` and `sigma_A` go together')
    expect(failure(head.replace('mixing: geometric\n', '')).message).toContain('`mixing` is missing')
    const bonded = `${head}bonds: [{ pattern: c-c, form: none, source: s }]\n`
    expect(failure(bonded.replace(/special:.*\n/, '')).message).toContain('`special` is missing')
  })

  test('an angle in radians', () => {
    const error = failure(
      `${head}angles: [{ pattern: c-c-c, form: harmonic, k: 1, theta0_deg: 1.91, source: s }]\n`,
    )
    expect(error.where).toBe('p.yaml:9:50 angles[0].theta0_deg')
    expect(error.hint).toBe('in degrees, not in radians: 109.4')
  })

  test('a form that does not exist', () => {
    const error = failure(`${head}dihedrals: [{ pattern: c-c-c-c, form: oplss, V: [1], source: s }]\n`)
    expect(error.hint).toBe('did you mean `opls`?')
  })
})
