import { PAIR_PARAMETERS, type PairForm, type SpecialFactors } from '../core/force.ts'
import { closest, loadYaml, parseYamlDocument, type YamlDocument, type YamlPath } from '../core/yaml.ts'
import { UserError } from '../errors.ts'
import { DEGREE, KCAL_PER_MOL, KJ_PER_MOL } from '../units.ts'
import { type AtomPattern, type Pattern, parseAtomPattern, parsePattern } from './patterns.ts'
import {
  type DihedralFile,
  fileKey,
  type ImproperFile,
  type PairTermFile,
  type PotentialFile,
  potentialSchema,
} from './schema.ts'

/** A potential in internal units (eV, Å, rad, e), with its patterns parsed. Plain data. */
export interface Potential {
  readonly name: string
  readonly file: string
  readonly mixing: 'geometric' | 'arithmetic' | null
  readonly special: { readonly pair: SpecialFactors; readonly coulomb: SpecialFactors }
  /** Recommended factor on the charges of ions. */
  readonly chargeScale: (Provenance & { readonly recommended: number }) | null
  readonly sources: Readonly<Record<string, Source>>
  readonly types: Readonly<Record<string, AtomType>>
  readonly pairs: readonly PairEntry[]
  readonly bonds: readonly (PatternEntry & { readonly term: BondTerm })[]
  readonly angles: readonly (PatternEntry & { readonly term: AngleTerm })[]
  readonly dihedrals: readonly (PatternEntry & { readonly term: DihedralTerm })[]
  readonly impropers: readonly ImproperEntry[]
}

export interface Source {
  readonly citation: string
  readonly doi?: string | undefined
  readonly note?: string | undefined
}

/** Origin of a number: keys into `sources`, and whether it was fitted or carried over. */
export interface Provenance {
  readonly source: readonly string[]
  readonly calibrated: boolean
  readonly analogy: boolean
}

/** Status (*calibrated* or *chosen*), citation and DOI of an entry of a potential, for reports. */
export function originOf({ sources }: Potential, { source, calibrated, analogy }: Provenance) {
  // The last source is the most specific one: `readTypes` puts the source of a charge at the end.
  const cited = sources[source.at(-1) ?? '']
  return {
    status: calibrated ? ('calibrated' as const) : ('chosen' as const),
    source: `${analogy ? 'carried over from a similar group: ' : ''}${cited?.citation ?? ''}`,
    doi: cited?.doi ?? null,
  }
}

export interface AtomType extends Provenance {
  readonly class: string
  readonly element: string
  readonly mass_g_per_mol: number
  readonly charge_e: number
  readonly lennardJones: { readonly epsilon_eV: number; readonly sigma_A: number } | null
  readonly ion: boolean
}

interface Entry extends Provenance {
  /** `file:line:column key` of the entry. */
  readonly where: string
}

export interface PatternEntry extends Entry {
  readonly pattern: Pattern
}

export interface PairEntry extends Entry {
  readonly types: readonly [AtomPattern, AtomPattern]
  /** Parameters in the order of `PAIR_PARAMETERS`. */
  readonly terms: readonly { readonly form: PairForm; readonly parameters: readonly number[] }[]
  readonly cutoff_A: number | null
}

export interface ImproperEntry extends Entry {
  readonly atoms: readonly [AtomPattern, AtomPattern, AtomPattern, AtomPattern]
  /** Index of the central atom in `atoms`. */
  readonly centre: number
  readonly term: ImproperTerm
}

export type BondTerm =
  | { readonly form: 'harmonic'; readonly parameters: readonly [k: number, r0: number] }
  | { readonly form: 'morse'; readonly parameters: readonly [D: number, a: number, r0: number] }
  | { readonly form: 'none' }
export type AngleTerm =
  | { readonly form: 'harmonic'; readonly parameters: readonly [k: number, theta0: number] }
  | { readonly form: 'none' }
/** A Fourier series a₀…, b₀…; see `DihedralForce`. */
export interface FourierSeries {
  readonly cosine: readonly number[]
  readonly sine: readonly number[]
}
export type DihedralTerm = ({ readonly form: 'fourier' } & FourierSeries) | { readonly form: 'none' }
export type ImproperTerm =
  | DihedralTerm
  | { readonly form: 'harmonic'; readonly parameters: readonly [k: number, chi0: number] }

const ENERGY_UNITS = { eV: 1, 'kcal/mol': KCAL_PER_MOL, 'kJ/mol': KJ_PER_MOL } as const

/** Reads a potential from a YAML file. @throws UserError with file, line and key */
export function loadPotential(file: string): Potential {
  return interpret(loadYaml(file, potentialSchema), file)
}

/** Reads a potential from text. @param file name of the file in messages @throws UserError with file, line and key */
export function parsePotential(text: string, file: string): Potential {
  return interpret(parseYamlDocument(text, potentialSchema, file), file)
}

function interpret(document: YamlDocument<PotentialFile>, file: string): Potential {
  const { value: data, where } = document
  const energy = ENERGY_UNITS[data.energy_unit]
  const read = createReader(document)
  const types = readTypes(data, read, energy)
  if (!data.mixing && Object.values(types).some(type => type.lennardJones)) {
    throw new UserError({
      message: 'types carry Lennard-Jones parameters but `mixing` is missing',
      where: where([]),
      hint: 'mixing: geometric | arithmetic',
    })
  }
  if (!data.special && data.bonds.length > 0) {
    throw new UserError({
      message: 'there are bonds but `special` is missing',
      where: where([]),
      hint: 'special: { pair: [0, 0, 0.5], coulomb: [0, 0, 0.5] } scales atoms 1, 2 and 3 bonds apart',
    })
  }
  return {
    name: data.name,
    file,
    mixing: data.mixing ?? null,
    special: data.special ?? { pair: [0, 0, 1], coulomb: [0, 0, 1] },
    chargeScale: data.charge_scale
      ? {
          ...read.entry(data.charge_scale, ['charge_scale']),
          recommended: data.charge_scale.recommended,
        }
      : null,
    sources: data.sources,
    types,
    pairs: data.pairs.map((entry, k) => ({
      ...read.entry(entry, ['pairs', k]),
      types: [
        read.atom(entry.types[0], ['pairs', k, 'types', 0]),
        read.atom(entry.types[1], ['pairs', k, 'types', 1]),
      ],
      terms: entry.terms.map(term => ({ form: term.form, parameters: pairParameters(term, energy) })),
      cutoff_A: entry.cutoff_A ?? null,
    })),
    bonds: data.bonds.map((entry, k) => ({
      ...read.patternEntry(entry, ['bonds', k], 2),
      term: bondTerm(entry, energy),
    })),
    angles: data.angles.map((entry, k) => ({
      ...read.patternEntry(entry, ['angles', k], 3),
      term: angleTerm(entry, energy, where(['angles', k, 'theta0_deg'])),
    })),
    dihedrals: data.dihedrals.map((entry, k) => ({
      ...read.patternEntry(entry, ['dihedrals', k], 4),
      term: dihedralTerm(entry, energy),
    })),
    impropers: data.impropers.map((entry, k) => {
      const atom = (index: 0 | 1 | 2 | 3) => read.atom(entry.atoms[index], ['impropers', k, 'atoms', index])
      return {
        ...read.entry(entry, ['impropers', k]),
        atoms: [atom(0), atom(1), atom(2), atom(3)],
        centre: entry.centre - 1,
        term: improperTerm(entry, energy),
      }
    }),
  }
}

type EntryFile = Pick<PotentialFile['pairs'][number], 'source' | 'calibrated' | 'analogy'>

/** Reads the parts that entries have in common, and checks names against the tables of the file. */
interface Reader {
  sources(keys: string | readonly string[], path: YamlPath): readonly string[]
  entry(entry: EntryFile, path: YamlPath): Entry
  atom(text: string, path: YamlPath): AtomPattern
  patternEntry(
    entry: EntryFile & { readonly pattern: string },
    path: YamlPath,
    atomCount: number,
  ): PatternEntry
}

function createReader({ value: data, where }: YamlDocument<PotentialFile>): Reader {
  const types = Object.entries(data.types)
  const names = new Set(types.flatMap(([name, type]) => [name, type.class]))
  const located = <T>(path: YamlPath, read: () => T): T => {
    try {
      return read()
    } catch (cause) {
      if (!(cause instanceof UserError)) throw cause
      throw new UserError({
        message: cause.message,
        where: where(path),
        hint: cause.hint,
      })
    }
  }
  const sources: Reader['sources'] = (keys, path) =>
    located(path, () => {
      const list = typeof keys === 'string' ? [keys] : keys
      checkSources(list, data)
      return list
    })
  const entry: Reader['entry'] = (file, path) => ({
    source: sources(file.source, [...path, 'source']),
    calibrated: file.calibrated,
    analogy: file.analogy,
    where: where(path),
  })
  return {
    sources,
    entry,
    atom: (text, path) =>
      located(path, () => {
        const pattern = parseAtomPattern(text)
        checkNames([pattern], names)
        return pattern
      }),
    patternEntry: (file, path, atomCount) => ({
      ...entry(file, path),
      pattern: located([...path, 'pattern'], () => {
        const pattern = parsePattern(file.pattern, atomCount)
        checkNames(pattern.atoms, names)
        return pattern
      }),
    }),
  }
}

function readTypes(data: PotentialFile, read: Reader, energy: number): Record<string, AtomType> {
  const entries = Object.entries(data.types).map(([name, type]): [string, AtomType] => {
    const { source, calibrated, analogy } = read.entry(type, ['types', name])
    const chargeSource = type.charge_source ?? []
    return [
      name,
      {
        source: [...new Set([...source, ...read.sources(chargeSource, ['types', name, 'charge_source'])])],
        calibrated,
        analogy,
        class: type.class,
        element: type.element,
        mass_g_per_mol: type.mass_g_per_mol,
        charge_e: type.charge_e,
        lennardJones:
          type.epsilon === undefined || type.sigma_A === undefined
            ? null
            : { epsilon_eV: type.epsilon * energy, sigma_A: type.sigma_A },
        ion: type.ion,
      },
    ]
  })
  return Object.fromEntries(entries)
}

function checkSources(keys: readonly string[], data: PotentialFile): void {
  const unknown = keys.find(key => !Object.hasOwn(data.sources, key))
  if (unknown === undefined) return
  const near = closest(unknown, Object.keys(data.sources))
  throw new UserError({
    message: `the source '${unknown}' is not in the table \`sources\``,
    hint: near ? `did you mean \`${near}\`?` : 'add it with its citation and doi',
  })
}

function checkNames(patterns: readonly AtomPattern[], names: ReadonlySet<string>): void {
  for (const name of patterns.flatMap(pattern => pattern ?? [])) {
    if (names.has(name)) continue
    const near = closest(name, [...names])
    throw new UserError({
      message: `no type or class is called '${name}'`,
      hint: near ? `did you mean \`${near}\`?` : `known: ${[...names].join(', ')}`,
    })
  }
}

function bondTerm(entry: PotentialFile['bonds'][number], energy: number): BondTerm {
  switch (entry.form) {
    case 'none':
      return { form: 'none' }
    case 'harmonic':
      return { form: 'harmonic', parameters: [entry.k * energy, entry.r0_A] }
    case 'morse':
      return { form: 'morse', parameters: [entry.D * energy, entry.a_per_A, entry.r0_A] }
  }
}

/** @throws UserError for an angle that can only be in radians */
function angleTerm(entry: PotentialFile['angles'][number], energy: number, where: string): AngleTerm {
  if (entry.form === 'none') return { form: 'none' }
  const { k, theta0_deg } = entry
  if (theta0_deg > 0 && theta0_deg <= 3.15) {
    throw new UserError({
      message: `an equilibrium angle of ${theta0_deg} degrees`,
      where,
      hint: `in degrees, not in radians: ${(theta0_deg / DEGREE).toFixed(1)}`,
    })
  }
  return { form: 'harmonic', parameters: [k * energy, theta0_deg * DEGREE] }
}

function pairParameters({ form, ...numbers }: PairTermFile, energy: number): readonly number[] {
  const values: Readonly<Record<string, number>> = numbers
  return PAIR_PARAMETERS[form].map(name => values[fileKey(name)]! * (name.includes('_eV') ? energy : 1))
}

function dihedralTerm(entry: DihedralFile, energy: number): DihedralTerm {
  switch (entry.form) {
    case 'none':
      return { form: 'none' }
    case 'opls':
      return cosineSeries(
        entry.V.map((V, k) => ({ k: V / 2, n: k + 1, phase_deg: k % 2 === 0 ? 0 : 180 })),
        energy,
      )
    case 'cosine':
      return cosineSeries(
        entry.k.map((k, index) => ({ k: k / 2, n: index + 1, phase_deg: 180 })),
        energy,
      )
    case 'charmm':
      return cosineSeries(entry.terms, energy)
    case 'harmonic':
      return cosineSeries([{ k: entry.k, n: entry.n, phase_deg: entry.d === 1 ? 0 : 180 }], energy)
  }
}

function improperTerm(entry: ImproperFile, energy: number): ImproperTerm {
  switch (entry.form) {
    case 'none':
      return { form: 'none' }
    case 'charmm':
      return cosineSeries(entry.terms, energy)
    case 'harmonic':
      return { form: 'harmonic', parameters: [entry.k * energy, entry.chi0_deg * DEGREE] }
  }
}

/** Σ k[1 + cos(nφ − δ)] = Σ k + k cos δ cos nφ + k sin δ sin nφ, exact for δ = 0 and 180°. */
function cosineSeries(
  terms: readonly { readonly k: number; readonly n: number; readonly phase_deg: number }[],
  energy: number,
): DihedralTerm {
  const order = Math.max(...terms.map(term => term.n))
  const cosine = new Array<number>(order + 1).fill(0)
  const sine = new Array<number>(order + 1).fill(0)
  for (const { k, n, phase_deg } of terms) {
    const straight = phase_deg % 180 === 0
    const cosPhase = straight ? (phase_deg % 360 === 0 ? 1 : -1) : Math.cos(phase_deg * DEGREE)
    const sinPhase = straight ? 0 : Math.sin(phase_deg * DEGREE)
    cosine[0]! += k * energy
    cosine[n]! += k * energy * cosPhase
    sine[n]! += k * energy * sinPhase
  }
  return { form: 'fourier', cosine, sine }
}
