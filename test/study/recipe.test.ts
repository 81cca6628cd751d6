import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadTransport, protocolOf, systemsOf } from '../../src/study/recipe.ts'
import { studyJsonSchema } from '../../src/study/schema.ts'
import { changed } from '../cli/boxes.ts'
import { ROOT } from '../cli/hoplite.ts'
import { caught } from '../tools/caught.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { TINY_STUDY } from '../tools/tinyStudy.ts'

const folder = temporaryFolder()

function load(text: string) {
  const file = join(folder, 'study.yaml')
  writeFileSync(file, text)
  return loadTransport(file)
}

const POLYMER = changed(
  TINY_STUDY,
  /build: { ions: { Li: 12, FSI: 12 }, density_g_per_cm3: 0.9 }/,
  'build: { polymers: [{ unit: units/own.yaml, chains: 1, units_per_chain: 4 }], density_g_per_cm3: 0.9 }',
)

describe('the recipe of a study', () => {
  it('has its defaults filled in, paths made absolute, and a word for the temperature of the case', () => {
    const { recipe } = load(changed(POLYMER, /potential: .*/, 'potential: own.yaml'))
    expect(recipe).toMatchObject({ seed: 7, species: 'Li', potential: join(folder, 'own.yaml') })
    expect(recipe.systems[1]!.build!.polymers![0]!.unit).toBe(join(folder, 'units/own.yaml'))
    expect(recipe.stages![1]).toMatchObject({ temperature_K: 700, temperature_end_K: 'case' })
    expect(recipe.cases[1]).toMatchObject({ headline: false, optional: true, temperature_K: [300, 400] })
  })

  it('lets a case have another protocol and other systems than the study', () => {
    const loaded = load(
      changed(
        TINY_STUDY,
        /replicas: 1 }/,
        `replicas: 1, analysis: { fit_from_ps: 0.002, fit_to_ps: 0.01 },
        systems: [loose, { name: dense, structures: [a.extxyz] }] }`,
      ),
    )
    const [warm, later] = loaded.recipe.cases
    expect(protocolOf(loaded, warm!).analysis.fit_to_ps).toBe(0.012)
    expect(protocolOf(loaded, later!)).toMatchObject({
      analysis: { fit_to_ps: 0.01 },
      interactions: { cutoff_A: 7 },
    })
    expect(systemsOf(loaded.recipe, later!)).toMatchObject([
      { name: 'loose', label: 'loose salt' },
      { name: 'dense', color: '#0072B2', structures: [join(folder, 'a.extxyz')] },
    ])
  })

  it.each([
    ['an unknown key', /headline: true/, 'headlines: true', 'unknown key `headlines`', /headline/],
    ['an unknown word', /temperature_K: case }/, 'temperature_K: room }', /expected a number/, /^$/],
    ['one system', / {2}- { name: loose.*\n/, '', /at least 2 items/, /^$/],
    ['equal systems', /name: loose/, 'name: dense', 'two systems are named dense', /^$/],
    [
      'a system of neither kind',
      /label: loose salt, build: .*} }/,
      'label: x }',
      /one of structures and build/,
      /^$/,
    ],
    [
      'a system that is not there',
      /replicas: 1/,
      'replicas: 1, systems: [thin]',
      'there is no system thin',
      /dense; loose/,
    ],
    [
      'a form of a system that is not there',
      /label: loose salt,/,
      'label: loose salt, form_of: thin,',
      'there is no system thin',
      /dense; loose/,
    ],
    ['a window beyond the end', /fit_to_ps: 0.012/, 'fit_to_ps: 0.03', /produce, is 0.02 ps long/, /^$/],
    [
      'a window of too few frames',
      /trajectory_every_ps: 0.002/,
      'trajectory_every_ps: 0.006',
      /fewer than three frames/,
      /more often/,
    ],
    ['no stages', /stages:\n(.*\n){3}/, '', 'the case warm has no stages', /whole study/],
    [
      'a temperature of its own',
      /temperature_K: case }/,
      'temperature_K: 310 }',
      /ends at 310 K/,
      /temperature_K: case/,
    ],
    ['degree without replace', /replicas: 1/, 'replicas: 1, degree: 0.5', /degree has no effect/, /^$/],
    ['two headlines', /optional: true,/, 'headline: true,', 'the headline is warm already', /^$/],
    [
      'a headline of several',
      /temperature_K: 500/,
      'temperature_K: [500, 600]',
      /the headline, warm, must be one/,
      /^$/,
    ],
    [
      'a relaxation at the end',
      / {2}- { name: produce.*\n/,
      '  - { name: relax, kind: minimize }\n',
      /must be dynamics/,
      /^$/,
    ],
  ])('refuses %s, and says where', (_what, from, to, message, hint) => {
    const error = caught(() => load(changed(TINY_STUDY, from, to)))
    expect(error.message).toMatch(message)
    expect(error.where).toMatch(/study\.yaml:\d+:\d+/)
    expect(error.hint ?? '').toMatch(hint)
  })

  it('tells editors of the word that stands for a temperature', () => {
    const [transport] = (studyJsonSchema() as { anyOf: object[] }).anyOf
    const { properties } = transport as { properties: Record<string, { items: { oneOf: object[] } }> }
    expect(properties.stages!.items.oneOf.at(-1)).toMatchObject({
      properties: { temperature_K: { anyOf: [{ type: 'number' }, { const: 'case' }] } },
    })
  })

  it.each(readdirSync(join(ROOT, 'runs')).filter(file => /-(quick|full)\.yaml$/.test(file)))(
    'is that of a shipped study: %s',
    file => {
      expect(loadTransport(join(ROOT, 'runs', file)).recipe.systems).toHaveLength(2)
    },
  )
})
