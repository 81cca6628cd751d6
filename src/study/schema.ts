import * as z from 'zod'
import { interactionsSchema } from '../recipes/interactions.ts'
import { constants, count, fileName, path, positive, seed } from '../recipes/keys.ts'
import {
  buildSchema,
  chargeScale,
  constraintsSchema,
  fraction,
  hydrogenMass,
  neutralizingBackground,
  outputSchema,
  placement,
  viscosity,
} from '../recipes/recipe.ts'
import { CASE, kelvin, type RecipeStage, studyStageSchema } from '../recipes/stages.ts'

/** A stage as a study has it: a temperature may be the word `case`. */
export type StudyStage = z.output<typeof studyStageSchema>

/** The stage with the temperature of its case in place of the word. */
export function atTemperature(stage: StudyStage, temperature_K: number): RecipeStage {
  const values = Object.entries(stage).map(([key, value]) => [
    key,
    key.startsWith('temperature') && value === CASE ? temperature_K : value,
  ])
  return Object.fromEntries(values) as RecipeStage
}

const oneOrMore = <T extends z.ZodType>(value: T) => z.union([value, z.array(value).min(1)])
const text = z.string().min(1)
const color = z
  .string()
  .regex(/^#[0-9a-fA-F]{6}$/, 'a colour is # and six hexadecimal digits')
  .optional()
const full = z.boolean().default(false).describe('runs only with --full')

const study = { name: fileName, title: text.optional() }

const systemSchema = z
  .strictObject({
    name: fileName,
    label: text.optional().describe('for sentences; the name when left out'),
    color,
    build: buildSchema.optional().describe('as in a recipe of hoplite md: every replica is a new box'),
    structures: z
      .array(path)
      .min(1)
      .optional()
      .describe('in place of build: the box of every replica, relative to this file'),
    neutralizing_background: neutralizingBackground,
    form_of: fileName
      .optional()
      .describe(
        'a system of the study that this is another form of, such as its crystal: compared as that is',
      ),
  })
  .superRefine((system, context) => {
    if ((system.structures === undefined) !== (system.build === undefined)) return
    const both = system.structures !== undefined
    context.addIssue({
      code: 'custom',
      path: both ? ['build'] : [],
      message: both ? 'give structures or build, not both' : 'a system needs one of structures and build',
    })
  })

/** Keys that runs have in common: of the whole study, or of one case in its place. */
const protocol = {
  hydrogen_mass_g_per_mol: hydrogenMass,
  interactions: interactionsSchema.optional(),
  constraints: constraintsSchema.optional(),
  stages: z
    .array(studyStageSchema)
    .min(1)
    .optional()
    .describe('as in a recipe of hoplite md; `temperature_K: case` is the temperature of the case'),
  output: outputSchema.optional(),
  analysis: z
    .strictObject({ fit_from_ps: z.number().min(0), fit_to_ps: positive, viscosity_mPa_s: viscosity })
    .optional()
    .describe('the window of lags over which slopes are fitted'),
}

const transportCaseSchema = z.strictObject({
  name: fileName,
  headline: z.boolean().default(false).describe('the case that the sentence of the report is about'),
  optional: z.boolean().default(false).describe('runs only when it is named: --cases'),
  full,
  temperature_K: oneOrMore(kelvin).describe('a list makes a case of each'),
  charge_scale: oneOrMore(chargeScale),
  degree: oneOrMore(fraction)
    .optional()
    .describe('in place of `replace.fraction` of the systems that replace units'),
  placement: oneOrMore(placement).optional().describe('in place of `replace.placement`'),
  replicas: count.describe('boxes of each system'),
  systems: z
    .array(z.union([fileName, systemSchema]))
    .min(1)
    .optional()
    .describe('some of the study’s systems by name, or others; all of them when left out'),
  ...protocol,
})

const publishedSlopesSchema = z.strictObject({
  label: text.describe('such as Ye 2025'),
  doi: text,
  conditions: text.optional().describe('conditions that a comparison needs'),
  slope_A2_per_ps: z.record(fileName, positive).default({}).describe('published slope of each system'),
  ratio: positive.optional().describe('published ratio of the second system over the first'),
  factor: z
    .number()
    .gt(1)
    .optional()
    .describe('factor by which boxes differ, whose frequency the report gives. Default: the published ratio'),
})

/** A comparison of materials by molecular dynamics: every case has runs of several systems. */
export const transportSchema = z.strictObject({
  ...study,
  seed,
  species: text.default('Li').describe('chemical symbol of the ion that is followed'),
  potential: path.describe('a file of potential parameters, relative to this file'),
  constants,
  published: publishedSlopesSchema.optional(),
  systems: z.array(systemSchema).min(2).describe('ratios are over the first'),
  ...protocol,
  cases: z.array(transportCaseSchema).min(1),
})

const status = z
  .enum(['predicted', 'calibrated', 'chosen'])
  .describe('predicted: computed, nothing fitted to it; calibrated: rests on a fit; chosen: decided')
const basis = text.optional().describe('one line: what it was fitted to, or why it was chosen')
const varied = text.describe('the varied quantity, such as: heights of the unit of 3.2 and 4.5 Å')

const bandCaseSchema = z
  .strictObject({
    name: text.describe('short and unique, for plots and tables'),
    key: fileName.optional().describe('name of its directory; the name of the case when left out'),
    label: text.optional().describe('with its preposition, for sentences: at the bare surface'),
    color,
    role: z
      .enum(['main', 'sensitivity', 'counter-example', 'null-test'])
      .default('main')
      .describe(
        'main: answers the question; sensitivity: a main case with something varied; counter-example: a choice that was as good and tells another story; null-test: must not differ from the case it is held against',
      ),
    status,
    basis,
    recipe: path.describe('a recipe of hoplite neb, relative to this file'),
    change: z
      .record(text, z.unknown())
      .default({})
      .describe('keys of the recipe with other values: `charges.transfer[0].electrons: 0.24`'),
    against: text.optional().describe('the case that it is held against: the report gives the shift'),
    tolerance_eV: z.number().min(0).optional().describe('largest shift of a null test that counts as none'),
    range: z
      .strictObject({ varied, cases: z.array(text).min(1).describe('by name, besides this one') })
      .optional()
      .describe('cases that vary something of this one: the report gives their lowest and highest barrier'),
    full,
  })
  .superRefine(({ name, key, role, against, tolerance_eV }, context) => {
    const refuse = (at: string, message: string) => context.addIssue({ code: 'custom', path: [at], message })
    if (key === undefined && !fileName.safeParse(name).success) {
      refuse('name', `give the case ${name} a key: its name cannot be that of a directory`)
    }
    if (role === 'null-test' && (against === undefined || tolerance_eV === undefined)) {
      refuse('role', 'a null-test needs against and tolerance_eV')
    }
    if (role !== 'null-test' && tolerance_eV !== undefined) {
      refuse('tolerance_eV', 'tolerance_eV belongs to a null-test')
    }
  })
  .transform(one => ({ ...one, key: one.key ?? one.name, label: one.label ?? one.name }))

const differenceSchema = z.strictObject({
  name: text,
  of: text.describe('a case by name'),
  minus: text.describe('the case whose barrier is subtracted'),
  status,
  basis,
  range: z
    .strictObject({
      varied,
      pairs: z
        .array(z.tuple([text, text]))
        .min(1)
        .describe('[of, minus] by name, besides these two'),
    })
    .optional(),
})

const calibrationRowSchema = z.strictObject({
  quantity: text,
  value: text,
  status,
  source: text,
  doi: text.optional(),
})

const publishedBarriersSchema = z.strictObject({
  label: text.describe('such as Ye 2025'),
  doi: text.optional(),
  barrier_eV: z.record(z.string(), z.number()).default({}).describe('by case'),
  difference_eV: z.record(z.string(), z.number()).default({}).describe('by difference'),
})

/** A comparison of migration barriers: every case is a band. */
export const barriersSchema = z.strictObject({
  ...study,
  question: text.optional().describe('question that the page answers, its first line'),
  ion: text.describe('migrating ion in sentences, such as Li⁺'),
  published: publishedBarriersSchema.optional(),
  differences: z
    .array(differenceSchema)
    .default([])
    .describe('barrier of one case less that of another; the sentence of the report is about the first'),
  cases: z.array(bandCaseSchema).min(1),
  calibration: z
    .array(calibrationRowSchema)
    .default([])
    .describe('rows above those of the potentials in the table of parameters'),
})

/** Conditions that differ between the cases of a study of transport. */
const conditionsSchema = z.strictObject({
  temperature_K: z.number(),
  charge_scale: z.number(),
  /** Fraction of units that are replaced; null where the systems say it themselves. */
  degree: z.number().nullable(),
  placement: placement.nullable(),
})

/** A planned case of a study of transport, as study.json has it: runs of several systems under the same conditions. */
export const systemsCaseSchema = z.strictObject({
  name: z.string(),
  /** The sentence of the report is about it. */
  headline: z.boolean(),
  conditions: conditionsSchema,
  systems: z.array(
    z.strictObject({
      name: z.string(),
      label: z.string(),
      color: z.string().nullable(),
      /** True: a system of the whole study; false: one that the case has in its place. */
      own: z.boolean().default(true),
      /** The system of the study that it is another form of. */
      formOf: z.string().nullable().default(null),
      /** Keys of its replicas. */
      runs: z.array(z.string()),
    }),
  ),
})

export type Conditions = z.output<typeof conditionsSchema>
export type SystemsCase = z.output<typeof systemsCaseSchema>
export type StudySystem = SystemsCase['systems'][number]
export type TransportRecipe = z.output<typeof transportSchema>
export type TransportCase = TransportRecipe['cases'][number]
export type TransportSystem = TransportRecipe['systems'][number]
export type BarriersRecipe = z.output<typeof barriersSchema>
export type BandCase = BarriersRecipe['cases'][number]

/** The JSON schema (draft 2020-12) of a study's recipe, for editors that complete and check YAML. */
export function studyJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(z.union([transportSchema, barriersSchema]), { io: 'input' })
}
