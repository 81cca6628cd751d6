import { existsSync, readdirSync, rmSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { parseYaml, parseYamlDocument } from '../core/yaml.ts'
import { readText, writeJson } from '../files/files.ts'
import { RUN_FILES } from '../files/runDirectory.ts'
import { type BarriersPlan, type StudyCase, type StudyPlan, type TransportPlan, variantsOf } from './plan.ts'
import { loadBarriers } from './recipe.ts'
import {
  type BandCase,
  type BarriersRecipe,
  barriersSchema,
  type SystemsCase,
  systemsCaseSchema,
} from './schema.ts'

const STUDY_FILE = 'study.json'
const VERSION = 2

const identity = {
  version: z.literal(VERSION),
  /** Name by which the command line asked for it. */
  study: z.string(),
  mode: z.enum(['quick', 'full', 'recipe']),
  /** Commands that added runs, the first one first, each without the program. */
  commands: z.array(z.array(z.string())).min(1),
}
const name = z.string()
const title = z.string()

const transportFileSchema = z.strictObject({
  ...identity,
  kind: z.literal('transport'),
  name,
  title,
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
  /** Names of the systems of the whole study: ratios are over the first. */
  systems: z.array(z.string()),
  /** Everything that the recipe could run: a case by its name for --cases, with those that its lists make of it. */
  routes: z.array(z.strictObject({ name: z.string(), cases: z.array(z.string()) })),
  cases: z.array(systemsCaseSchema),
})
/** The recipe itself, with the cases that were planned. */
const barriersFileSchema = z.strictObject({
  ...identity,
  kind: z.literal('barriers'),
  ...barriersSchema.shape,
  title,
})
const studyFileSchema = z.discriminatedUnion('kind', [transportFileSchema, barriersFileSchema])

type TransportFile = z.output<typeof transportFileSchema>
type BarriersFile = z.output<typeof barriersFileSchema>
type StudyFile = TransportFile | BarriersFile
export type StudyMode = StudyFile['mode']

/** The state of a run of a study, by the files in its directory. */
export type RunState =
  /** Not begun, or stopped before its first checkpoint. */
  | { readonly kind: 'new' }
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'finished' }
  | { readonly kind: 'failed'; readonly message: string }

/** A study's directory: what it consists of, and the state of every run. */
interface Recorded {
  readonly directory: string
  /** By key of the run. */
  readonly states: ReadonlyMap<string, RunState>
}
export type TransportRecord = TransportFile & Recorded
export type BarriersRecord = BarriersFile & Recorded
export type StudyRecord = TransportRecord | BarriersRecord

/** Keys of the runs of a case: of every system and replica, or of its one band. */
export const runsOf = (one: StudyCase): readonly string[] =>
  'systems' in one ? one.systems.flatMap(({ runs }) => runs) : [one.key]

/** The keys that have finished, of some. */
export const finishedOf = ({ states }: StudyRecord, keys: readonly string[]): string[] =>
  keys.filter(key => states.get(key)!.kind === 'finished')

/** A run that was planned and has not finished. */
export interface MissingRun {
  readonly run: string
  readonly reason: string
}

export const missingRuns = ({ states }: StudyRecord): MissingRun[] =>
  [...states].flatMap(([run, state]) =>
    state.kind === 'finished'
      ? []
      : [{ run, reason: state.kind === 'failed' ? state.message : 'not finished' }],
  )

/** True for a directory that holds a study of any version. @throws UserError when its study.json is damaged */
export function isStudy(directory: string): boolean {
  const file = join(directory, STUDY_FILE)
  if (!existsSync(file)) return false
  const { value } = parseYamlDocument(readText(file), z.unknown(), file)
  return z.looseObject({ study: z.string() }).safeParse(value).success
}

/**
 * Reads what a study consists of, and the state of every run.
 * @throws UserError when the directory is no study, or its files are damaged
 */
export function loadStudy(directory: string): StudyRecord {
  const file = readStudyFile(directory)
  const cases: readonly StudyCase[] = file.cases
  const states = new Map(cases.flatMap(runsOf).map(key => [key, runState(directory, key)]))
  return { ...file, directory, states }
}

/** @throws UserError with line and key */
function readStudyFile(directory: string): StudyFile {
  const file = join(directory, STUDY_FILE)
  const text = readText(file)
  const { value } = parseYamlDocument(text, z.unknown(), file)
  if (z.looseObject({ version: z.any() }).safeParse(value).success)
    return parseYaml(text, studyFileSchema, file)
  if (z.looseObject({ kind: z.any() }).safeParse(value).success) return firstTransport(text, file)
  return firstBarriers(text, file)
}

/** A study of transport as the first version wrote it; the earliest ones name neither systems nor routes. */
function firstTransport(text: string, file: string): TransportFile {
  const { systems, routes, ...rest } = parseYaml(
    text,
    transportFileSchema.omit({ version: true }).partial({ systems: true, routes: true }),
    file,
  )
  const headline = rest.cases.find(one => one.headline)
  return {
    version: VERSION,
    ...rest,
    systems: systems ?? (headline?.systems ?? []).map(system => system.name),
    routes: routes ?? rest.cases.map(one => ({ name: one.name, cases: [one.name] })),
  }
}

/** A study of barriers as the first version wrote it: the rest stood in the program. */
function firstBarriers(text: string, file: string): BarriersFile {
  const written = z.strictObject({
    study: z.enum(['li-barrier', 'ni-barrier']),
    mode: z.enum(['quick', 'full']),
    command: z.array(z.string()),
  })
  const { study, mode, command } = parseYaml(text, written, file)
  const shipped = fileURLToPath(new URL(`../../runs/${study}.yaml`, import.meta.url))
  const { recipe } = loadBarriers(shipped)
  const cases = recipe.cases.filter(({ full }) => mode === 'full' || !full)
  return barriersFile(recipe, cases, { study, mode, commands: [command] })
}

/** Name, mode and command of a study. */
export interface StudyIdentity {
  readonly study: string
  readonly mode: StudyMode
  readonly command: readonly string[]
}

/**
 * Writes down what a study consists of: what is planned now, and what has finished of what was planned before. A command
 * that plans no new runs leaves the commands of the study as they are.
 */
export function recordStudy(
  directory: string,
  plan: StudyPlan,
  { study, mode, command }: StudyIdentity,
): void {
  const earlier = isStudy(directory) ? readStudyFile(directory) : null
  const cases: readonly StudyCase[] = earlier?.cases ?? []
  const known = new Set(cases.flatMap(runsOf))
  const isNew = plan.runs.some(({ key }) => !known.has(key))
  const commands = earlier ? (isNew ? [...earlier.commands, [...command]] : earlier.commands) : [[...command]]
  const isFinished = (key: string) => runState(directory, key).kind === 'finished'
  const asked = { study, mode, commands }
  writeJson(
    join(directory, STUDY_FILE),
    plan.kind === 'transport'
      ? transportFile(plan, earlier?.kind === 'transport' ? earlier.cases : [], isFinished, asked)
      : barriersFile(
          plan.study.recipe,
          mergedBands(plan, earlier?.kind === 'barriers' ? earlier.cases : [], isFinished),
          asked,
        ),
  )
}

type Asked = Pick<StudyFile, 'study' | 'mode' | 'commands'>

function transportFile(
  { study: { recipe }, cases }: TransportPlan,
  earlier: TransportFile['cases'],
  isFinished: (key: string) => boolean,
  asked: Asked,
): TransportFile {
  const { published } = recipe
  const names = recipe.systems.map(({ label, name }) => label ?? name)
  return {
    version: VERSION,
    kind: 'transport',
    ...asked,
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
    systems: recipe.systems.map(system => system.name),
    routes: recipe.cases.map(one => ({
      name: one.name,
      cases: variantsOf(one).map(variant => variant.name),
    })),
    cases: mergedSystems(cases, earlier, isFinished),
  }
}

/** The planned cases, with other runs of theirs and of other cases that have finished. */
function mergedSystems(
  planned: readonly SystemsCase[],
  earlier: TransportFile['cases'],
  isFinished: (key: string) => boolean,
): TransportFile['cases'] {
  const now = planned.map(one => {
    const before = earlier.find(other => other.name === one.name)
    return {
      ...one,
      systems: one.systems.map(system => {
        const others = before?.systems.find(other => other.name === system.name)?.runs ?? []
        const kept = others.filter(key => !system.runs.includes(key) && isFinished(key))
        return { ...system, runs: [...system.runs, ...kept] }
      }),
    }
  })
  const past = earlier
    .filter(one => !planned.some(other => other.name === one.name))
    .map(one => ({
      ...one,
      systems: one.systems.map(system => ({ ...system, runs: system.runs.filter(isFinished) })),
    }))
    .filter(one => runsOf(one).length > 0)
  return [...now, ...past]
}

function barriersFile(recipe: BarriersRecipe, cases: readonly BandCase[], asked: Asked): BarriersFile {
  return {
    version: VERSION,
    kind: 'barriers',
    ...asked,
    ...recipe,
    title: recipe.title ?? `${recipe.ion}: barriers`,
    cases: [...cases],
  }
}

/** The planned bands and earlier ones that have finished, in the order of the recipe. */
function mergedBands(
  { study: { recipe }, cases: planned }: BarriersPlan,
  earlier: readonly BandCase[],
  isFinished: (key: string) => boolean,
): BandCase[] {
  const past = earlier.filter(({ key }) => !planned.some(other => other.key === key) && isFinished(key))
  const order = recipe.cases.map(({ key }) => key)
  const rank = ({ key }: BandCase) => (order.includes(key) ? order.indexOf(key) : order.length)
  return [...planned, ...past].sort((a, b) => rank(a) - rank(b))
}

/** A recipe as text that is equal for equal recipes: keys in order, other texts in place of absolute paths. */
export const canonicalText = (recipe: object, contentOf: (path: string) => string): string =>
  JSON.stringify(recipe, (_key, value) => {
    if (typeof value === 'string') return isAbsolute(value) ? contentOf(value) : value
    const isBlock = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isBlock ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value
  })

/** The files of a run: its directory, and beside it its recipe and the message of its failure. */
export function runPaths(study: string, key: string) {
  const directory = join(study, key)
  const file = (name: keyof typeof RUN_FILES) => join(directory, RUN_FILES[name])
  return { directory, recipe: `${directory}.yaml`, error: `${directory}.error.txt`, file }
}

const resultsSchema = z.looseObject({ completed: z.boolean() })

/** @throws UserError when the results are damaged */
export function runState(study: string, key: string): RunState {
  const { error, file } = runPaths(study, key)
  const results = file('results')
  if (existsSync(results) && parseYaml(readText(results), resultsSchema, results).completed) {
    return { kind: 'finished' }
  }
  if (existsSync(error)) return { kind: 'failed', message: readText(error).trim() }
  return { kind: hasCheckpoint(study, key) ? 'interrupted' : 'new' }
}

/** Files from which a run or a band goes on. */
const CHECKPOINTS = ['checkpoint', 'bandCheckpoint', 'endsCheckpoint'] as const

export function hasCheckpoint(study: string, key: string): boolean {
  const { file } = runPaths(study, key)
  return existsSync(file('manifest')) && CHECKPOINTS.some(name => existsSync(file(name)))
}

/** Removes the files of a run that ended before its first checkpoint; other files stay. */
export function clearRun(study: string, key: string): void {
  const { directory, error } = runPaths(study, key)
  const own = existsSync(directory) ? readdirSync(directory).filter(isOwn) : []
  for (const file of own) rmSync(join(directory, file), { force: true })
  rmSync(error, { force: true })
}

/** A file of a run, or one that was being written when the run was killed. */
const isOwn = (file: string) => Object.values(RUN_FILES).some(known => file.startsWith(known))
