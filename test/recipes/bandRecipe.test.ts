import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { parseYaml } from '../../src/core/yaml.ts'
import type { Interactions } from '../../src/potentials/interactions.ts'
import {
  bandRecipeJsonSchema,
  bandRecipeSchema,
  loadBandRecipe,
  overrideBand,
  recipeOfBand,
} from '../../src/recipes/bandRecipe.ts'
import { caught } from '../tools/caught.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { type Mistake, testMistakes } from '../tools/mistakes.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

/** Lithium from the surface into a vacancy below, a unit bonded to the oxygen behind it. */
const LITHIUM = `name: li-bonded
system:
  potential: ../potentials/pmmcs-lno.yaml
  build:
    crystal: { prototype: layered, a_A: 2.878, c_A: 14.232, z_oxygen: 0.2414, metals: { Ni: 1 } }
    types: { Ni: Ni3 }
    slab: { miller: [1, 0, 4], layers: 5, repeat: [4, 2], vacuum_A: 15, frozen_layers: 2 }
    edits:
      - remove: { element: Li, layer: 4, near: [0.375, 0.62] }
      - retype: { site: { element: Li, layer: 5, near: [0.5, 0.744] }, type: Li_mobile }
    adsorbates:
      - { unit: units/CHCF.yaml, bond: { atom: C1, to: { element: O, layer: 5, near: [0.5, 0.9] }, length_A: 1.4 }, rotation_deg: 30 }
hop:
  ion: { type: Li_mobile }
  to: { element: Li, layer: 4, near: [0.375, 0.62] }
charges:
  neutralize: [Ni3]
  transfer: [{ from: { element: O, layer: 5, near: [0.5, 0.9] }, to: [Ni3], electrons: 0.35 }]
tethers: { stiffness_eV_per_A2: 13.5, adsorbate_eV_per_A2: 5 }
interactions: { cutoff_A: 9 }
band: { images: 9 }
`

/** Nickel through a tetrahedral site, nitrogen bonded to it. */
const NICKEL = `name: ni-bonded
seed: 4
system:
  potential: ni.yaml
  build:
    crystal: { file: LiNiO2.vasp }
    slab: { miller: [1, 0, 4], layers: 5, repeat: [4, 2], vacuum_A: 15, frozen_layers: 2 }
    edits:
      - lithium: { content: 0.5, ordering: electrostatic, keep: [{ atom: 12 }, { atom: 30 }], vacate: [{ element: Li, layer: 4, near: [0.4, 0.6] }] }
      - swap: [{ element: Li, near: [0.1, 0.2, 0.3] }, { atom: 71 }]
    adsorbates:
      - { unit: cPAN, above: { type: Ni2, layer: 5, near: [0.5, 0.5] }, height_A: 2.2 }
hop:
  ion: { type: Ni2, layer: 5, near: [0.5, 0.5] }
  to_fractional: [0.4, 0.6, 0.3]
  via: [[0.45, 0.55, 0.35], { element: Li, layer: 4, near: [0.4, 0.6] }]
overrides: { bonds: [{ pattern: N_a-Ni2, D_eV: 0.59 }] }
band: { springs: energy-weighted, spring_eV_per_A2: [0.1, 1], optimizer: fire }
vibrations: { temperature_K: 350 }
`

const FILES = `name: peer
system: { potential: licoo2.yaml }
endpoints: { initial: a.vasp, final: b.vasp, via: [c.vasp], types: { Li: Li, Co: Co, O: O } }
interactions: { truncation: switched, switch_from_A: 8, coulomb: dsf, coulomb_alpha_per_A: 0.2 }
constants: lammps
`

const parse = (text: string) => parseYaml(text, bandRecipeSchema, 'band.yaml')

describe('a band recipe', () => {
  it('has its defaults filled in', () => {
    expect(parse(LITHIUM)).toMatchObject({
      seed: 1,
      system: { build: { crystal: { prototype: 'layered' }, edits: [{}, {}] } },
      hop: { via: [] },
      tethers: { except: 'hop' },
      interactions: {
        truncation: 'shifted',
        coulomb: 'ewald',
        coulomb_accuracy: 1e-6,
        slab_correction: true,
      },
      band: {
        images: 9,
        path: 'linear',
        springs: 'uniform',
        spring_eV_per_A2: 1,
        optimizer: 'lbfgs',
        climb: true,
        fmax_eV_per_A: 0.01,
        max_iterations: 500,
      },
      endpoints_fmax_eV_per_A: 0.005,
      constants: 'codata2018',
    })
  })

  it('says what a nickel hop needs', () => {
    const recipe = parse(NICKEL)
    expect(recipe.hop!.via).toEqual([[0.45, 0.55, 0.35], { element: 'Li', layer: 4, near: [0.4, 0.6] }])
    expect(recipe.overrides!.bonds).toEqual([{ pattern: 'N_a-Ni2', D_eV: 0.59 }])
    expect(recipe.vibrations).toEqual({ prefactor: true, temperature_K: 350, shell_A: 0 })
    expect(recipe.system.build).toMatchObject({ types: {}, slab: { frozen_layers: 2 } })
  })

  it('takes the goal and the points on the way in Å', () => {
    const text = NICKEL.replace('to_fractional: [0.4, 0.6, 0.3]', 'to_A: [4, 6, 3.5]').replace(
      /via: .*/,
      'via_A: [[4.5, 5.5, 4]]',
    )
    expect(parse(text).hop).toMatchObject({ to_A: [4, 6, 3.5], via: [], via_A: [[4.5, 5.5, 4]] })
  })

  it.each([
    ['to_fractional: [0.4, 0.6, 0.3]', 'to_A: [1, 2]', /expected exactly 3 items/],
    [
      'to_fractional: [0.4, 0.6, 0.3]',
      'to_fractional: [0.4, 0.6, 0.3]\n  to_A: [1, 2, 3]',
      /give to_fractional or to_A, not both/,
    ],
    ['  to_fractional: [0.4, 0.6, 0.3]\n', '', /hop needs one of to, to_fractional and to_A/],
    ['  via: [[', '  via_A: [[1, 2, 3]]\n  via: [[', /give via or via_A, not both/],
  ])('refuses %s replaced by %s', (from, to, message) => {
    expect(NICKEL).toContain(from)
    expect(() => parse(NICKEL.replace(from, to))).toThrow(message)
  })

  it('corrects for the slab only where one is built', () => {
    expect(parse(FILES).interactions.slab_correction).toBe(false)
    const bulk = NICKEL.replace(/slab: .*\n/, 'repeat: [4, 4, 1]\n').replace(/ {4}adsorbates:\n.*\n/, '')
    expect(parse(bulk).interactions.slab_correction).toBe(false)
  })

  it('chooses electrostatics as dynamics does', () => {
    expectTypeOf<ReturnType<typeof parse>['interactions']>().toExtend<Interactions>()
  })
})

const MISTAKES: readonly Mistake[] = [
  ['{ images: 9 }', '{ imges: 9 }', 21, 'band.imges', 'unknown key `imges`'],
  ['{ images: 9 }', '{ images: 2 }', 21, 'band.images', 'at least 3'],
  ['{ images: 9 }', '{ images: 8, climb: false }', 21, 'band.images', 'no image is at the middle'],
  ['{ images: 9 }', '{ springs: energy-weighted }', 21, 'band.spring_eV_per_A2', 'two constants'],
  ['{ images: 9 }', '{ spring_eV_per_A2: [1, 5] }', 21, 'band.spring_eV_per_A2', 'takes one'],
  [
    '{ images: 9 }',
    '{ springs: energy-weighted, spring_eV_per_A2: [5, 1] }',
    21,
    'band.spring_eV_per_A2',
    'the softest spring, 5, must be below the stiffest, 1',
  ],
  [
    '{ images: 9 }',
    '{ spring_eV_per_A2: [1, 2, 3] }',
    21,
    'band.spring_eV_per_A2',
    'expected a number, or [softest, stiffest]',
  ],
  ['{ images: 9 }', '{ optimizer: bfgs }', 21, 'band.optimizer', 'one of lbfgs, fire'],
  ['{ images: 9 }', '{ fmax_eV_per_A: 0 }', 21, 'band.fmax_eV_per_A', 'more than 0'],
  [
    'element: O, layer: 5, near: [0.5, 0.9] }, to',
    'layer: 5, near: [0.5, 0.9] }, to',
    18,
    'from',
    'element, type, atom',
  ],
  ['electrons: 0.35', 'electrons: lots', 18, 'electrons', 'expected a number'],
  ['to: [Ni3]', 'to: []', 18, 'charges.transfer[0].to', 'at least 1'],
  ['neutralize: [Ni3]', 'neutralise: [Ni3]', 17, 'charges.neutralise', 'unknown key'],
  ['13.5,', '13.5, except: hopp,', 19, 'tethers.except', "one of hop, none or a list, got the text 'hopp'"],
  ['cutoff_A: 9', 'coulomb: dsf', 20, 'coulomb_alpha_per_A', 'needs coulomb_alpha_per_A'],
  [
    'cutoff_A: 9',
    'coulomb: cut, slab_correction: true',
    20,
    'interactions.slab_correction',
    'belongs to pme and ewald',
  ],
  ['cutoff_A: 9', 'lennard-jones: shifted', 20, 'interactions.lennard-jones', 'unknown key'],
  ['  to: {', '  to_fractional: [0, 0, 0]\n  to: {', 15, 'hop.to_fractional', 'not both'],
  [
    '  to: { element: Li, layer: 4, near: [0.375, 0.62] }\n',
    '',
    13,
    'hop',
    'one of to, to_fractional and to_A',
  ],
  ['  to: {', '  via: [[0.5, 0.5]]\n  to: {', 15, 'hop.via[0]', 'expected a site or fractions [u, v, w]'],
  ['  build:', '  structure: a.vasp\n  build:', 5, 'system.build', 'not both'],
  [
    'hop:',
    'endpoints: { initial: a.vasp, final: b.vasp }\nhop:',
    13,
    'endpoints',
    'give endpoints, or system.build with a hop, not both',
  ],
  ['name: li-bonded', 'name: li bonded', 1, 'name', 'letters'],
]

describe('a mistaken band recipe', () => {
  const refusalOf = (text: string) => {
    const error = caught(() => parse(text))
    expect(error.message).not.toContain('\n')
    return error
  }
  testMistakes(LITHIUM, MISTAKES, refusalOf, 'band.yaml')

  it.each([
    [/hop:\n( {2}.*\n)+/, '', 'the key `hop` is missing: which ion goes where'],
    [/ {2}build:\n( {4}.*\n)+/, '', 'system needs one of structure and build, or the recipe needs endpoints'],
  ])('without %s is refused', (from, to, message) => {
    expect(caught(() => parse(LITHIUM.replace(from, to))).message).toBe(message)
  })

  it.each([
    ['constants: lammps', 'hop: { ion: { atom: 1 }, to: { atom: 2 } }', 'they take no hop'],
    ['constants: lammps', 'tethers: { stiffness_eV_per_A2: 1 }', 'write except: none, or sites'],
    ['constants: lammps', 'band: { images: 3 }', 'too few for a path through 1 via point: at least 4'],
    ['licoo2.yaml', 'licoo2.yaml, types: { O: O }', 'write types in endpoints'],
  ])('of two files: %j → %j is refused', (from, to, message) => {
    expect(caught(() => parse(FILES.replace(from, to))).message).toContain(message)
  })

  it('has all its mistakes named at once, each with line and column', () => {
    const text = LITHIUM.replace('13.5', 'stiff').replace('images: 9', 'imges: 9').replace('C1', '1')
    const error = caught(() => parse(text))
    expect(error.where).toBe('band.yaml:12:42 system.build.adsorbates[0].bond.atom')
    expect(error.message.split('\n')).toEqual([
      'expected a text, got the number 1',
      "  band.yaml:19:12 tethers.stiffness_eV_per_A2: expected a number, got the text 'stiff'",
      '  band.yaml:21:9 band.imges: unknown key `imges`',
    ])
  })
})

describe('loadBandRecipe', () => {
  it('resolves paths from the recipe’s folder and leaves names of units', () => {
    for (const [name, text] of [
      ['li.yaml', LITHIUM],
      ['ni.yaml', NICKEL],
      ['files.yaml', FILES],
    ] as const) {
      writeFileSync(at(name), text)
    }
    const lithium = loadBandRecipe(at('li.yaml'))
    expect(lithium.recipe.system).toMatchObject({
      potential: join(folder, '../potentials/pmmcs-lno.yaml'),
      build: { adsorbates: [{ unit: at('units/CHCF.yaml') }] },
    })
    expect(lithium.where(['hop', 'ion'])).toBe(`${at('li.yaml')}:14:3 hop.ion`)
    expect(loadBandRecipe(at('ni.yaml')).recipe.system.build).toMatchObject({
      crystal: { file: at('LiNiO2.vasp') },
      adsorbates: [{ unit: 'cPAN' }],
    })
    expect(loadBandRecipe(at('files.yaml')).recipe.endpoints).toMatchObject({
      initial: at('a.vasp'),
      final: at('b.vasp'),
      via: [at('c.vasp')],
    })
  })

  it.each([
    ['li', LITHIUM],
    ['ni', NICKEL],
    ['files', FILES],
  ])('reads the recipe of a manifest back as it was: %s', (name, text) => {
    writeFileSync(at(`${name}.yaml`), text)
    const { recipe } = loadBandRecipe(at(`${name}.yaml`))
    const back = recipeOfBand({ recipe: JSON.parse(JSON.stringify(recipe)) }, 'manifest.json')
    expect(back.recipe).toEqual(recipe)
    expect(back.path).toBe('manifest.json')
  })

  it('takes other numbers from the command line, and refuses what they make of the band', () => {
    writeFileSync(at('even.yaml'), LITHIUM.replace('images: 9', 'images: 9, climb: false'))
    const loaded = loadBandRecipe(at('even.yaml'))
    expect(overrideBand(loaded, { images: 11, fmax_eV_per_A: 0.05 }).recipe.band).toEqual({
      ...loaded.recipe.band,
      images: 11,
      fmax_eV_per_A: 0.05,
    })
    expect(overrideBand(loaded, {}).recipe).toEqual(loaded.recipe)
    const error = caught(() => overrideBand(loaded, { images: 8 }))
    expect(error.message).toContain('8 images without climb')
    expect(error.where).toBe('--images 8')
    expect(caught(() => overrideBand(loaded, { images: 201 })).message).toBe('a band has at most 199 images')
  })
})

describe('the JSON schema of a band recipe', () => {
  it('names what a recipe needs and may hold', () => {
    const schema = bandRecipeJsonSchema() as {
      required: string[]
      additionalProperties: boolean
      properties: Record<string, { properties?: Record<string, unknown> }>
    }
    expect(schema.required).toEqual(['name', 'system'])
    expect(schema.additionalProperties).toBe(false)
    expect(schema.properties.band!.properties).toHaveProperty('spring_eV_per_A2')
    expect(JSON.stringify(schema.properties.hop)).toContain('to_fractional')
  })
})
