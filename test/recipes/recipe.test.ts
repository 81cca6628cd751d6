import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import { parseYaml } from '../../src/core/yaml.ts'
import type { ConstraintChoice } from '../../src/dynamics/constraints.ts'
import type { Stage } from '../../src/dynamics/protocol.ts'
import {
  loadRecipe,
  parseRecipe,
  type Recipe,
  recipeJsonSchema,
  recipeOfRun,
  recipeSchema,
} from '../../src/recipes/recipe.ts'
import { protocolStages } from '../../src/recipes/stages.ts'
import { caught } from '../tools/caught.ts'
import { type Mistake, testMistakes } from '../tools/mistakes.ts'

const RECIPE = `name: pvdf-700K
system:
  potential: ../potentials/pvdf-lifsi.yaml
  build:
    polymers:
      - unit: VDF
        chains: 10
        units_per_chain: 12
        replace:
          unit: units/CHCF.yaml
          fraction: 0.333
    ions: { Li: 15, FSI: 15 }
    density_g_per_cm3: 0.6
interactions:
  cutoff_A: 9
  lennard_jones: plain
  coulomb: pme
stages:
  - { name: untangle, kind: push-off }
  - { name: relax, kind: minimize }
  - { name: equilibrate, kind: npt, time_ps: 5, timestep_fs: 2, temperature_K: 700 }
  - { name: prepare, kind: nvt, time_ps: 5, timestep_fs: 2, temperature_K: 700, thermostat: langevin }
  - { name: check, kind: nve, time_ps: 1, timestep_fs: 1 }
  - { name: produce, kind: nvt, time_ps: 40, timestep_fs: 4, temperature_K: 700 }
analysis: { species: Li, fit_from_ps: 2, fit_to_ps: 12 }
`

const parse = (text: string) => parseYaml(text, recipeSchema, 'run.yaml')

describe('a recipe', () => {
  it('has its defaults filled in', () => {
    const recipe = parse(RECIPE)
    expect(recipe).toMatchObject({
      seed: 1,
      system: { charge_scale: 1 },
      interactions: { cutoff_A: 9, tail_correction: true, coulomb: 'pme', coulomb_accuracy: 1e-4 },
      constraints: { bonds: 'none', tolerance: 1e-8 },
      output: { trajectory_every_ps: 0.1, log_every_ps: 0.1, checkpoint_every_ps: 5 },
      constants: 'codata2018',
    })
    expect(recipe.system.build!.polymers![0]).toMatchObject({
      conformation: 'random',
      defect_fraction: 0,
      replace: { placement: 'isolated', keep_ends: true },
    })
    expect(recipe.stages).toMatchObject([
      { kind: 'push-off', distance_A: 2 },
      { kind: 'minimize', method: 'fire', fmax_eV_per_A: 0.5, max_steps: 2000 },
      {
        thermostat: 'csvr',
        thermostat_time_ps: 0.1,
        pressure_bar: 1,
        barostat_time_ps: 1,
        compressibility_per_bar: 4.5e-5,
      },
      { thermostat: 'langevin', thermostat_time_ps: 1 },
      { kind: 'nve', new_velocities: false },
      { kind: 'nvt', thermostat: 'csvr', thermostat_time_ps: 0.1 },
    ])
    expect(recipe.stages[4]).not.toHaveProperty('thermostat')
  })

  it('has its stages of dynamics divided into step, bath and cell', () => {
    const ends =
      'temperature_K: 700, thermostat: langevin, temperature_end_K: 300, density_end_g_per_cm3: 1.5'
    const text = RECIPE.replace('temperature_K: 700, thermostat: langevin', ends)
    const [, , npt, langevin, nve, csvr] = protocolStages(parse(text).stages)
    const verlet = { kind: 'verlet' }
    const at700K = { start_K: 700, end_K: 700 }
    const bath = { kind: 'csvr', time_ps: 0.1 }
    expect(npt).toEqual({
      kind: 'dynamics',
      name: 'equilibrate',
      time_ps: 5,
      timestep_fs: 2,
      new_velocities: false,
      temperature: at700K,
      step: verlet,
      bath,
      cell: { kind: 'pressure', pressure_bar: 1, time_ps: 1, compressibility_per_bar: 4.5e-5 },
      device: null,
    })
    expect(langevin).toMatchObject({
      temperature: { start_K: 700, end_K: 300 },
      step: { kind: 'langevin', time_ps: 1 },
      bath: null,
      cell: { kind: 'densityRamp', end_g_per_cm3: 1.5 },
    })
    expect(nve).toMatchObject({ temperature: null, step: verlet, bath: null, cell: { kind: 'fixed' } })
    expect(csvr).toMatchObject({ temperature: at700K, step: verlet, bath, cell: { kind: 'fixed' } })
    const device = RECIPE.replace('time_ps: 40,', 'time_ps: 40, steps_on_device: 8,')
    expect(protocolStages(parse(device).stages)[5]).toEqual({ ...csvr, device: { steps: 8 } })
  })

  it('is a protocol that dynamics can carry out', () => {
    expectTypeOf<ReturnType<typeof protocolStages>>().toExtend<readonly Stage[]>()
    expectTypeOf<Recipe['constraints']>().toExtend<ConstraintChoice>()
  })

  it('needs nothing that has a default', () => {
    const recipe = parse(
      'name: a\nsystem: { potential: p.yaml, structure: s.extxyz }\nstages: [{ name: p, kind: push-off }]\n',
    )
    expect(recipe.interactions.coulomb).toBe('pme')
    expect(recipe.analysis).toBeUndefined()
  })
})

const LAMELLA = 'lamella: { form: own/form.yaml, cells: [3, 4], gap_A: 13 }'

const MISTAKES: readonly Mistake[] = [
  ['name: pvdf-700K', 'name: pvdf 700K', 1, 'name', 'letters'],
  ['name: pvdf-700K', 'name: pvdf-700K\nsed: 3', 2, 'sed', 'unknown key'],
  ['name: pvdf-700K', 'name: pvdf-700K\nseed: 1.5', 2, 'seed', 'whole number'],
  ['name: pvdf-700K', 'name: pvdf-700K\nconstants: codata', 2, 'constants', 'codata2018'],
  ['  potential: ../potentials/pvdf-lifsi.yaml\n', '', 2, 'system.potential', 'missing'],
  ['  build:', '  structure: a.extxyz\n  build:', 5, 'system.build', 'not both'],
  ['  build:', '  charge_scale: -0.7\n  build:', 4, 'system.charge_scale', 'more than 0'],
  ['  build:', '  hydrogen_mass_g_per_mol: 40\n  build:', 4, 'hydrogen_mass', 'at most 10'],
  ['chains: 10', 'chains: 0', 7, 'chains', 'at least 1'],
  ['units_per_chain: 12', 'units_per_chain: 12\n        units: 12', 9, 'units', 'unknown key'],
  ['fraction: 0.333', 'fraction: 33.3', 11, 'fraction', 'at most 1'],
  ['Li: 15', 'Li: many', 12, 'ions.Li', 'expected a number'],
  ['density_g_per_cm3: 0.6', 'density_g_per_cm3: 0', 13, 'density_g_per_cm3', 'more than 0'],
  ['    density_g_per_cm3: 0.6\n', '', 4, 'build', 'needs one of density_g_per_cm3 and lamella'],
  ['density_g_per_cm3: 0.6', `density_g_per_cm3: 0.6\n    ${LAMELLA}`, 13, 'density_g_per_cm3', 'already'],
  ['density_g_per_cm3: 0.6', LAMELLA.replace('[3, 4]', '[3, 0]'), 13, 'cells[1]', 'at least 1'],
  ['density_g_per_cm3: 0.6', LAMELLA.replace(', gap_A: 13', ''), 13, 'gap_A', 'missing'],
  ['cutoff_A: 9', 'cutoff: 9', 15, 'cutoff', 'unknown key'],
  ['cutoff_A: 9', "cutoff_A: '9 A'", 15, 'cutoff_A', 'expected a number'],
  ['lennard_jones: plain', 'lennard_jones: switched', 14, 'switch_from_A', 'needs switch_from_A'],
  ['lennard_jones: plain', 'switch_from_A: 8', 16, 'switch_from_A', 'needs truncation: switched'],
  [
    'lennard_jones: plain',
    'lennard_jones: switched\n  switch_from_A: 9.5',
    17,
    'switch_from_A',
    'below cutoff_A',
  ],
  ['coulomb: pme', 'coulomb: dsf', 14, 'coulomb_alpha_per_A', 'needs coulomb_alpha_per_A'],
  ['coulomb: pme', 'coulomb: cut\n  coulomb_alpha_per_A: 0.2', 18, 'coulomb_alpha_per_A', 'takes no'],
  ['coulomb: pme', 'coulomb: cut\n  coulomb_accuracy: 1.0e-5', 18, 'coulomb_accuracy', 'belongs to pme'],
  ['coulomb: pme', 'coulomb: pmee', 17, 'coulomb', 'pme'],
  ['kind: minimize', 'kind: minimise', 20, 'kind', 'minimize'],
  ['kind: minimize', 'kind: minimize, fmax: 0.1', 20, 'fmax', 'unknown key'],
  ['timestep_fs: 4', 'timestep_fs: 40', 24, 'timestep_fs', 'at most 10'],
  ['timestep_fs: 4', 'timestep_fs: 4, time_fs: 4', 24, 'time_fs', 'unknown key'],
  ['time_ps: 40', 'time_ps: 0.003', 24, 'time_ps', 'shorter than one time step'],
  [
    'kind: nve, time_ps: 1, timestep_fs: 1',
    'kind: nve, time_ps: 1, timestep_fs: 1, thermostat: csvr',
    23,
    'thermostat',
    'unknown key',
  ],
  [
    'kind: nve, time_ps: 1,',
    'kind: nve, new_velocities: true, time_ps: 1,',
    23,
    'temperature_K',
    'needs temperature_K',
  ],
  ['timestep_fs: 4, temperature_K: 700', 'timestep_fs: 4', 24, 'temperature_K', 'missing'],
  ['timestep_fs: 4,', 'timestep_fs: 4, pressure_bar: 1,', 24, 'pressure_bar', 'unknown key'],
  ['kind: npt,', 'kind: npt, density_end_g_per_cm3: 1.5,', 21, 'density_end_g_per_cm3', 'unknown key'],
  ['kind: npt,', 'kind: npt, thermostat: langevin,', 21, 'thermostat', 'csvr'],
  ['kind: npt,', 'kind: npt, steps_on_device: 20,', 21, 'steps_on_device', 'unknown key'],
  ['kind: nve,', 'kind: nve, steps_on_device: 0,', 23, 'steps_on_device', 'at least 1'],
  ['thermostat: langevin', 'thermostat: langevin, steps_on_device: 20', 22, 'thermostat', 'does not go with'],
  [
    'time_ps: 40,',
    'steps_on_device: 20, density_end_g_per_cm3: 1, time_ps: 40,',
    24,
    'density_end',
    'does not go',
  ],
  ['name: produce', 'name: check', 24, 'stages[5].name', 'two stages'],
  ['fit_from_ps: 2', 'fit_from_ps: 20', 25, 'fit_to_ps', 'above fit_from_ps'],
  ['fit_from_ps: 2, ', '', 25, 'fit_to_ps', 'needs fit_from_ps'],
  ['  cutoff_A: 9\n', '  cutoff_A: 9\n  cutoff_A: 8\n', 16, 'cutoff_A', 'twice'],
]

describe('a mistaken recipe', () => {
  testMistakes(RECIPE, MISTAKES, text => caught(() => parse(text)), 'run.yaml')

  it('is refused without stages', () => {
    const error = caught(() => parse(`${RECIPE.split('stages:')[0]}stages: []\n`))
    expect(error.message).toContain('at least 1 items')
  })

  it('is refused with an empty build', () => {
    const build = '\n  build: { density_g_per_cm3: 1 }\n'
    const text = RECIPE.replace(/\n {2}build:[\s\S]*?\ninteractions:/, `${build}interactions:`)
    expect(caught(() => parse(text)).message).toContain('build needs polymers, ions or both')
  })
})

describe('loadRecipe', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'hoplite-recipe-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('resolves paths from the recipe’s folder and leaves names of units', () => {
    const path = join(folder, 'run.yaml')
    writeFileSync(path, RECIPE)
    const { recipe, text, where } = loadRecipe(path)
    expect(recipe.system.potential).toBe(join(folder, '../potentials/pvdf-lifsi.yaml'))
    expect(recipe.system.build!.polymers![0]!.unit).toBe('VDF')
    expect(recipe.system.build!.polymers![0]!.replace!.unit).toBe(join(folder, 'units/CHCF.yaml'))
    expect(text).toBe(RECIPE)
    writeFileSync(path, RECIPE.replace('density_g_per_cm3: 0.6', LAMELLA))
    expect(loadRecipe(path).recipe.system.build!.lamella).toEqual({
      form: join(folder, 'own/form.yaml'),
      cells: [3, 4],
      gap_A: 13,
    })
    expect(where(['system', 'potential'])).toBe(`${path}:3:3 system.potential`)
  })

  it('refuses a fit window that the production does not reach', () => {
    const path = join(folder, 'window.yaml')
    writeFileSync(path, RECIPE.replace('fit_to_ps: 12', 'fit_to_ps: 120'))
    const long = caught(() => loadRecipe(path))
    expect(long.message).toContain('40 ps long')
    expect(long.where).toMatch(/window.yaml:25:\d+ analysis.fit_to_ps/)
    writeFileSync(path, RECIPE.replace(/ {2}- { name: produce.*\n/, '  - { name: end, kind: minimize }\n'))
    expect(caught(() => loadRecipe(path)).message).toContain('not minimize')
  })

  it('says when there is no such file', () => {
    expect(caught(() => loadRecipe(join(folder, 'none.yaml'))).message).toBe('there is no such file')
  })
})

describe('a recipe in a manifest', () => {
  it.each([
    ['coulomb: pme', 'coulomb: pme'],
    ['coulomb: pme', 'coulomb: dsf\n  coulomb_alpha_per_A: 0.2'],
    ['coulomb: pme', 'coulomb: ewald\n  coulomb_accuracy: 1.0e-6'],
    ['kind: nve,', 'kind: nve, new_velocities: true, temperature_K: 300,'],
    ['kind: npt,', 'kind: npt, pressure_bar: 500, temperature_end_K: 300,'],
  ])('is read back as it was: %j → %j', (from, to) => {
    expect(RECIPE).toContain(from)
    const { recipe } = parseRecipe(RECIPE.replace(from, to), '/recipes/run.yaml')
    const loaded = recipeOfRun({ recipe: JSON.parse(JSON.stringify(recipe)) }, 'manifest.json')
    expect(loaded.recipe).toEqual(recipe)
    expect(loaded.path).toBe('manifest.json')
  })

  it('is refused when it is that of a band', () => {
    const error = caught(() => recipeOfRun({ recipe: { name: 'li', band: {} } }, 'runs/li/manifest.json'))
    expect(error.message).toContain('this is a band')
    expect(error.hint).toContain('hoplite neb runs/li --resume')
  })

  it('is refused when it has been spoilt', () => {
    const recipe = parse(RECIPE)
    const spoilt = { ...recipe, stages: [{ ...recipe.stages[5]!, timestep_fs: -1 }] }
    const error = caught(() => recipeOfRun({ recipe: spoilt }, 'manifest.json'))
    expect(error.where).toBe('manifest.json (recipe) stages[0].timestep_fs')
    expect(caught(() => recipeOfRun({}, 'manifest.json')).where).toContain('manifest.json')
  })
})

describe('the JSON schema of a recipe', () => {
  it('names what a recipe file needs and may hold', () => {
    const schema = recipeJsonSchema() as {
      required: string[]
      additionalProperties: boolean
      properties: Record<string, { default?: unknown; properties?: Record<string, unknown> }>
    }
    expect(schema.required).toEqual(['name', 'system', 'stages'])
    expect(schema.additionalProperties).toBe(false)
    expect(schema.properties.seed!.default).toBe(1)
    expect(schema.properties.interactions!.properties).toHaveProperty('switch_from_A')
    expect(JSON.stringify(schema.properties.stages)).toContain('"push-off"')
  })
})
