import * as z from 'zod'
import { interactionsSchema } from './interactions.ts'
import { constants, count, fileName, path, positive, seed } from './keys.ts'
import {
  buildSchema,
  chargeScale,
  constraintsSchema,
  fraction,
  hydrogenMass,
  neutralizingBackground,
  outputSchema,
  placement,
} from './recipe.ts'
import { stageSchema } from './stages.ts'

/** What a stage writes in place of a number where the temperature is that of its case. */
const CASE = 'case'
/** The same in a parsed stage, which holds numbers only: no temperature that anybody means. */
export const CASE_TEMPERATURE_K = Number.MIN_VALUE
const TEMPERATURES = ['temperature_K', 'temperature_end_K'] as const

const studyStage = z.preprocess(stage => {
  if (typeof stage !== 'object' || stage === null) return stage
  const given = stage as Readonly<Record<string, unknown>>
  const atCase = TEMPERATURES.filter(key => given[key] === CASE).map(key => [key, CASE_TEMPERATURE_K])
  return { ...given, ...Object.fromEntries(atCase) }
}, stageSchema)

const oneOrMore = <T extends z.ZodType>(value: T) => z.union([value, z.array(value).min(1)])

const systemSchema = z
  .strictObject({
    name: fileName,
    label: z.string().min(1).optional().describe('for sentences; the name when left out'),
    color: z
      .string()
      .regex(/^#[0-9a-fA-F]{6}$/, 'a colour is # and six hexadecimal digits')
      .optional(),
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

/** What runs have in common: of the whole study, or of one case that has it otherwise. */
const protocol = {
  hydrogen_mass_g_per_mol: hydrogenMass,
  interactions: interactionsSchema.optional(),
  constraints: constraintsSchema.optional(),
  stages: z
    .array(studyStage)
    .min(1)
    .optional()
    .describe('as in a recipe of hoplite md; `temperature_K: case` is the temperature of the case'),
  output: outputSchema.optional(),
  analysis: z
    .strictObject({ fit_from_ps: z.number().min(0), fit_to_ps: positive })
    .optional()
    .describe('the window of lags over which slopes are fitted'),
}

const caseSchema = z.strictObject({
  name: fileName,
  headline: z.boolean().default(false).describe('the case that the sentence of the report is about'),
  optional: z.boolean().default(false).describe('runs only when it is named: --cases'),
  temperature_K: oneOrMore(positive.max(10_000)).describe('a list makes a case of each'),
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

const publishedSchema = z.strictObject({
  label: z.string().min(1).describe('such as Ye 2025'),
  doi: z.string().min(1),
  conditions: z.string().min(1).optional().describe('what has to be known to compare'),
  slope_A2_per_ps: z.record(fileName, positive).default({}).describe('by system'),
  ratio: positive.optional().describe('of the second system over the first'),
  factor: z
    .number()
    .gt(1)
    .optional()
    .describe(
      'how many times, when the report says how often boxes differ by so much; the published ratio when left out',
    ),
})

/** A comparison of materials, expanded into runs: unknown keys are refused, defaults filled in. */
export const studySchema = z.strictObject({
  name: fileName,
  title: z.string().min(1).optional(),
  seed,
  species: z.string().min(1).default('Li').describe('chemical symbol of the ion that is followed'),
  potential: path.describe('a file of potential parameters, relative to this file'),
  constants,
  published: publishedSchema.optional(),
  systems: z.array(systemSchema).min(2).describe('ratios are over the first'),
  ...protocol,
  cases: z.array(caseSchema).min(1),
})

export type StudyRecipe = z.output<typeof studySchema>
export type StudyCase = StudyRecipe['cases'][number]
export type StudySystem = StudyRecipe['systems'][number]
export type Placement = z.output<typeof placement>

/** The JSON schema (draft 2020-12) of a study's recipe, for editors that complete and check YAML. */
export function studyJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(studySchema, {
    io: 'input',
    override({ jsonSchema }) {
      // Stages are checked with numbers in place of the word, which editors must know.
      for (const key of TEMPERATURES) {
        const number = jsonSchema.properties?.[key]
        if (typeof number === 'object' && number.type === 'number') {
          jsonSchema.properties![key] = { anyOf: [number, { const: CASE }] }
        }
      }
    },
  })
}
