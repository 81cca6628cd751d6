import { createHash } from 'node:crypto'
import { isAbsolute } from 'node:path'
import { parseDocument, stringify } from 'yaml'
import { closest, type YamlPath } from '../core/yaml.ts'
import { UserError } from '../errors.ts'
import { bandRecipeFromObject, type LoadedBandRecipe, loadBandRecipe } from '../recipes/bandRecipe.ts'
import { type LoadedRecipe, recipeFromObject } from '../recipes/recipe.ts'
import { plannedSteps } from '../recipes/stages.ts'
import { namedFile } from '../run/checks.ts'
import {
  headlineOf,
  type LoadedBarriers,
  type LoadedStudyRecipe,
  type LoadedTransport,
  protocolOf,
  systemsOf,
} from './recipe.ts'
import {
  atTemperature,
  type BandCase,
  type Conditions,
  type SystemsCase,
  type TransportCase,
  type TransportSystem,
} from './schema.ts'

/** One process of a study: a run of molecular dynamics or a band. */
export type PlannedRun = PlannedMd | PlannedBand

export interface PlannedMd {
  readonly kind: 'md'
  /** Its directory below that of the study: CASE/SYSTEM-REPLICA. */
  readonly key: string
  readonly case: string
  readonly system: string
  readonly replica: number
  /** The recipe that is written beside the run. */
  readonly loaded: LoadedRecipe
  /** Steps of dynamics. */
  readonly steps: number
  readonly time_ps: number
}

export interface PlannedBand {
  readonly kind: 'neb'
  /** Its directory below that of the study. */
  readonly key: string
  readonly case: string
  /** The recipe that is written beside the band. */
  readonly loaded: LoadedBandRecipe
}

/** One case of a study: its systems with their runs, or its band. */
export type StudyCase = SystemsCase | BandCase

/** The cases of a study that are to be run, and their runs in the order in which they begin. */
export type StudyPlan = TransportPlan | BarriersPlan

export interface TransportPlan {
  readonly kind: 'transport'
  readonly study: LoadedTransport
  readonly cases: readonly SystemsCase[]
  readonly runs: readonly PlannedMd[]
}

export interface BarriersPlan {
  readonly kind: 'barriers'
  readonly study: LoadedBarriers
  readonly cases: readonly BandCase[]
  readonly runs: readonly PlannedBand[]
}

export interface PlanOptions {
  /** Names of cases, as the recipe or the plan has them. Default: all that are neither optional nor left to --full. */
  readonly cases?: readonly string[] | undefined
  /** Boxes of each system, in place of the recipe's number. */
  readonly replicas?: number | undefined
  /** Includes the cases with `full: true`. */
  readonly full?: boolean | undefined
}

/**
 * The runs of a study: of transport, every case, once for each value of its lists, with every system and replica; of
 * barriers, one band for each case.
 * @throws UserError with file, line and key
 */
export function planStudy(study: LoadedStudyRecipe, options: PlanOptions = {}): StudyPlan {
  return study.kind === 'transport' ? planTransport(study, options) : planBarriers(study, options)
}

export function planBarriers(
  study: LoadedBarriers,
  { cases: asked, replicas, full }: PlanOptions = {},
): BarriersPlan {
  if (replicas !== undefined) {
    throw new UserError({
      message: `--replicas has no effect on ${study.recipe.name}`,
      where: 'command line',
      hint: 'a band has no replicas: they belong to runs of molecular dynamics',
    })
  }
  const { cases } = study.recipe
  checkAsked(
    asked,
    cases.map(({ name }) => name),
  )
  const chosen = cases.filter(one => (asked ? asked.includes(one.name) : full || !one.full))
  const runs = chosen.map(
    (one): PlannedBand => ({ kind: 'neb', key: one.key, case: one.name, loaded: bandOf(study, one) }),
  )
  return { kind: 'barriers', study, cases: chosen, runs }
}

export function planTransport(
  study: LoadedTransport,
  { cases: asked, replicas, full }: PlanOptions = {},
): TransportPlan {
  const { recipe, where } = study
  checkFiles(study)
  const headline = headlineOf(recipe)
  const all = recipe.cases.flatMap((one, index) =>
    variantsOf(one).map(variant => ({ one, index, ...variant })),
  )
  const names = all.map(({ name }) => name)
  for (const { index, name } of all.filter((_, k) => names.indexOf(names[k]!) !== k)) {
    throw new UserError({ message: `two cases are named ${name}`, where: where(['cases', index, 'name']) })
  }
  checkAsked(asked, [...new Set(all.flatMap(({ one, name }) => [one.name, name]))])
  const chosen = all.filter(({ one, name }) =>
    asked ? asked.includes(one.name) || asked.includes(name) : !one.optional && (full || !one.full),
  )
  const planned = chosen.map(({ one, name, conditions }) => {
    const systems = systemsOf(recipe, one)
    return {
      one: { name, headline: one === headline, conditions },
      systems,
      runs: systems.map(system =>
        replicasOf(study, one, system, replicas).map(replica =>
          planRun(study, { one, name, conditions, system, replica }),
        ),
      ),
    }
  })
  return {
    kind: 'transport',
    study,
    cases: planned.map(({ one, systems, runs }) => ({
      ...one,
      systems: systems.map((system, k) => ({
        name: system.name,
        label: system.label ?? system.name,
        color: system.color ?? null,
        own: recipe.systems.includes(system),
        formOf: system.form_of ?? null,
        runs: runs[k]!.map(({ key }) => key),
      })),
    })),
    runs: planned.flatMap(({ runs }) => firstOfEach(runs)),
  }
}

/** The first run of every system, then the second, … */
function firstOfEach(runs: readonly (readonly PlannedMd[])[]): PlannedMd[] {
  const most = Math.max(...runs.map(({ length }) => length))
  return Array.from({ length: most }, (_, k) => runs.flatMap(replicas => replicas.slice(k, k + 1))).flat()
}

/** @throws UserError for a name that is none of those known */
function checkAsked(asked: readonly string[] | undefined, known: readonly string[]): void {
  const name = asked?.find(one => !known.includes(one))
  if (name === undefined) return
  const near = closest(name, known)
  throw new UserError({
    message: `the study has no case ${name}`,
    where: 'command line',
    hint: near ? `did you mean ${near}?` : `cases: ${known.join(', ')}`,
  })
}

/** Every combination of the values of a case; what stands in a list is part of the name. */
export function variantsOf(one: TransportCase): { name: string; conditions: Conditions }[] {
  const values = <T>(given: T | T[] | undefined, written: (value: T) => string) =>
    Array.isArray(given)
      ? given.map(value => ({ value, suffix: `-${written(value)}` }))
      : [{ value: given ?? null, suffix: '' }]
  return values(one.temperature_K, value => `${value}K`).flatMap(temperature =>
    values(one.charge_scale, value => `q${value}`).flatMap(scale =>
      values(one.degree, value => `d${value}`).flatMap(degree =>
        values(one.placement, value => value).map(placement => ({
          name: one.name + temperature.suffix + scale.suffix + degree.suffix + placement.suffix,
          conditions: {
            temperature_K: temperature.value!,
            charge_scale: scale.value!,
            degree: degree.value,
            placement: placement.value,
          },
        })),
      ),
    ),
  )
}

/** 1, 2, …, n. @throws UserError when there are fewer structures */
function replicasOf(
  { recipe, where }: LoadedTransport,
  one: TransportCase,
  { name, structures }: TransportSystem,
  asked: number | undefined,
): number[] {
  const replicas = asked ?? one.replicas
  if (structures && structures.length < replicas) {
    throw new UserError({
      message: `the system ${name} has ${structures.length} structures for ${replicas} replicas`,
      where: asked === undefined ? where(['cases', recipe.cases.indexOf(one), 'replicas']) : 'command line',
      hint: 'one structure a replica; of a box that is built there can be any number',
    })
  }
  return Array.from({ length: replicas }, (_, k) => k + 1)
}

interface Run {
  readonly one: TransportCase
  readonly name: string
  readonly conditions: Conditions
  readonly system: TransportSystem
  readonly replica: number
}

/** @throws UserError at the key of the study that names a file which is not there */
function checkFiles({ recipe, where }: LoadedTransport): void {
  namedFile(recipe.potential, where(['potential']))
  const structures = ({ structures = [] }: TransportSystem, path: YamlPath) => {
    for (const [k, file] of structures.entries()) namedFile(file, where([...path, 'structures', k]))
  }
  recipe.systems.forEach((system, k) => {
    structures(system, ['systems', k])
  })
  recipe.cases.forEach(({ systems = [] }, index) => {
    for (const [k, system] of systems.entries()) {
      if (typeof system !== 'string') structures(system, ['cases', index, 'systems', k])
    }
  })
}

function planRun(study: LoadedTransport, run: Run): PlannedMd {
  const key = `${run.name}/${run.system.name}-${run.replica}`
  const written = runRecipe(study, run)
  const text = stringify(written, { lineWidth: 0, aliasDuplicateObjects: false })
  const loaded = { ...recipeFromObject(written, study.path, `${study.path} (${key})`), text }
  const { stages } = loaded.recipe
  return {
    kind: 'md',
    key,
    case: run.name,
    system: run.system.name,
    replica: run.replica,
    loaded,
    steps: plannedSteps(stages),
    time_ps: stages.reduce((sum, stage) => sum + ('time_ps' in stage ? stage.time_ps : 0), 0),
  }
}

/** The recipe of one run for `hoplite md`. */
function runRecipe(study: LoadedTransport, { one, name, conditions, system, replica }: Run) {
  const { recipe } = study
  const { hydrogen_mass_g_per_mol, stages, output, analysis, ...protocol } = protocolOf(study, one)
  return {
    name: `${system.name}-${replica}`,
    seed: runSeed(recipe.seed, name, system.name, replica),
    system: {
      potential: recipe.potential,
      structure: system.structures?.[replica - 1],
      build: system.build && withReplaced(system.build, conditions),
      charge_scale: conditions.charge_scale,
      hydrogen_mass_g_per_mol,
      neutralizing_background: system.neutralizing_background,
    },
    ...protocol,
    stages: stages.map(stage => atTemperature(stage, conditions.temperature_K)),
    output,
    analysis: { species: recipe.species, ...analysis },
    constants: recipe.constants,
  }
}

type Build = NonNullable<TransportSystem['build']>

function withReplaced(build: Build, { degree, placement }: Conditions): Build {
  const polymers = build.polymers?.map(polymer =>
    polymer.replace
      ? {
          ...polymer,
          replace: {
            ...polymer.replace,
            ...(degree !== null && { fraction: degree }),
            ...(placement !== null && { placement }),
          },
        }
      : polymer,
  )
  return { ...build, ...(polymers && { polymers }) }
}

/** @throws UserError for a recipe that is none, and at the case whose change makes it none */
function bandOf({ recipe: { cases }, where }: LoadedBarriers, one: BandCase): LoadedBandRecipe {
  const at = ['cases', cases.indexOf(one), 'change']
  return changedBand(one, key => where(key === undefined ? at : [...at, key]))
}

/**
 * A band recipe with another name and some of its keys changed. Its text keeps the comments of the file and has absolute
 * paths.
 * @param change by path of the key, such as `charges.transfer[0].electrons`; relative paths of files are relative to `recipe`
 * @param where place of the change, or of one of its keys, for errors
 * @throws UserError
 */
export function changedBand(
  { key, recipe: file, change }: { key: string; recipe: string; change: Readonly<Record<string, unknown>> },
  where: (key?: string) => string = () => file,
): LoadedBandRecipe {
  const base = loadBandRecipe(file)
  const document = parseDocument(base.text)
  const paths = Object.keys(change).map(text => ({ text, path: pathOf(text) }))
  try {
    document.set('name', key)
    for (const { text, path } of paths) document.setIn(path, document.createNode(change[text]))
    const changed = bandRecipeFromObject(document.toJS(), file, '')
    for (const [path, absolute] of absolutePaths(document.toJS(), changed.recipe))
      document.setIn(path, absolute)
    return {
      recipe: changed.recipe,
      text: document.toString(),
      path: file,
      where: path => {
        const found = paths.find(other => other.path.every((part, k) => part === path[k]))
        return found ? where(found.text) : base.where(path)
      },
    }
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause
    const { where: changedKey, hint } = cause instanceof UserError ? cause : {}
    throw new UserError({
      message: `${changedKey ? `${changedKey}: ` : ''}${cause.message}`,
      where: where(),
      ...(hint !== undefined && { hint }),
    })
  }
}

/** `a.b[2].c` as keys and list positions. */
const pathOf = (text: string): (string | number)[] =>
  text
    .split(/[.[\]]+/)
    .filter(part => part !== '')
    .map(part => (/^\d+$/.test(part) ? Number(part) : part))

/** Texts that name a file, with the absolute path that they were resolved to. */
function absolutePaths(written: unknown, resolved: unknown, path: YamlPath = []): [YamlPath, string][] {
  if (typeof written === 'string') {
    const isPath = typeof resolved === 'string' && resolved !== written && isAbsolute(resolved)
    return isPath ? [[path, resolved]] : []
  }
  if (typeof written !== 'object' || written === null) return []
  return Object.entries(written).flatMap(([key, value]) =>
    absolutePaths(value, (resolved as Record<string, unknown> | undefined)?.[key], [...path, key]),
  )
}

/**
 * The seed of a run, a function of what the run is: more replicas, cases and systems change none of those that there are.
 * No two runs share one: equal seeds would share the thermostat's noise and tie runs together that are to be independent.
 * @returns a whole number below 2⁴⁸, so that among a thousand runs two are the same once in a billion studies
 */
export function runSeed(studySeed: number, name: string, system: string, replica: number): number {
  const digest = createHash('sha256')
    .update(JSON.stringify([studySeed, name, system, replica]))
    .digest()
  return digest.readUIntBE(0, 6)
}
