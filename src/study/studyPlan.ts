import { createHash } from 'node:crypto'
import { stringify } from 'yaml'
import { closest, type YamlPath } from '../core/yaml.ts'
import { UserError } from '../errors.ts'
import { asWritten, type LoadedRecipe, parseRecipe, type Recipe } from '../recipes/recipe.ts'
import { headlineOf, type LoadedStudyRecipe, protocolOf, systemsOf } from '../recipes/studyRecipe.ts'
import {
  CASE_TEMPERATURE_K,
  type Placement,
  type StudyCase,
  type StudySystem,
} from '../recipes/studySchema.ts'
import { namedFile } from '../run/checks.ts'
import { plannedSteps } from '../run/md.ts'

/** What tells the cases of a study apart. */
export interface Conditions {
  readonly temperature_K: number
  readonly charge_scale: number
  /** Fraction of units that are replaced; null where the systems say it themselves. */
  readonly degree: number | null
  readonly placement: Placement | null
}

export interface PlannedCase {
  readonly name: string
  readonly headline: boolean
  readonly conditions: Conditions
  readonly systems: readonly PlannedSystem[]
}

export interface PlannedSystem {
  readonly name: string
  readonly label: string
  readonly color: string | null
  /** Whether it is that of the whole study, not one that the case has in its place. */
  readonly own: boolean
  /** The system of the study that it is another form of. */
  readonly formOf: string | null
  readonly runs: readonly PlannedRun[]
}

export interface PlannedRun {
  /** Its directory below that of the study, CASE/SYSTEM-REPLICA. */
  readonly key: string
  readonly case: string
  readonly system: string
  readonly replica: number
  /** As it is written beside the run. */
  readonly loaded: LoadedRecipe
  /** Of dynamics. */
  readonly steps: number
  readonly time_ps: number
}

/**
 * The runs of a study: every case, once for each value of its lists, with every system and replica.
 * @param asked names of cases, as the recipe or the plan has them; all that are not optional when left out
 * @param replicas in place of the recipe's
 * @throws UserError with file, line and key
 */
export function planStudy(
  study: LoadedStudyRecipe,
  options: { readonly cases?: readonly string[] | undefined; readonly replicas?: number | undefined } = {},
): PlannedCase[] {
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
  const known = [...new Set(all.flatMap(({ one, name }) => [one.name, name]))]
  for (const name of options.cases ?? []) {
    if (known.includes(name)) continue
    const near = closest(name, known)
    throw new UserError({
      message: `the study has no case ${name}`,
      where: 'command line',
      hint: near ? `did you mean ${near}?` : `cases: ${known.join(', ')}`,
    })
  }
  const chosen = all.filter(({ one, name }) =>
    options.cases ? options.cases.includes(one.name) || options.cases.includes(name) : !one.optional,
  )
  return chosen.map(({ one, name, conditions }) => ({
    name,
    headline: one === headline,
    conditions,
    systems: systemsOf(recipe, one).map(system => ({
      name: system.name,
      label: system.label ?? system.name,
      color: system.color ?? null,
      own: recipe.systems.includes(system),
      formOf: system.form_of ?? null,
      runs: replicasOf(study, one, system, options.replicas).map(replica =>
        planRun(study, { one, name, conditions, system, replica }),
      ),
    })),
  }))
}

/** Every combination of the values of a case; what stands in a list is part of the name. */
export function variantsOf(one: StudyCase): { name: string; conditions: Conditions }[] {
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
  { recipe, where }: LoadedStudyRecipe,
  one: StudyCase,
  { name, structures }: StudySystem,
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
  readonly one: StudyCase
  readonly name: string
  readonly conditions: Conditions
  readonly system: StudySystem
  readonly replica: number
}

/** @throws UserError at the key of the study that names a file which is not there */
function checkFiles({ recipe, where }: LoadedStudyRecipe): void {
  namedFile(recipe.potential, where(['potential']))
  const structures = ({ structures = [] }: StudySystem, path: YamlPath) => {
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

function planRun(study: LoadedStudyRecipe, run: Run): PlannedRun {
  const key = `${run.name}/${run.system.name}-${run.replica}`
  const text = stringify(runRecipe(study, run), { lineWidth: 0, aliasDuplicateObjects: false })
  const loaded = parseRecipe(text, `${study.path} (${key})`)
  const { stages } = loaded.recipe
  return {
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
function runRecipe(study: LoadedStudyRecipe, { one, name, conditions, system, replica }: Run) {
  const { recipe } = study
  const { hydrogen_mass_g_per_mol, interactions, constraints, stages, output, analysis } = protocolOf(
    study,
    one,
  )
  const written = asWritten({
    interactions: interactions ?? { coulomb: 'pme' },
    stages: stages.map(stage => atTemperature(stage, conditions.temperature_K)),
  })
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
    interactions: written.interactions,
    constraints: constraints ?? {},
    stages: written.stages,
    output,
    analysis: { species: recipe.species, ...analysis },
    constants: recipe.constants,
  }
}

function atTemperature(stage: Recipe['stages'][number], temperature_K: number): Recipe['stages'][number] {
  const kelvin = (value: number | undefined) => (value === CASE_TEMPERATURE_K ? temperature_K : value)
  switch (stage.kind) {
    case 'nvt':
    case 'npt':
      return {
        ...stage,
        temperature_K: kelvin(stage.temperature_K)!,
        temperature_end_K: kelvin(stage.temperature_end_K),
      }
    case 'nve':
      return { ...stage, temperature_K: kelvin(stage.temperature_K) }
    default:
      return stage
  }
}

type Build = NonNullable<StudySystem['build']>

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
