import * as z from 'zod'
import { PAIR_PARAMETERS, type PairForm } from '../core/force.ts'
import { PAIR_FORMS } from '../forces/pair.ts'

/**
 * The format of a potential file. Lengths in Å, angles in degrees, charges in e, energies in the file's `energy_unit`
 * (force constants per Å² or rad²). Every entry names its source; a number fitted for this project is marked
 * `calibrated`, a number from a similar chemical group `analogy`.
 */

const provenance = {
  /** Keys into `sources`. */
  source: z.union([z.string(), z.array(z.string()).min(1)]),
  calibrated: z.boolean().default(false),
  analogy: z.boolean().default(false),
  note: z.string().optional(),
}

const sourceSchema = z.strictObject({
  citation: z.string(),
  doi: z
    .string()
    .regex(/^10\.\d{4,}\/\S+$/, 'expected a DOI such as 10.1021/ja9621760')
    .optional(),
  note: z.string().optional(),
})

const typeSchema = z
  .strictObject({
    class: z.string(),
    element: z.string(),
    mass_g_per_mol: z.number().positive(),
    charge_e: z.number(),
    /** Source of the charge, when it is not `source`. */
    charge_source: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
    /** Lennard-Jones 4ε[(σ/r)¹²−(σ/r)⁶]; left out for types that only have explicit pairs. */
    epsilon: z.number().min(0).optional(),
    sigma_A: z.number().min(0).optional(),
    /** Its charge is multiplied by the charge scale. */
    ion: z.boolean().default(false),
    ...provenance,
  })
  .refine(type => (type.epsilon === undefined) === (type.sigma_A === undefined), {
    error: '`epsilon` and `sigma_A` go together',
  })

const special = z.tuple([z.number(), z.number(), z.number()])

/** The key of a parameter in a potential file: energies are in the file's own unit. */
export const fileKey = (parameter: string): string => parameter.replace('_eV', '')

const [firstForm, ...otherForms] = (Object.keys(PAIR_FORMS) as PairForm[]).map(form => {
  const { positive } = PAIR_FORMS[form]
  const numbers = PAIR_PARAMETERS[form].map((name): [string, z.ZodNumber] => [
    fileKey(name),
    positive.includes(name) ? z.number().positive() : z.number(),
  ])
  return z.strictObject({ form: z.literal(form), ...Object.fromEntries(numbers) })
})
/** One term between a pair of types: see `PAIR_FORMS` for the formulas. */
const pairTermSchema = z.discriminatedUnion('form', [firstForm!, ...otherForms])

const pairSchema = z.strictObject({
  /** Two atom patterns. */
  types: z.tuple([z.string(), z.string()]),
  /** The terms add up; an empty list means that the pair interacts through its charges only. */
  terms: z.array(pairTermSchema),
  /** Å; the run's cut-off when left out. */
  cutoff_A: z.number().positive().optional(),
  ...provenance,
})

const none = z.strictObject({ pattern: z.string(), form: z.literal('none'), ...provenance })

const bondSchema = z.discriminatedUnion('form', [
  /** ½k(r−r₀)² */
  z.strictObject({
    pattern: z.string(),
    form: z.literal('harmonic'),
    k: z.number().min(0),
    r0_A: z.number().positive(),
    ...provenance,
  }),
  /** D(1−e^{−a(r−r₀)})² */
  z.strictObject({
    pattern: z.string(),
    form: z.literal('morse'),
    D: z.number().min(0),
    a_per_A: z.number().positive(),
    r0_A: z.number().positive(),
    ...provenance,
  }),
  none,
])

const angleSchema = z.discriminatedUnion('form', [
  /** ½k(θ−θ₀)² */
  z.strictObject({
    pattern: z.string(),
    form: z.literal('harmonic'),
    k: z.number().min(0),
    theta0_deg: z.number().min(0).max(180),
    ...provenance,
  }),
  none,
])

/** k[1 + cos(nφ − phase)] */
const cosineTerm = z.strictObject({ k: z.number(), n: z.int().min(0).max(12), phase_deg: z.number() })

const dihedralSchema = z.discriminatedUnion('form', [
  /** V₁/2(1+cos φ) + V₂/2(1−cos 2φ) + V₃/2(1+cos 3φ) + V₄/2(1−cos 4φ) */
  z.strictObject({
    pattern: z.string(),
    form: z.literal('opls'),
    V: z.array(z.number()).min(1).max(4),
    ...provenance,
  }),
  /** Σₙ ½kₙ(1 − cos nφ), n = 1, 2, … (Byutner & Smith) */
  z.strictObject({
    pattern: z.string(),
    form: z.literal('cosine'),
    k: z.array(z.number()).min(1).max(12),
    ...provenance,
  }),
  /** Σ k[1 + cos(nφ − phase)] */
  z.strictObject({
    pattern: z.string(),
    form: z.literal('charmm'),
    terms: z.array(cosineTerm).min(1),
    ...provenance,
  }),
  /** k[1 + d cos nφ], d = ±1 */
  z.strictObject({
    pattern: z.string(),
    form: z.literal('harmonic'),
    k: z.number(),
    d: z.union([z.literal(1), z.literal(-1)]),
    n: z.int().min(0).max(12),
    ...provenance,
  }),
  none,
])

/**
 * Atoms of an improper term: four atom patterns in the order of the dihedral φ or χ, and the place (1–4) of the central
 * atom among them. If several orders of the outer atoms fit, the one that comes first by atom index is taken.
 */
const improperAtoms = {
  atoms: z.tuple([z.string(), z.string(), z.string(), z.string()]),
  centre: z.int().min(1).max(4),
}

const improperSchema = z.discriminatedUnion('form', [
  /** Σ k[1 + cos(nφ − phase)] */
  z.strictObject({
    ...improperAtoms,
    form: z.literal('charmm'),
    terms: z.array(cosineTerm).min(1),
    ...provenance,
  }),
  /** ½k(χ−χ₀)² */
  z.strictObject({
    ...improperAtoms,
    form: z.literal('harmonic'),
    k: z.number().min(0),
    chi0_deg: z.number(),
    ...provenance,
  }),
  z.strictObject({ ...improperAtoms, form: z.literal('none'), ...provenance }),
])

export const potentialSchema = z.strictObject({
  name: z.string(),
  description: z.string().optional(),
  energy_unit: z.enum(['eV', 'kcal/mol', 'kJ/mol']),
  /** Mixing rule of ε and σ of unlike types; needed when types carry them. */
  mixing: z.enum(['geometric', 'arithmetic']).optional(),
  /** Factors on interactions of atoms one, two and three bonds apart; needed when there are bonds. */
  special: z.strictObject({ pair: special, coulomb: special }).optional(),
  /** The scale recommended for the charges of types marked `ion`; a recipe chooses its own. */
  charge_scale: z.strictObject({ recommended: z.number().positive(), ...provenance }).optional(),
  sources: z.record(z.string(), sourceSchema),
  types: z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9_+']*$/, 'not a type name'), typeSchema),
  pairs: z.array(pairSchema).default([]),
  bonds: z.array(bondSchema).default([]),
  angles: z.array(angleSchema).default([]),
  dihedrals: z.array(dihedralSchema).default([]),
  impropers: z.array(improperSchema).default([]),
})

export type PotentialFile = z.infer<typeof potentialSchema>
export type PairTermFile = z.infer<typeof pairTermSchema>
export type DihedralFile = z.infer<typeof dihedralSchema>
export type ImproperFile = z.infer<typeof improperSchema>
