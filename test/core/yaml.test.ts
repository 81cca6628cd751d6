import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { closest, loadYaml, parseYaml, parseYamlDocument } from '../../src/core/yaml.ts'
import { UserError } from '../../src/errors.ts'

const schema = z.strictObject({
  name: z.string(),
  seed: z.int().min(0).default(1),
  interactions: z.strictObject({
    cutoff_A: z.number().positive(),
    lennard_jones: z.enum(['plain', 'shifted', 'switched']).default('plain'),
    tail_correction: z.boolean().optional(),
  }),
  stages: z
    .array(
      z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('nvt'), time_ps: z.number() }),
        z.strictObject({ kind: z.literal('minimize'), max_steps: z.int() }),
      ]),
    )
    .min(1)
    .optional(),
  ions: z.record(z.string(), z.int()).optional(),
  source: z.union([z.string(), z.strictObject({ doi: z.string(), page: z.number().optional() })]).optional(),
})

const valid = `name: box
interactions:
  cutoff_A: 9
`

function failure(text: string): UserError {
  try {
    parseYaml(text, schema, 'run.yaml')
  } catch (error) {
    expect(error).toBeInstanceOf(UserError)
    return error as UserError
  }
  throw new Error('parsing did not fail')
}

describe('parseYaml', () => {
  test('parseYaml returns the validated value with defaults', () => {
    expect(parseYaml(`${valid}ions: { Li: 15 }\n`, schema, 'run.yaml')).toEqual({
      name: 'box',
      seed: 1,
      interactions: { cutoff_A: 9, lennard_jones: 'plain' },
      ions: { Li: 15 },
    })
  })

  test('parseYaml reads numbers in exponent notation', () => {
    expect(parseYaml('x: 1.0e-4\ny: 5e3\n', z.record(z.string(), z.number()), 'f')).toEqual({
      x: 1e-4,
      y: 5000,
    })
  })

  test.each([
    ['name: box\ninteractions:\n    cutoff_A: 9\n  tail_correction: true\n', /indent/],
    ['name: box\ninteractions:\n  cutoff_A:9\n  tail_correction: true\n', /space after the colon/],
    ['name: box\nions: { Li: 1\nseed: 1\n', /close every/],
  ])('wrong syntax in %j is reported with the correct form', (text, hint) => {
    expect(failure(text).hint).toMatch(hint)
  })

  test('an unknown key is reported with its position, path and the nearest known key', () => {
    const error = failure('name: box\ninteractions:\n  cutoff_A: 9\n  tail_corection: true\n')
    expect(error.message).toBe('unknown key `tail_corection`')
    expect(error.where).toBe('run.yaml:4:3 interactions.tail_corection')
    expect(error.hint).toBe('did you mean `tail_correction`?')
  })

  test('an unknown key that is near to none is reported with the list of known keys', () => {
    const error = failure(`${valid}pressure_bar: 1\n`)
    expect(error.where).toBe('run.yaml:4:1 pressure_bar')
    expect(error.hint).toBe('known keys: name, seed, interactions, stages, ions, source')
  })

  test('a key without its unit is reported with the key that has the unit', () => {
    const error = failure('name: box\ninteractions:\n  cutoff: 9\n')
    expect(error.message).toContain('unknown key `cutoff`')
    expect(error.message).toContain('the key `cutoff_A` is missing')
    expect([error.hint, error.message].join()).toMatch(/cutoff_A/)
  })

  test('a value of a wrong type is reported with the expected type and the value', () => {
    const error = failure('name: box\ninteractions:\n  cutoff_A: 9 A\n')
    expect(error.message).toBe("expected a number, got the text '9 A'")
    expect(error.where).toBe('run.yaml:3:3 interactions.cutoff_A')
    expect(failure('name: [a]\ninteractions: { cutoff_A: 9 }\n').message).toBe(
      'expected a text, got a list of 1',
    )
    expect(failure(`${valid}seed: 1.5\n`).message).toBe('expected a whole number, got the number 1.5')
    expect(failure('name: box\ninteractions: 5\n').message).toBe('expected a block of keys, got the number 5')
    expect(failure('name: box\ninteractions: { cutoff_A: }\n').message).toBe('expected a number, got nothing')
    expect(failure('name: box\ninteractions: { cutoff_A: .inf }\n').message).toContain('Infinity')
  })

  test('a missing key is reported at the start of its block', () => {
    const error = failure('name: box\ninteractions:\n  lennard_jones: plain\n')
    expect(error.message).toBe('the key `cutoff_A` is missing')
    expect(error.where).toBe('run.yaml:2:1 interactions.cutoff_A')
    expect(error.hint).toBe('needed: a number')
  })

  test('a value outside a list of choices is reported with the choices', () => {
    const error = failure('name: box\ninteractions:\n  cutoff_A: 9\n  lennard_jones: swiched\n')
    expect(error.message).toBe("expected one of plain, shifted, switched, got the text 'swiched'")
    expect(error.hint).toBe('did you mean `switched`?')
  })

  test('a value outside its bounds is reported with the bound', () => {
    expect(failure('name: box\ninteractions: { cutoff_A: -9 }\n').message).toBe(
      'expected more than 0, got the number -9',
    )
    expect(failure(`${valid}seed: -1\n`).message).toBe('expected at least 0, got the number -1')
    expect(failure(`${valid}stages: []\n`).message).toBe('expected at least 1 items, got a list of 0')
  })

  test('mistakes in a discriminated union are reported for the tag or the chosen branch', () => {
    const tag = failure(`${valid}stages:\n  - { kind: nvtt, time_ps: 1 }\n`)
    expect(tag.message).toBe("expected one of nvt, minimize, got the text 'nvtt'")
    expect(tag.hint).toBe('did you mean `nvt`?')
    expect(tag.where).toBe('run.yaml:5:7 stages[0].kind')
    const key = failure(`${valid}stages:\n  - kind: nvt\n    time_ps: 1\n    max_steps: 3\n`)
    expect(key.message).toBe('unknown key `max_steps`')
    expect(key.where).toBe('run.yaml:7:5 stages[0].max_steps')
    expect(failure(`${valid}stages:\n  - { time_ps: 1 }\n`).message).toBe('the key `kind` is missing')
  })

  test('mistakes in a plain union are reported for the fitting branch, or for all if none fits', () => {
    const inner = failure(`${valid}source: { doi: 5 }\n`)
    expect(inner.message).toBe('expected a text, got the number 5')
    expect(inner.where).toBe('run.yaml:4:11 source.doi')
    expect(failure(`${valid}source: 5\n`).message).toBe(
      'expected a text or a block of keys, got the number 5',
    )
    expect(failure(`${valid}source: { doi: a, pag: 1 }\n`).hint).toBe('did you mean `page`?')
  })

  test('several mistakes are reported together, each with its position', () => {
    const error = failure('name: 3\ninteractions:\n  cutoff_A: x\n')
    expect(error.where).toBe('run.yaml:1:1 name')
    expect(error.message).toContain("run.yaml:3:3 interactions.cutoff_A: expected a number, got the text 'x'")
  })

  test('duplicate keys are refused', () => {
    const error = failure('name: a\nname: b\n')
    expect(error.message).toBe('the key `name` occurs twice in the same block')
    expect(error.where).toBe('run.yaml:2:1')
  })

  test('syntax errors are reported with their position', () => {
    expect(failure('name: [a\n').where).toMatch(/^run\.yaml:2:1/)
    expect(failure('name: box\ninteractions:\n\tcutoff_A: 9\n').hint).toBe(
      'indent with spaces, not with tabs',
    )
    expect(failure('name: !!nonsense box\n').where).toBe('run.yaml:1:7')
    expect(failure('').message).toBe('the file is empty')
    expect(failure('# only a comment\n').message).toBe('the file is empty')
    expect(failure('name: a\n---\nname: b\n').where).toMatch(/^run\.yaml:2/)
  })

  test('YAML aliases are resolved', () => {
    const error = failure('name: &n box\ninteractions: &i { cutoff_A: bad }\nsource: *n\n')
    expect(error.where).toBe('run.yaml:2:20 interactions.cutoff_A')
    expect(failure('name: *missing\n').message).toMatch(/missing/)
  })
})

describe('YamlDocument', () => {
  test('a YamlDocument gives the position of any of its values', () => {
    const { where } = parseYamlDocument(
      `${valid}stages:\n  - { kind: nvt, time_ps: 1 }\n`,
      schema,
      'run.yaml',
    )
    expect(where(['stages', 0, 'time_ps'])).toBe('run.yaml:5:18 stages[0].time_ps')
    expect(where(['interactions', 'absent'])).toBe('run.yaml:2:1 interactions.absent')
  })

  test('a file that does not exist is reported by its name', () => {
    expect(() => loadYaml('/nonexistent/run.yaml', schema)).toThrow(UserError)
  })
})

describe('closest', () => {
  test('closest finds misspelled words and returns undefined for unrelated ones', () => {
    expect(closest('cutof_A', ['cutoff_A', 'seed'])).toBe('cutoff_A')
    expect(closest('cutoff', ['cutoff_A', 'seed'])).toBe('cutoff_A')
    expect(closest('pressure', ['cutoff_A', 'seed'])).toBeUndefined()
    expect(closest('x', [])).toBeUndefined()
  })
})
