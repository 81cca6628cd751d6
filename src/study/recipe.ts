import { dirname, resolve } from 'node:path'
import * as z from 'zod'
import { closest, loadYaml, type YamlPath } from '../core/yaml.ts'
import { UserError } from '../errors.ts'
import { absoluteBuild, outputSchema, type Recipe } from '../recipes/recipe.ts'
import {
  type BarriersRecipe,
  barriersSchema,
  type StudyStage,
  type TransportCase,
  type TransportRecipe,
  type TransportSystem,
  transportSchema,
} from './schema.ts'

interface Loaded<Kind, Recipe> {
  readonly kind: Kind
  readonly recipe: Recipe
  readonly path: string
  /** `file:line:column key` of a key, for errors about what it means. */
  where(path: YamlPath): string
}
export type LoadedTransport = Loaded<'transport', TransportRecipe>
export type LoadedBarriers = Loaded<'barriers', BarriersRecipe>
/** The recipe of a study with absolute paths, by the instrument that it uses. */
export type LoadedStudyRecipe = LoadedTransport | LoadedBarriers

/** Root of a study whose cases are bands. */
const ofBands = z.looseObject({
  systems: z.undefined().optional(),
  cases: z
    .array(z.unknown())
    .refine(cases => cases.some(one => z.looseObject({ recipe: z.any() }).safeParse(one).success)),
})

/**
 * Reads the recipe of a study: of bands where a case names the recipe of a band, otherwise of runs of its systems.
 * @throws UserError with file, line and key
 */
export function loadStudyRecipe(file: string): LoadedStudyRecipe {
  const { value: written } = loadYaml(file, z.unknown())
  return ofBands.safeParse(written).success ? loadBarriers(file) : loadTransport(file)
}

/** Reads the recipe of a study of transport. @throws UserError with file, line and key */
export function loadTransport(file: string): LoadedTransport {
  const { value, where } = loadYaml(file, transportSchema)
  const recipe = absoluteTransport(value, dirname(file))
  const loaded = { kind: 'transport', recipe, path: file, where } as const
  checkSystems(loaded)
  checkCases(loaded)
  return loaded
}

/** Reads the recipe of a study of barriers. @throws UserError with file, line and key */
export function loadBarriers(file: string): LoadedBarriers {
  const { value, where } = loadYaml(file, barriersSchema)
  const cases = value.cases.map(one => ({ ...one, recipe: resolve(dirname(file), one.recipe) }))
  const loaded = { kind: 'barriers', recipe: { ...value, cases }, path: file, where } as const
  checkBarriers(loaded)
  return loaded
}

function absoluteTransport(recipe: TransportRecipe, folder: string): TransportRecipe {
  const absolute = (system: TransportSystem): TransportSystem => ({
    ...system,
    ...(system.structures && { structures: system.structures.map(file => resolve(folder, file)) }),
    ...(system.build && { build: absoluteBuild(system.build, folder) }),
  })
  return {
    ...recipe,
    potential: resolve(folder, recipe.potential),
    systems: recipe.systems.map(absolute),
    cases: recipe.cases.map(one => ({
      ...one,
      ...(one.systems && {
        systems: one.systems.map(system => (typeof system === 'string' ? system : absolute(system))),
      }),
    })),
  }
}

/** The protocol of a case: its own, and the study's where it has none. */
export interface StudyProtocol {
  readonly hydrogen_mass_g_per_mol: number | undefined
  readonly interactions: TransportCase['interactions']
  readonly constraints: TransportCase['constraints']
  readonly stages: readonly StudyStage[]
  readonly output: Recipe['output']
  readonly analysis: { readonly fit_from_ps: number; readonly fit_to_ps: number }
}

/** Path of the stages of a case: in the case, or in the study. */
const stagesPath = (one: TransportCase, index: number): YamlPath =>
  one.stages ? ['cases', index, 'stages'] : ['stages']

/** @throws UserError when neither the case nor the study has stages, or a window to fit over */
export function protocolOf({ recipe, where }: LoadedTransport, one: TransportCase): StudyProtocol {
  const at = where(['cases', recipe.cases.indexOf(one), 'name'])
  const stages = one.stages ?? recipe.stages
  const analysis = one.analysis ?? recipe.analysis
  if (!stages || !analysis) {
    throw new UserError({
      message: `the case ${one.name} has no ${stages ? 'analysis' : 'stages'}`,
      where: at,
      hint: 'give it to the case, or to the whole study',
    })
  }
  return {
    hydrogen_mass_g_per_mol: one.hydrogen_mass_g_per_mol ?? recipe.hydrogen_mass_g_per_mol,
    interactions: one.interactions ?? recipe.interactions,
    constraints: one.constraints ?? recipe.constraints,
    stages,
    output: one.output ?? recipe.output ?? outputSchema.parse({}),
    analysis,
  }
}

/** The systems of a case; those that it has otherwise keep the study's label and colour unless they have their own. */
export function systemsOf({ systems }: TransportRecipe, one: TransportCase): TransportSystem[] {
  if (!one.systems) return systems
  return one.systems.map(given => {
    const name = typeof given === 'string' ? given : given.name
    const known = systems.find(system => system.name === name)
    if (typeof given === 'string') return known!
    return { ...given, label: given.label ?? known?.label, color: given.color ?? known?.color }
  })
}

/** The case that the sentence is about: the one that says so, or the first that can be. */
export const headlineOf = (recipe: TransportRecipe): TransportCase | undefined =>
  recipe.cases.find(({ headline }) => headline) ??
  recipe.cases.find(one => whyNoHeadline(recipe, one) === undefined)

/** Reason why a case cannot be the headline, by its key. */
function whyNoHeadline(
  recipe: TransportRecipe,
  one: TransportCase,
): { key: string; message: string } | undefined {
  const list = (['temperature_K', 'charge_scale', 'degree', 'placement'] as const).find(key =>
    Array.isArray(one[key]),
  )
  if (list) return { key: list, message: 'must be one case, and a list makes several' }
  if (one.optional) return { key: 'optional', message: 'cannot be optional' }
  if (one.full) return { key: 'full', message: 'cannot be left to --full' }
  if (systemsOf(recipe, one).length < 2) return { key: 'systems', message: 'needs two systems' }
  return undefined
}

/** Returns a check of references by name. @param what is named @param known names, all of them */
const amongThe =
  (what: string, known: readonly string[], where: LoadedStudyRecipe['where']) =>
  (name: string | undefined, path: YamlPath): void => {
    if (name === undefined || known.includes(name)) return
    const near = closest(name, known)
    throw new UserError({
      message: `there is no ${what} ${name}`,
      where: where(path),
      hint: near ? `did you mean ${near}?` : `${what}s: ${known.join('; ')}`,
    })
  }

function checkSystems({ recipe, where }: LoadedTransport): void {
  const { systems, published, cases } = recipe
  const names = systems.map(({ name }) => name)
  const isSystem = amongThe('system', names, where)
  checkUnique(names, k => where(['systems', k, 'name']), 'systems')
  systems.forEach(({ form_of }, k) => {
    isSystem(form_of, ['systems', k, 'form_of'])
  })
  for (const name of Object.keys(published?.slope_A2_per_ps ?? {})) {
    isSystem(name, ['published', 'slope_A2_per_ps', name])
  }
  cases.forEach((one, index) => {
    one.systems?.forEach((system, k) => {
      const path = ['cases', index, 'systems', k]
      if (typeof system === 'string') isSystem(system, path)
      else isSystem(system.form_of, [...path, 'form_of'])
    })
    const own = systemsOf(recipe, one).map(({ name }) => name)
    checkUnique(own, k => where(['cases', index, 'systems', k]), 'systems of the case')
  })
}

function checkUnique(names: readonly string[], where: (index: number) => string, what: string): void {
  names.forEach((name, k) => {
    if (names.indexOf(name) === k) return
    throw new UserError({ message: `two ${what} are named ${name}`, where: where(k) })
  })
}

/** @throws UserError for equal names and keys, and for a name that no case or difference has */
function checkBarriers({ recipe: { cases, differences, published }, where }: LoadedBarriers): void {
  const names = cases.map(({ name }) => name)
  checkUnique(names, k => where(['cases', k, 'name']), 'cases')
  checkUnique(
    cases.map(({ key }) => key),
    k => where(['cases', k, 'key']),
    'directories of cases',
  )
  const isCase = amongThe('case', names, where)
  cases.forEach(({ against, range }, k) => {
    isCase(against, ['cases', k, 'against'])
    range?.cases.forEach((name, j) => {
      isCase(name, ['cases', k, 'range', 'cases', j])
    })
  })
  differences.forEach(({ of, minus, range }, k) => {
    isCase(of, ['differences', k, 'of'])
    isCase(minus, ['differences', k, 'minus'])
    range?.pairs.forEach((pair, j) => {
      pair.forEach((name, side) => {
        isCase(name, ['differences', k, 'range', 'pairs', j, side])
      })
    })
  })
  for (const name of Object.keys(published?.barrier_eV ?? {})) isCase(name, ['published', 'barrier_eV', name])
  const isDifference = amongThe(
    'difference',
    differences.map(({ name }) => name),
    where,
  )
  for (const name of Object.keys(published?.difference_eV ?? {})) {
    isDifference(name, ['published', 'difference_eV', name])
  }
}

function checkCases(loaded: LoadedTransport): void {
  const { recipe, where } = loaded
  const headline = headlineOf(recipe)
  if (!headline) {
    throw new UserError({
      message: 'no case can be the headline, which the sentence of the report is about',
      where: where(['cases']),
      hint: 'it has two systems, no lists and is not optional',
    })
  }
  recipe.cases.forEach((one, index) => {
    const refuse = (key: string, message: string) => {
      throw new UserError({ message, where: where(['cases', index, key]) })
    }
    if (one.headline && one !== headline) refuse('headline', `the headline is ${headline.name} already`)
    const reason = one === headline && whyNoHeadline(recipe, one)
    if (reason) refuse(reason.key, `the headline, ${one.name}, ${reason.message}`)
    const replaces = systemsOf(recipe, one).some(({ build }) =>
      build?.polymers?.some(({ replace }) => replace),
    )
    for (const key of ['degree', 'placement'] as const) {
      if (one[key] === undefined || replaces) continue
      refuse(key, `${key} has no effect: no system of the case has a polymer with \`replace\``)
    }
    checkProtocol(loaded, one, index)
  })
}

/** Checks the protocol of a case for mistakes that would show only when the first run has ended. */
function checkProtocol(loaded: LoadedTransport, one: TransportCase, index: number): void {
  const { where } = loaded
  const { stages, analysis, output } = protocolOf(loaded, one)
  const last = stages.at(-1)!
  const path = stagesPath(one, index)
  if (!('time_ps' in last)) {
    throw new UserError({
      message: `the last stage is the production: it must be dynamics, not ${last.kind}`,
      where: where([...path, stages.length - 1]),
    })
  }
  const window: YamlPath = one.analysis ? ['cases', index, 'analysis'] : ['analysis']
  if (analysis.fit_from_ps >= analysis.fit_to_ps || analysis.fit_to_ps > last.time_ps) {
    throw new UserError({
      message: `the window of ${analysis.fit_from_ps} to ${analysis.fit_to_ps} ps does not fit: the last stage, ${last.name}, is ${last.time_ps} ps long`,
      where: where([...window, 'fit_to_ps']),
    })
  }
  const every_ps = output.trajectory_every_ps
  // Frames count with a little to spare: 0.3 ps are three times 0.1 ps, though not in binary.
  const lags = (edge_ps: number, slack: number) => edge_ps / every_ps + slack
  if (Math.floor(lags(analysis.fit_to_ps, 1e-6)) - Math.ceil(lags(analysis.fit_from_ps, -1e-6)) < 2) {
    throw new UserError({
      message: `the window of ${analysis.fit_from_ps} to ${analysis.fit_to_ps} ps holds fewer than three frames: they are ${every_ps} ps apart`,
      where: where([...window, 'fit_to_ps']),
      hint: 'widen the window, or write frames more often: output.trajectory_every_ps',
    })
  }
  const kept = stages.findLastIndex(stage => stage.kind === 'nvt' || stage.kind === 'npt')
  const stage = stages[kept]
  if (!stage || (stage.kind !== 'nvt' && stage.kind !== 'npt')) return
  const key = stage.temperature_end_K === undefined ? 'temperature_K' : 'temperature_end_K'
  const end = stage[key]
  if (end === 'case' || end === one.temperature_K) return
  throw new UserError({
    message: `${stage.name}, the last stage with a thermostat, ends at ${end} K: not at the temperature of the case ${one.name}`,
    where: where([...path, kept, key]),
    hint: `write \`${key}: case\``,
  })
}
