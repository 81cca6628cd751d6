import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { parseYaml, parseYamlDocument } from '../core/yaml.ts'
import { readText, writeJson } from '../files/files.ts'
import type { StudyRecipe } from '../recipes/studySchema.ts'
import { type LoadedRun, loadRun } from '../run/loadRun.ts'
import { type Conditions, type PlannedCase, variantsOf } from './studyPlan.ts'
import { type RunState, runPaths, runState } from './studyState.ts'

const STUDY_FILE = 'study.json'

const conditionsSchema = z.strictObject({
  temperature_K: z.number(),
  charge_scale: z.number(),
  degree: z.number().nullable(),
  placement: z.enum(['isolated', 'adjacent', 'random']).nullable(),
}) satisfies z.ZodType<Conditions>

/** What study.json says of a study: enough to read its runs back and to report them. */
const studyFileSchema = z.strictObject({
  kind: z.literal('transport'),
  /** What it was asked for by. */
  study: z.string(),
  mode: z.enum(['quick', 'full', 'recipe']),
  /** Those that planned it so, the first one first, each without the program. */
  commands: z.array(z.array(z.string())).min(1),
  /** Of the recipe. */
  name: z.string(),
  title: z.string(),
  species: z.string(),
  published: z
    .strictObject({
      label: z.string(),
      doi: z.string(),
      conditions: z.string().nullable(),
      slope_A2_per_ps: z.record(z.string(), z.number()),
      ratio: z.number().nullable(),
      factor: z.number().nullable().default(null),
    })
    .nullable(),
  /** Of the whole study, by name: ratios are over the first. None in files of earlier versions. */
  systems: z.array(z.string()).default([]),
  /** Everything that the recipe could run: a case by its name for --cases, with those that its lists make of it. */
  routes: z.array(z.strictObject({ name: z.string(), cases: z.array(z.string()) })).default([]),
  cases: z.array(
    z.strictObject({
      name: z.string(),
      headline: z.boolean(),
      conditions: conditionsSchema,
      systems: z.array(
        z.strictObject({
          name: z.string(),
          label: z.string(),
          color: z.string().nullable(),
          /** Whether it is that of the whole study. */
          own: z.boolean().default(true),
          /** The system of the study that it is another form of. */
          formOf: z.string().nullable().default(null),
          /** CASE/SYSTEM-REPLICA, below the study. */
          runs: z.array(z.string()),
        }),
      ),
    }),
  ),
})
export type StudyFile = z.output<typeof studyFileSchema>
export type StudyMode = StudyFile['mode']

/** A study's directory. */
export interface LoadedStudy extends Omit<StudyFile, 'cases'> {
  readonly directory: string
  readonly cases: readonly LoadedCase[]
}

export interface LoadedCase {
  readonly name: string
  /** Whether the sentence of the report is about it. */
  readonly headline: boolean
  readonly conditions: Conditions
  readonly systems: readonly LoadedSystem[]
}

export interface LoadedSystem {
  readonly name: string
  readonly label: string
  readonly color: string | null
  readonly own: boolean
  /** The system of the study that it is another form of. */
  readonly formOf: string | null
  readonly runs: readonly StudyRun[]
  /** The runs that have finished. */
  load(): LoadedRun[]
}

export interface StudyRun {
  /** CASE/SYSTEM-REPLICA */
  readonly key: string
  readonly directory: string
  readonly state: RunState
}

/** Whether a directory holds a study of transport. @throws UserError when its study.json is damaged */
export function isTransportStudy(directory: string): boolean {
  const file = join(directory, STUDY_FILE)
  if (!existsSync(file)) return false
  const { value } = parseYamlDocument(readText(file), z.unknown(), file)
  return z.looseObject({ kind: z.literal('transport') }).safeParse(value).success
}

/** @throws UserError with line and key */
function readStudyFile(directory: string): StudyFile {
  const file = join(directory, STUDY_FILE)
  return parseYaml(readText(file), studyFileSchema, file)
}

/**
 * What a study has: its cases, their systems, and the state of every run.
 * @throws UserError when the directory is no study, or its files are damaged
 */
export function loadStudy(directory: string): LoadedStudy {
  const study = readStudyFile(directory)
  return {
    ...study,
    directory,
    cases: study.cases.map(one => ({
      ...one,
      systems: one.systems.map(system => {
        const runs = system.runs.map(
          (key): StudyRun => ({
            key,
            directory: runPaths(directory, key).directory,
            state: runState(directory, key),
          }),
        )
        const finished = runs.filter(({ state }) => state.kind === 'finished')
        return { ...system, runs, load: () => finished.map(run => loadRun(run.directory)) }
      }),
    })),
  }
}

/** What a study is called, by whom, and what it consists of. */
export interface StudyIdentity {
  readonly study: string
  readonly mode: StudyMode
  readonly command: readonly string[]
}

/**
 * Writes down what a study consists of: what is planned now, and what has finished of what was planned before. A command
 * that plans nothing new leaves that of the study as it is.
 */
export function recordStudy(
  directory: string,
  recipe: StudyRecipe,
  planned: readonly PlannedCase[],
  { study, mode, command }: StudyIdentity,
): void {
  const earlier = isTransportStudy(directory) ? readStudyFile(directory) : null
  const cases = mergedCases(directory, planned, earlier?.cases ?? [])
  const before = new Set(earlier?.cases.flatMap(runKeys))
  const isNew = cases.flatMap(runKeys).some(key => !before.has(key))
  const { published } = recipe
  const names = recipe.systems.map(({ label, name }) => label ?? name)
  writeJson(join(directory, STUDY_FILE), {
    kind: 'transport',
    study,
    mode,
    commands: earlier ? (isNew ? [...earlier.commands, [...command]] : earlier.commands) : [[...command]],
    name: recipe.name,
    title: recipe.title ?? `${recipe.species} in ${names.join(', in ')}`,
    species: recipe.species,
    published: published
      ? {
          ...published,
          conditions: published.conditions ?? null,
          ratio: published.ratio ?? null,
          factor: published.factor ?? null,
        }
      : null,
    systems: recipe.systems.map(({ name }) => name),
    routes: recipe.cases.map(one => ({ name: one.name, cases: variantsOf(one).map(({ name }) => name) })),
    cases,
  } satisfies StudyFile)
}

type RecordedCase = StudyFile['cases'][number]

const runKeys = ({ systems }: RecordedCase): string[] => systems.flatMap(({ runs }) => runs)

function mergedCases(
  directory: string,
  planned: readonly PlannedCase[],
  earlier: readonly RecordedCase[],
): RecordedCase[] {
  const isFinished = (key: string) => runState(directory, key).kind === 'finished'
  const now = planned.map((one): RecordedCase => {
    const before = earlier.find(({ name }) => name === one.name)
    return {
      ...one,
      systems: one.systems.map(({ name, label, color, own, formOf, runs }) => {
        const keys = runs.map(({ key }) => key)
        const others = before?.systems.find(system => system.name === name)?.runs ?? []
        const kept = others.filter(key => !keys.includes(key) && isFinished(key))
        return { name, label, color, own, formOf, runs: [...keys, ...kept] }
      }),
    }
  })
  const past = earlier
    .filter(({ name }) => !planned.some(one => one.name === name))
    .map(one => ({
      ...one,
      systems: one.systems.map(system => ({ ...system, runs: system.runs.filter(isFinished) })),
    }))
    .filter(one => runKeys(one).length > 0)
  return [...now, ...past]
}
