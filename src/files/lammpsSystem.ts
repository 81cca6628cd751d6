import {
  type CoulombForce,
  type Force,
  PAIR_PARAMETERS,
  type PairForce,
  type SpecialFactors,
} from '../core/force.ts'
import type { System } from '../core/system.ts'
import { UserError } from '../errors.ts'
import { PAIR_FORMS } from '../forces/pair.ts'
import {
  type ConstantsName,
  type CoulombName,
  coulombForce,
  type Interactions,
  truncationOf,
} from '../potentials/interactions.ts'
import { KCAL_PER_MOL, LAMMPS_METAL, LAMMPS_REAL } from '../units.ts'
import { coefficientSection, type LammpsData, type TermKind } from './lammpsData.ts'
import type { LammpsRow } from './lammpsSections.ts'
import {
  harmonicImproper,
  type LammpsStyles,
  type PairCoefficients,
  type PairStyle,
  pairCoefficients,
  pairStyle,
  stretchParameters,
  termStyle,
  torsion,
} from './lammpsStyles.ts'

/** Rules for Lennard-Jones parameters of unlike types (https://docs.lammps.org/pair_modify.html). */
export const LAMMPS_MIXINGS = ['geometric', 'arithmetic', 'sixthpower'] as const
export type LammpsMixing = (typeof LAMMPS_MIXINGS)[number]

/** Settings that are not in a LAMMPS data file but in the input script. */
export interface LammpsOptions {
  /** Styles that replace those in the comments of the file. */
  readonly styles?: LammpsStyles | undefined
  /** Rule for Lennard-Jones parameters of unlike types. Default: geometric. */
  readonly mixing?: LammpsMixing | undefined
  /** Factors for atoms one, two and three bonds apart. Default: 0, 0, 0, as in LAMMPS. */
  readonly specialLJ?: SpecialFactors | undefined
  readonly specialCoulomb?: SpecialFactors | undefined
  /** `lammps`: constants of LAMMPS for the units of the file, and its approximation of erfc. Default: codata2018. */
  readonly constants?: ConstantsName | undefined
}

const NO_SPECIAL: SpecialFactors = [0, 0, 0]

/**
 * The system of a data file with coefficients, in internal units.
 * @throws UserError for unsupported styles, and for coefficients that are missing for types in use
 */
export function lammpsSystem(
  data: LammpsData,
  interactions: Interactions,
  options: LammpsOptions = {},
): System {
  const { structure, typeNames, typeIndex } = data
  const energy = data.units === 'real' ? KCAL_PER_MOL : 1
  const forces: (Force | null)[] = [
    ...nonbondedForces(data, interactions, options, energy),
    bondForce(data, options, energy),
    angleForce(data, options, energy),
    dihedralForce(data, options, energy),
    improperForce(data, options, energy),
  ]
  return {
    atomCount: typeIndex.length,
    elements: structure.elements,
    typeNames,
    typeIndex,
    masses: structure.masses!,
    charges: structure.charges ?? new Float64Array(typeIndex.length),
    topology: structure.topology,
    forces: forces.filter(force => force !== null),
  }
}

/** Name, form and place of the pair style. @throws UserError when it is missing or not supported */
function styleOf(data: LammpsData, styles: LammpsStyles | undefined) {
  const section = data.pairIJCoeffs ?? data.pairCoeffs
  const where = section?.where ?? data.file
  const name = styles?.pair ?? section?.style
  if (name === undefined || name === null) {
    throw new UserError({
      message: 'the file does not say its pair style',
      where,
      hint: 'give --styles pair=lj/cut/coul/long, or pair=zero for none',
    })
  }
  return { name, style: pairStyle(name, where), where }
}

/**
 * The Coulomb method of the pair style of a file.
 * @param asked method that the user asked for. Default: that of the style, pme for coul/long
 * @throws UserError for a method that does not belong to the style
 */
export function lammpsCoulomb(
  data: LammpsData,
  styles: LammpsStyles | undefined,
  asked: CoulombName | undefined,
): CoulombName {
  const { name, style, where } = styleOf(data, styles)
  if (style.coulomb === null) return asked ?? 'none'
  const allowed: readonly CoulombName[] = style.coulomb === 'long' ? ['pme', 'ewald'] : [style.coulomb]
  if (asked === undefined) return allowed[0]!
  if (allowed.includes(asked)) return asked
  throw new UserError({
    message: `the pair style ${name} sums charges with ${allowed.join(' or ')}, not with ${asked}`,
    where,
    hint: 'change --coulomb, or the style with --styles pair=…',
  })
}

function nonbondedForces(
  data: LammpsData,
  interactions: Interactions,
  options: LammpsOptions,
  energy: number,
): (Force | null)[] {
  const { name, style, where } = styleOf(data, options.styles)
  lammpsCoulomb(data, options.styles, interactions.coulomb)
  if (!style.form && interactions.coulomb === 'none') return []
  for (const row of [
    ...(data.pairCoeffs?.rows.values() ?? []),
    ...(data.pairIJCoeffs?.rows.values() ?? []),
  ]) {
    pairCoefficients(style, row, energy, interactions.cutoff_A)
  }
  return [
    style.form ? pairForce(data, interactions, options, name, style, energy) : null,
    interactions.coulomb === 'none' ? null : chargeForce(data, interactions, options, style, where),
  ]
}

function chargeForce(
  { structure, atomStyle, units }: LammpsData,
  interactions: Interactions,
  { constants, specialCoulomb = NO_SPECIAL }: LammpsOptions,
  style: PairStyle,
  where: string,
): CoulombForce | null {
  if (!structure.charges) {
    throw new UserError({
      message: `Coulomb interactions need charges; atoms of style ${atomStyle} have none`,
      where,
      hint: 'write the file with atom style charge or full',
    })
  }
  const force = coulombForce(interactions, structure.box, structure.charges, specialCoulomb)
  if (!force || constants !== 'lammps') return force
  const { coulomb_eV_A } = units === 'real' ? LAMMPS_REAL : LAMMPS_METAL
  return { ...force, constant_eV_A: coulomb_eV_A, erfc: approximatesErfc(style) ? 'lammps' : 'exact' }
}

/** LAMMPS computes erfc to 1.5e-7 in its long-range and dsf styles, and exactly in wolf and in born/coul/dsf. */
function approximatesErfc(style: PairStyle): boolean {
  return style.coulomb === 'long' || (style.coulomb === 'dsf' && style.form !== 'born')
}

function pairForce(
  data: LammpsData,
  interactions: Interactions,
  options: LammpsOptions,
  styleName: string,
  style: PairStyle,
  energy: number,
): PairForce {
  const form = style.form!
  const size = PAIR_PARAMETERS[form].length
  const typeCount = data.typeNames.length
  const used = [...new Set(data.typeIndex)].sort((a, b) => a - b)
  const read = (row: LammpsRow | undefined) =>
    row && pairCoefficients(style, row, energy, interactions.cutoff_A)
  const parameters = new Float64Array(typeCount * typeCount * size)
  const cutoffs = new Float64Array(typeCount * typeCount)
  for (const i of used) {
    for (const j of used.filter(type => type >= i)) {
      const own =
        read(data.pairIJCoeffs?.rows.get(i * typeCount + j)) ??
        (i === j ? read(data.pairCoeffs?.rows.get(i + 1)) : undefined)
      const pair = own ?? mixed(data, interactions.cutoff_A, options, style, styleName, read, i, j)
      for (const at of [i * typeCount + j, j * typeCount + i]) {
        parameters.set(pair.parameters, at * size)
        cutoffs[at] = pair.cutoff_A ?? interactions.cutoff_A
      }
    }
  }
  return {
    kind: 'pair',
    form,
    parameters,
    cutoffs,
    truncation: truncationOf(interactions),
    tailCorrection: interactions.tail_correction && PAIR_FORMS[form].tail !== null,
    special: options.specialLJ ?? NO_SPECIAL,
  }
}

/** Mixes the coefficients of unlike types; LAMMPS does so for Lennard-Jones only. */
function mixed(
  data: LammpsData,
  cutoff_A: number,
  { mixing = 'geometric' }: LammpsOptions,
  style: PairStyle,
  styleName: string,
  read: (row: LammpsRow | undefined) => PairCoefficients | undefined,
  i: number,
  j: number,
): PairCoefficients {
  const typeCount = data.typeNames.length
  const likeOf = (type: number) => {
    const like =
      read(data.pairIJCoeffs?.rows.get(type * typeCount + type)) ?? read(data.pairCoeffs?.rows.get(type + 1))
    if (like) return like
    throw new UserError({
      message: `atom type ${type + 1} (${data.typeNames[type]}) has no line in Pair Coeffs or PairIJ Coeffs`,
      where: (data.pairIJCoeffs ?? data.pairCoeffs)?.where ?? data.file,
    })
  }
  const [a, b] = [likeOf(i), likeOf(j)]
  if (style.form !== 'lennard-jones') {
    throw new UserError({
      message: `types ${i + 1} and ${j + 1} have no coefficients, and the style ${styleName} does not mix`,
      where: (data.pairIJCoeffs ?? data.pairCoeffs)?.where ?? data.file,
      hint: 'give every pair of types in a section PairIJ Coeffs',
    })
  }
  const [epsilonA, sigmaA] = a.parameters as [number, number]
  const [epsilonB, sigmaB] = b.parameters as [number, number]
  const sigma = mixedDistance(sigmaA, sigmaB, mixing)
  const overlap = mixing === 'sixthpower' && sigma > 0 ? (sigmaA * sigmaB) ** 3 / sigma ** 6 : 1
  return {
    parameters: [Math.sqrt(epsilonA * epsilonB) * overlap, sigma],
    cutoff_A: mixedDistance(a.cutoff_A ?? cutoff_A, b.cutoff_A ?? cutoff_A, mixing),
  }
}

function mixedDistance(a: number, b: number, mixing: LammpsMixing): number {
  if (mixing === 'geometric') return Math.sqrt(a * b)
  return mixing === 'arithmetic' ? (a + b) / 2 : ((a ** 6 + b ** 6) / 2) ** (1 / 6)
}

/** Reads the coefficients of every type that occurs. */
function byType<T>(data: LammpsData, kind: TermKind, read: (row: LammpsRow) => T): ReadonlyMap<number, T> {
  const result = new Map<number, T>()
  const coefficients = data.coeffs[kind]
  for (const type of new Set(data.terms[kind].types)) {
    const row = coefficients?.rows.get(type)
    if (!row) {
      throw new UserError({
        message: `${kind} type ${type} has no line in ${coefficientSection(kind)}`,
        where: coefficients?.where ?? data.file,
      })
    }
    result.set(type, read(row))
  }
  return result
}

/** [M·P] parameters of every term. */
function spread(types: Int32Array, parameters: ReadonlyMap<number, ArrayLike<number>>): Float64Array {
  const size = parameters.get(types[0]!)!.length
  const result = new Float64Array(types.length * size)
  types.forEach((type, m) => {
    result.set(parameters.get(type)!, m * size)
  })
  return result
}

function bondForce(data: LammpsData, { styles = {} }: LammpsOptions, energy: number): Force | null {
  const { types, atoms } = data.terms.bond
  if (types.length === 0) return null
  const form = termStyle('bond', data, styles)
  if (form === 'zero') return null
  const parameters = byType(data, 'bond', row => stretchParameters(form, 'bond', row, energy))
  return { kind: 'bond', form, atoms, parameters: spread(types, parameters) }
}

function angleForce(data: LammpsData, { styles = {} }: LammpsOptions, energy: number): Force | null {
  const { types, atoms } = data.terms.angle
  if (types.length === 0) return null
  const form = termStyle('angle', data, styles)
  if (form === 'zero') return null
  const parameters = byType(data, 'angle', row => stretchParameters(form, 'angle', row, energy))
  return { kind: 'angle', atoms, parameters: spread(types, parameters) }
}

function dihedralForce(data: LammpsData, { styles = {} }: LammpsOptions, energy: number): Force | null {
  const { types, atoms } = data.terms.dihedral
  if (types.length === 0) return null
  const style = termStyle('dihedral', data, styles)
  if (style === 'zero') return null
  return { kind: 'dihedral', atoms, ...fourier(data, 'dihedral', style, energy) }
}

function improperForce(data: LammpsData, { styles = {} }: LammpsOptions, energy: number): Force | null {
  const { types, atoms } = data.terms.improper
  if (types.length === 0) return null
  const style = termStyle('improper', data, styles)
  if (style === 'zero') return null
  if (style === 'cvff') {
    return { kind: 'improper', form: 'fourier', atoms, ...fourier(data, 'improper', style, energy) }
  }
  const parameters = byType(data, 'improper', row => harmonicImproper(row, energy))
  return { kind: 'improper', form: 'harmonic', atoms, parameters: spread(types, parameters) }
}

function fourier(
  data: LammpsData,
  kind: 'dihedral' | 'improper',
  style: Parameters<typeof torsion>[0],
  energy: number,
): { order: number; coefficients: Float64Array } {
  const types = data.terms[kind].types
  const torsions = byType(data, kind, row => torsion(style, row, energy))
  const order = Math.max(...[...torsions.values()].map(each => each.order))
  const series = new Map<number, Float64Array>()
  for (const [type, { add }] of torsions) {
    const coefficients = new Float64Array(2 * (order + 1))
    add(coefficients, order)
    series.set(type, coefficients)
  }
  return { order, coefficients: spread(types, series) }
}
