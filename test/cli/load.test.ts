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
  for (const name of ['esbuild', 'yaml'])
    symlinkSync(join(ROOT, 'node_modules', name), at(`node_modules/${name}`))
  cpSync(join(ROOT, 'scripts'), at('scripts'), { recursive: true })
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
  const { stdout, stderr } = spawnSync(process.execPath, [program], {
    encoding: 'utf8',
    env: { ...process.env, TMPDIR: at('tmp') },
  })
  return { stdout: stdout.trim(), stderr }
}

const bundles = () => (existsSync(cache) ? readdirSync(cache).filter(file => file.endsWith('.mjs')) : [])

describe('the loader of TypeScript sources', () => {
  it('a bundle is kept and used as long as no source has changed', () => {
    expect([run().stdout, run().stdout]).toEqual(['first', 'first'])
    const [bundle, ...others] = bundles()
    expect(others).toEqual([])
    const path = join(cache, bundle!)
    const text = readFileSync(path, 'utf8')
    expect(text).toContain('"first"')
    writeFileSync(path, text.replace('"first"', '"saved"'))
    expect(run().stdout).toBe('saved')
  })

  it('copies of the package that share node_modules have bundles of their own', () => {
    run()
    const copy = at('copy')
    mkdirSync(copy)
    for (const name of ['src', 'scripts', 'package.json', 'run.mjs'])
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
  ])('a bundle that is %s is made again', (_, damage) => {
    run()
    damage(join(cache, bundles()[0]!))
    expect(run()).toEqual({ stdout: 'first', stderr: '' })
  })

  it('a bundle is made again when a source changes to one of the same length', () => {
    run()
    writeFileSync(at('src/answer.ts'), "export const answer: string = 'other'\n")
    expect(run().stdout).toBe('other')
  })

  it('import.meta.url is that of the source, and packages are bundled', () => {
    writeFileSync(
      at('src/answer.ts'),
      "import { parse } from 'yaml'\nexport const answer: string = [import.meta.url, parse('a: 1').a].join(' ')\n",
    )
    expect(run().stdout).toBe(`file://${at('src/answer.ts')} 1`)
  })

  it('stack traces show file and line of the source', () => {
    writeFileSync(
      at('src/answer.ts'),
      "interface Long {\n  a: 1\n}\n\nthrow new Error('no ' + (1 as Long['a']))\nexport const answer = 1\n",
    )
    expect(run().stderr).toMatch(/Error: no 1\n +at .*src\/answer\.ts:5:/)
  })

  it('a program runs where the cache cannot be written, and leaves no file behind', () => {
    writeFileSync(at('node_modules/.cache'), 'a file in the way')
    mkdirSync(at('tmp'))
    expect(run()).toEqual({ stdout: 'first', stderr: '' })
    expect(readdirSync(at('tmp'))).toEqual([])
  })

  it('a syntax error is reported with file and line', () => {
    writeFileSync(at('src/answer.ts'), 'export const answer: = 1\n')
    expect(run().stderr).toMatch(/answer\.ts:1:/)
    expect(bundles()).toEqual([])
  })
  it('an installed package without sources imports the JavaScript in their place', () => {
    rmSync(at('scripts'), { recursive: true })
    rmSync(at('src/entry.ts'))
    writeFileSync(at('src/entry.js'), "export const run = () => console.log('built')\n")
    expect(run()).toEqual({ stdout: 'built', stderr: '' })
  })
})
