import { PAIR_PARAMETERS, type PairForm } from '../core/force.ts'
import { UserError } from '../errors.ts'
import { addCosine, addOpls } from '../forces/bonded.ts'
import { type LammpsCoulomb, PAIR_FORMS } from '../forces/pair.ts'
import { DEGREE } from '../units.ts'
import { type LammpsData, TERM_KINDS, type TermKind } from './lammpsData.ts'
import type { LammpsRow } from './lammpsSections.ts'
import { parseInteger, parseNumber } from './text.ts'

/** Names of the styles of one simulation, for data files that do not name them. */
export type LammpsStyles = Partial<Record<'pair' | TermKind, string>>

/** A pair style: its functional form and its treatment of charges (`long`: Ewald or particle-mesh Ewald). */
export interface PairStyle {
  readonly form: PairForm | null
  readonly coulomb: LammpsCoulomb | null
}

const COULOMB: readonly LammpsCoulomb[] = ['cut', 'dsf', 'wolf', 'long']
const PAIR_STYLES: ReadonlyMap<string, PairStyle> = new Map([
  ...(Object.keys(PAIR_FORMS) as PairForm[]).flatMap((form): [string, PairStyle][] => {
    const { lammps } = PAIR_FORMS[form]
    if (!lammps) return []
    const withCharges = lammps.coulomb.map((coulomb): [string, PairStyle] => [
      `${lammps.style}/coul/${coulomb}`,
      { form, coulomb },
    ])
    return [[lammps.style, { form, coulomb: null }], ...withCharges]
  }),
  ...COULOMB.map((coulomb): [string, PairStyle] => [`coul/${coulomb}`, { form: null, coulomb }]),
  ['zero', { form: null, coulomb: null }],
])
const TERM_STYLES = {
  bond: ['harmonic', 'morse', 'zero'],
  angle: ['harmonic', 'zero'],
  dihedral: ['opls', 'charmm', 'fourier', 'harmonic', 'zero'],
  improper: ['harmonic', 'cvff', 'zero'],
} as const

/** Parses a list of styles such as `pair=lj/cut/coul/long,bond=harmonic`. @throws UserError for another text */
export function parseLammpsStyles(text: string): LammpsStyles {
  const kinds: readonly string[] = ['pair', ...TERM_KINDS]
  const styles: Record<string, string> = {}
  for (const part of text.split(',')) {
    const [kind = '', name = ''] = part.split('=').map(word => word.trim())
    if (!kinds.includes(kind) || name === '') {
      throw new UserError({
        message: `--styles has '${part}'`,
        hint: `write kind=style with a kind of ${kinds.join(', ')}, such as pair=lj/cut/coul/long,bond=harmonic`,
      })
    }
    styles[kind] = name
  }
  return styles
}

/** The pair style of a name. @throws UserError naming an unsupported style and the supported ones */
export function pairStyle(name: string, where: string): PairStyle {
  const style = PAIR_STYLES.get(name)
  if (style) return style
  throw unsupported('pair', name, [...PAIR_STYLES.keys()], where)
}

/** The style of a bonded term: from the options, otherwise from the comment of the section. @throws UserError for none */
export function termStyle<K extends TermKind>(
  kind: K,
  data: LammpsData,
  styles: LammpsStyles,
): (typeof TERM_STYLES)[K][number] {
  const name = styles[kind] ?? data.coeffs[kind]?.style
  if (name === undefined || name === null) {
    throw new UserError({
      message: `the file has ${kind}s but does not say their style`,
      where: data.coeffs[kind]?.where ?? data.file,
      hint: `give --styles ${kind}=${TERM_STYLES[kind].join('|')}`,
    })
  }
  const supported: readonly string[] = TERM_STYLES[kind]
  if (!supported.includes(name)) {
    throw unsupported(kind, name, supported, data.coeffs[kind]?.where ?? data.file)
  }
  return name as (typeof TERM_STYLES)[K][number]
}

function unsupported(kind: string, name: string, supported: readonly string[], where: string): UserError {
  return new UserError({
    message: `the ${kind} style '${name}' is not supported`,
    where,
    hint: `supported: ${supported.join(', ')}`,
  })
}

/** Parameters and cut-off of one line of pair coefficients. */
export interface PairCoefficients {
  readonly parameters: readonly number[]
  /** Å; null if the line has none. */
  readonly cutoff_A: number | null
}

/**
 * Reads a line of pair coefficients.
 * @param energy eV per unit of energy of the file
 * @param coulombCutoff_A cut-off of Coulomb interactions, which a line may repeat but not change
 */
export function pairCoefficients(
  style: PairStyle,
  row: LammpsRow,
  energy: number,
  coulombCutoff_A: number | undefined,
): PairCoefficients {
  const names: readonly string[] = style.form ? PAIR_PARAMETERS[style.form] : []
  // Only energies depend on the units of the file: lengths are in Å in real and in metal.
  const parameters = names.map((name, k) => {
    const value = parseNumber(row.words[k], name.replace(/_.*/, ''), row.where)
    return name.includes('_eV') ? value * energy : value
  })
  const rho = names.indexOf('rho_A')
  if (rho >= 0 && !(parameters[rho]! > 0)) {
    throw new UserError({ message: `rho is ${parameters[rho]}: it must be positive`, where: row.where })
  }
  const cutoffs = row.words.slice(names.length).map(word => parseNumber(word, 'a cut-off', row.where))
  const allowed = (style.form ? 1 : 0) + (style.coulomb === 'cut' ? 1 : 0)
  if (cutoffs.length > allowed) {
    throw new UserError({
      message: `the line has ${row.words.length} numbers, at most ${names.length + allowed} are expected`,
      where: row.where,
      hint: `${[...names.map(name => name.replace(/_.*/, '')), '[cut-off]'].join(' ')}`,
    })
  }
  // With coul/cut a single cut-off counts for both interactions.
  const own = style.coulomb === 'cut' ? cutoffs.at(-1) : undefined
  if (own !== undefined && own !== coulombCutoff_A) {
    throw new UserError({
      message: `the line sets a Coulomb cut-off of ${own} Å for one pair of types`,
      where: row.where,
      hint: 'Coulomb interactions have one cut-off for all pairs: give it with --cutoff_A',
    })
  }
  return { parameters, cutoff_A: style.form ? (cutoffs[0] ?? null) : null }
}

/** Bond or angle parameters in the order of `BondForce` and `AngleForce`; LAMMPS's K x² is our ½k x². */
export function stretchParameters(
  style: 'harmonic' | 'morse',
  kind: 'bond' | 'angle',
  row: LammpsRow,
  energy: number,
) {
  const number = (k: number, what: string) => parseNumber(row.words[k], what, row.where)
  expectWords(row, style === 'morse' ? 3 : 2)
  if (style === 'morse') return [number(0, 'D') * energy, number(1, 'alpha'), number(2, 'r0')]
  const angle = kind === 'angle' ? DEGREE : 1
  return [2 * number(0, 'K') * energy, number(1, kind === 'angle' ? 'theta0' : 'r0') * angle]
}

/** Parameters [k, χ₀] of a harmonic improper, eV/rad² and rad. */
export function harmonicImproper(row: LammpsRow, energy: number): number[] {
  expectWords(row, 2)
  return [
    2 * parseNumber(row.words[0], 'K', row.where) * energy,
    parseNumber(row.words[1], 'chi0', row.where) * DEGREE,
  ]
}

/** Adds the torsion of one type to a Fourier series [a₀…a_order, b₀…b_order]. */
export type AddTorsion = (series: Float64Array, order: number) => void

/**
 * The Fourier series of a dihedral or cvff improper type, and its highest multiple n of the angle. Formulas:
 * charmm Σ K[1 + cos(nφ − d)], fourier the same over several terms, harmonic and cvff K[1 + d cos nφ], opls
 * ½Σ Kₙ[1 ± cos nφ] (https://docs.lammps.org/dihedral_style.html).
 */
export function torsion(
  style: 'opls' | 'charmm' | 'fourier' | 'harmonic' | 'cvff',
  row: LammpsRow,
  energy: number,
): { order: number; add: AddTorsion } {
  const { words, where } = row
  const number = (k: number, what: string) => parseNumber(words[k], what, where)
  const multiple = (k: number) => {
    const n = parseInteger(words[k], 'n', where)
    if (n >= 0) return n
    throw new UserError({ message: `n is ${n}: it must not be negative`, where })
  }
  if (style === 'opls') {
    expectWords(row, 4)
    const V = [0, 1, 2, 3].map(k => number(k, `K${k + 1}`) * energy)
    return { order: 4, add: (series, order) => addOpls(series, 0, order, V) }
  }
  if (style === 'harmonic' || style === 'cvff') {
    expectWords(row, 3)
    const d = number(1, 'd')
    if (d !== 1 && d !== -1) throw new UserError({ message: `d is ${d}: it must be 1 or -1`, where })
    return cosines([{ k: number(0, 'K') * energy, n: multiple(2), delta: d === 1 ? 0 : Math.PI }])
  }
  const phase = (k: number) => number(k, 'd') * DEGREE
  if (style === 'charmm') {
    expectWords(row, 4)
    const weight = number(3, 'the weighting factor')
    if (weight !== 0) {
      throw new UserError({
        message: `the dihedral's 1-4 weighting factor is ${weight}: only 0 is supported`,
        where,
        hint: 'scale 1-4 interactions with --special-lj and --special-coulomb',
      })
    }
    return cosines([{ k: number(0, 'K') * energy, n: multiple(1), delta: phase(2) }])
  }
  const count = parseInteger(words[0], 'the number of terms', where)
  expectWords(row, 1 + 3 * count)
  return cosines(
    Array.from({ length: count }, (_, m) => ({
      k: number(1 + 3 * m, 'K') * energy,
      n: multiple(2 + 3 * m),
      delta: phase(3 + 3 * m),
    })),
  )
}

function cosines(terms: readonly { k: number; n: number; delta: number }[]): {
  order: number
  add: AddTorsion
} {
  return {
    order: Math.max(0, ...terms.map(({ n }) => n)),
    add: (series, order) => {
      for (const { k, n, delta } of terms) addCosine(series, 0, order, k, n, delta)
    },
  }
}

function expectWords(row: LammpsRow, count: number): void {
  if (row.words.length === count) return
  throw new UserError({
    message: `the line has ${row.words.length} coefficients, the style takes ${count}`,
    where: row.where,
  })
}
