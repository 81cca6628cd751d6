import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../tools/folder.ts'
import { ROOT } from './hoplite.ts'

/** A package of its own with this one's loader. */
const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const cache = at('node_modules/.cache/hoplite')

beforeEach(() => {
  rmSync(at('src'), { recursive: true, force: true })
  rmSync(at('node_modules'), { recursive: true, force: true })
  mkdirSync(at('src'))
  mkdirSync(at('node_modules'))
  for (const name of ['tsx', 'yaml'])
    symlinkSync(join(ROOT, 'node_modules', name), at(`node_modules/${name}`))
  copyFileSync(join(ROOT, 'src/load.mjs'), at('src/load.mjs'))
  writeFileSync(at('package.json'), '{ "type": "module" }')
  writeFileSync(
    at('run.mjs'),
    "import { load } from './src/load.mjs'\n(await load(new URL('./src/entry.ts', import.meta.url))).run()",
  )
  writeFileSync(
    at('src/entry.ts'),
    "import { answer } from './answer.ts'\nexport const run = (): void => console.log(answer)\n",
  )
  writeFileSync(at('src/answer.ts'), "export const answer: string = 'first'\n")
})

function run(program = at('run.mjs')): { stdout: string; stderr: string } {
  const { stdout, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8' })
  return { stdout: stdout.trim(), stderr }
}

const bundles = () => (existsSync(cache) ? readdirSync(cache).filter(file => file.endsWith('.mjs')) : [])

describe('the loader of TypeScript', () => {
  it('keeps a bundle, and uses it as long as no source has changed', () => {
    expect([run().stdout, run().stdout]).toEqual(['first', 'first'])
    const [bundle, ...others] = bundles()
    expect(others).toEqual([])
    const path = join(cache, bundle!)
    const text = readFileSync(path, 'utf8')
    expect(text).toContain('"first"')
    writeFileSync(path, text.replace('"first"', '"saved"'))
    expect(run().stdout).toBe('saved')
  })

  it('makes one for each copy of the package that shares its modules', () => {
    run()
    const copy = at('copy')
    mkdirSync(copy)
    for (const name of ['src', 'package.json', 'run.mjs'])
      cpSync(at(name), join(copy, name), { recursive: true })
    symlinkSync(at('node_modules'), join(copy, 'node_modules'))
    writeFileSync(join(copy, 'src/answer.ts'), "export const answer: string = 'copied'\n")
    expect(run(join(copy, 'run.mjs')).stdout).toBe('copied')
    expect(run().stdout).toBe('first')
    rmSync(copy, { recursive: true })
  })

  it.each([
    ['cut short', (path: string) => truncateSync(path, 20)],
    ['gone', (path: string) => rmSync(path)],
  ])('makes it anew when it is %s', (_, damage) => {
    run()
    damage(join(cache, bundles()[0]!))
    expect(run()).toEqual({ stdout: 'first', stderr: '' })
  })

  it('makes it anew when a source changes, be it to one of the same length', () => {
    run()
    writeFileSync(at('src/answer.ts'), "export const answer: string = 'other'\n")
    expect(run().stdout).toBe('other')
  })

  it('says where a module lies, and bundles what comes from packages', () => {
    writeFileSync(
      at('src/answer.ts'),
      "import { parse } from 'yaml'\nexport const answer: string = [import.meta.url, parse('a: 1').a].join(' ')\n",
    )
    expect(run().stdout).toBe(`file://${at('src/answer.ts')} 1`)
  })

  it('shows the sources in stack traces', () => {
    writeFileSync(
      at('src/answer.ts'),
      "interface Long {\n  a: 1\n}\n\nthrow new Error('no ' + (1 as Long['a']))\nexport const answer = 1\n",
    )
    expect(run().stderr).toMatch(/Error: no 1\n +at .*src\/answer\.ts:5:/)
  })

  it('runs the sources one by one where there can be no bundle', () => {
    writeFileSync(at('node_modules/.cache'), 'a file in the way')
    expect(run()).toEqual({ stdout: 'first', stderr: '' })
  })

  it('leaves it to tsx to say what is wrong in a source', () => {
    writeFileSync(at('src/answer.ts'), 'export const answer: = 1\n')
    expect(run().stderr).toMatch(/answer\.ts:1:/)
    expect(bundles()).toEqual([])
  })
})
