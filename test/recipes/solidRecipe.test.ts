import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { SolidRecipe } from '../../src/construct/solidRecipe.ts'
import { loadRecipe } from '../../src/recipes/recipe.ts'
import { loadSolidRecipe } from '../../src/recipes/solidRecipe.ts'
import type { SolidBuild } from '../../src/recipes/solidSchema.ts'
import { caught } from '../tools/caught.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { type Mistake, testMistakes } from '../tools/mistakes.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

const SLAB = `name: ncm811-104
system:
  build:
    crystal: { prototype: layered, a_A: 2.87, c_A: 14.2, z_oxygen: 0.2414, metals: { Ni: 0.8, Co: 0.1, Mn: 0.1 } }
    types: { Ni: Ni3 }
    slab: { miller: [1, 0, -4], layers: 5, repeat: [4, 2], vacuum_A: 15, frozen_layers: 2 }
    edits:
      - remove: { element: Li, layer: 4, near: [0.3, 0.6] }
      - retype: { site: { atom: 71 }, type: Li_mobile }
      - swap: [{ element: Li, layer: 5, near: [0.1, 0.2] }, { element: Ni, near: [0.1, 0.2, 0.3] }]
      - lithium: { content: 0.5 }
    adsorbates:
      - { unit: ./PVDF.extxyz, above: { type: Ni3, layer: 5, near: [0.5, 0.5] }, height_A: 4.5 }
`

function load(text: string) {
  writeFileSync(at('slab.yaml'), text)
  return loadSolidRecipe(at('slab.yaml'))
}

describe('a recipe of a slab', () => {
  it('needs neither stages nor a potential', () => {
    const { recipe, where } = load(SLAB)!
    expect(recipe).toMatchObject({ name: 'ncm811-104', seed: 1 })
    expect(recipe.system.potential).toBeUndefined()
    expect(recipe.system.build).toMatchObject({
      crystal: { metals: { Ni: 0.8, Co: 0.1, Mn: 0.1 } },
      slab: { miller: [1, 0, -4], frozen_layers: 2 },
      edits: [{}, {}, {}, { lithium: { ordering: 'random', keep: [], vacate: [] } }],
      adsorbates: [{ unit: at('PVDF.extxyz'), rotation_deg: 0 }],
    })
    expect(where(['system', 'build', 'slab', 'layers'])).toMatch(
      /slab\.yaml:6:33 system\.build\.slab\.layers$/,
    )
  })

  it('is what the builder carries out', () => {
    expectTypeOf<SolidBuild>().toExtend<SolidRecipe>()
  })

  it('may be the beginning of a band', () => {
    const { recipe } = load(`${SLAB.replace('system:', 'seed: 7\nsystem:\n  potential: p.yaml')}
hop: { ion: { atom: 3 }, to_fractional: [0.5, 0.5, 0.2] }
`)!
    expect(recipe).toMatchObject({ name: 'ncm811-104', seed: 7, system: { potential: at('p.yaml') } })
    expect(recipe.system.build.slab!.layers).toBe(5)
  })

  it('is told from a recipe of molecules', () => {
    expect(load('name: a\nsystem: { build: { ions: { Li: 1 }, density_g_per_cm3: 1 } }\n')).toBeNull()
    expect(load('- 1\n')).toBeNull()
  })

  it('is refused by molecular dynamics, with what to do', () => {
    load(SLAB)
    const error = caught(() => loadRecipe(at('slab.yaml')))
    expect(error.message).toContain('molecular dynamics takes a structure file')
    expect(error.where).toBe(`${at('slab.yaml')}:3:3 system.build`)
    expect(error.hint).toContain('hoplite build')
  })
})

const MISTAKES: readonly Mistake[] = [
  ['layers: 5', 'layrs: 5', 6, 'slab.layrs', 'unknown key `layrs`'],
  ['crystal:', 'crystl:', 3, 'build.crystl', 'the key `crystal` is missing'],
  ['layers: 5', 'layers: 5.5', 6, 'slab.layers', 'whole number'],
  ['miller: [1, 0, -4]', 'miller: [0, 0, 0]', 6, 'slab.miller', 'is not a surface'],
  ['miller: [1, 0, -4]', 'miller: [1, 0]', 6, 'slab.miller', 'exactly 3 items'],
  ['frozen_layers: 2', 'frozen_layers: 6', 6, 'slab.frozen_layers', 'the slab has 5 layers'],
  ['prototype: layered', 'prototype: spinel', 4, 'crystal.prototype', '`layered`'],
  [
    'prototype: layered',
    'prototype: layered, file: a.vasp',
    4,
    'crystal.file',
    'prototype or file, not both',
  ],
  ['a_A: 2.87, ', '', 4, 'crystal.a_A', 'prototype: layered needs the key a_A'],
  ['Ni: 0.8', 'Ni: 0.7', 4, 'crystal.metals', 'add up to 0.9, not to 1'],
  ['remove:', 'remov:', 8, 'edits[0].remov', 'unknown key `remov`'],
  ['layer: 4, near', 'layer: 4, neer', 8, 'remove.neer', 'unknown key `neer`'],
  ['element: Li, layer: 4, near', 'layer: 4, near', 8, 'edits[0].remove', 'element, type, atom is missing'],
  ['element: Li, layer: 4', 'element: Li, type: Li', 8, 'remove.type', 'element or type, not both'],
  ['atom: 71', 'atom: 71, layer: 2', 9, 'retype.site.layer', 'atom: 71 is enough'],
  ['atom: 71', 'atom: 0', 9, 'retype.site.atom', 'at least 1'],
  ['content: 0.5', 'content: 5', 11, 'lithium.content', 'at most 1'],
  [', height_A: 4.5', '', 13, 'adsorbates[0].above', 'needs height_A'],
  ['    types', '    repeat: [4, 4, 1]\n    types', 5, 'build.repeat', 'a slab has its own slab.repeat'],
]

describe('a mistaken recipe of a slab', () => {
  testMistakes(SLAB, MISTAKES, text => caught(() => load(text)), 'slab.yaml')

  it('with adsorbates but no surface is refused', () => {
    const error = caught(() => load(SLAB.replace(/ {4}slab: .*\n/, '')))
    expect(error.message).toBe('adsorbates need a slab')
  })
})
