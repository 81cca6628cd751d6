import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

/** Rooms from top to bottom: a room imports only from rooms below it, and rooms of one level not from each other. */
const LEVELS: readonly (readonly string[])[] = [
  ['api', 'cli'],
  ['study'],
  ['bands', 'transport'],
  ['run'],
  ['report'],
  ['web'],
  ['dynamics', 'neb'],
  ['relax', 'analysis', 'construct', 'recipes'],
  ['files'],
  ['platform', 'potentials'],
  ['forces', 'optimize'],
  ['core'],
  ['units', 'rng', 'errors', 'version', 'format'],
]
/** Links by path that go upwards on purpose: programs that a room starts as a process or bundles for a page. */
const UPWARD_LINKS: Readonly<Record<string, string>> = {
  'study/schedule.ts → cli/hoplite.mjs': 'a study starts every run as a process of the command line',
}
const MAX_FILE_LINES = 450
const MAX_FUNCTION_LINES = 80

const src = resolve(import.meta.dirname, '../src')
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter(file => /\.(ts|mjs)$/.test(file) && !file.endsWith('.d.ts'))
  .map(file => join(src, file))
const textOf = new Map(files.map(file => [file, readFileSync(file, 'utf8')]))
const name = (file: string) => relative(src, file).split(sep).join('/')
const roomOf = (file: string) => name(file).split('/')[0]!.replace(/\.ts$/, '')
const levelOf = (file: string) => LEVELS.findIndex(rooms => rooms.includes(roomOf(file)))

const IMPORT = /(?:from|import\() ?'(\.[^']+\.(?:ts|mjs))'/g
const importsOf = (file: string) =>
  [...textOf.get(file)!.matchAll(IMPORT)].map(match => resolve(dirname(file), match[1]!))

/** Files and folders of the project that a module names by path. */
const LINK = /new URL\(\s*['`](\.[^'`$]*)/g
const linksOf = (file: string) =>
  [...textOf.get(file)!.matchAll(LINK)].map(match => resolve(dirname(file), match[1]!))

describe('architecture', () => {
  it('every source file belongs to a room with a level', () => {
    expect(files.filter(file => levelOf(file) < 0 && name(file) !== 'load.mjs').map(name)).toEqual([])
  })

  it('imports go to rooms on lower levels only', () => {
    const upward = files.flatMap(file =>
      importsOf(file)
        .filter(target => name(target) !== 'load.mjs')
        .filter(target => roomOf(target) !== roomOf(file) && levelOf(target) <= levelOf(file))
        .map(target => `${name(file)} → ${name(target)}`),
    )
    expect(upward).toEqual([])
  })

  it('links by path exist and go downwards, except those listed with their reason', () => {
    const links = files.flatMap(file => linksOf(file).map(target => ({ file, target })))
    expect(links.filter(({ target }) => !existsSync(target)).map(({ file }) => name(file))).toEqual([])
    const inside = links.filter(({ target }) => name(target) !== '' && !name(target).startsWith('..'))
    const upward = inside
      .filter(({ file, target }) => roomOf(target) !== roomOf(file) && levelOf(target) <= levelOf(file))
      .map(({ file, target }) => `${name(file)} → ${name(target)}`)
    expect(upward.filter(link => !(link in UPWARD_LINKS))).toEqual([])
  })

  it('no imports form a circle', () => {
    const done = new Set<string>()
    const visit = (file: string, path: readonly string[]): string | null => {
      if (path.includes(file)) return [...path.slice(path.indexOf(file)), file].map(name).join(' → ')
      if (done.has(file) || !textOf.has(file)) return null
      for (const target of importsOf(file)) {
        const circle = visit(target, [...path, file])
        if (circle) return circle
      }
      done.add(file)
      return null
    }
    for (const file of files) expect(visit(file, [])).toBeNull()
  })

  it(`no file has more than ${MAX_FILE_LINES} lines`, () => {
    const long = files.filter(file => textOf.get(file)!.split('\n').length > MAX_FILE_LINES)
    expect(long.map(name)).toEqual([])
  })

  it(`no function has more than ${MAX_FUNCTION_LINES} lines`, () => {
    expect(files.flatMap(longFunctions)).toEqual([])
  })

  it('commands that messages name exist, and so do their flags', () => {
    const wrong = files.flatMap(file =>
      strings(file).flatMap(text => unknownCommands(text).map(what => `${name(file)}: ${what}`)),
    )
    expect(wrong).toEqual([])
  })
})

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, textOf.get(file)!, ts.ScriptTarget.Latest, true)
}

/** `room/file.ts name` of every function with too many lines, its nested functions included. */
function longFunctions(file: string): string[] {
  const source = parse(file)
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      const line = (position: number) => source.getLineAndCharacterOfPosition(position).line
      const lines = line(node.end) - line(node.getStart(source)) + 1
      if (lines > MAX_FUNCTION_LINES) found.push(`${name(file)} ${node.name?.getText(source) ?? 'anonymous'}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** Texts of string literals and templates, each substitution as `…`. */
function strings(file: string): string[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) found.push(node.text)
    else if (ts.isTemplateExpression(node)) {
      found.push([node.head.text, ...node.templateSpans.map(span => span.literal.text)].join('…'))
    }
    ts.forEachChild(node, visit)
  }
  visit(parse(file))
  return found
}

const cli = join(src, 'cli')
const COMMANDS = [
  ...readFileSync(join(cli, 'main.ts'), 'utf8').matchAll(/^ {2}(\w+): async \(\) => \(await import/gm),
].map(match => match[1]!)
/** Flags of every command, and those that all of them take. */
const GLOBAL_FLAGS = ['help', 'version', 'json', 'quiet']

function unknownCommands(text: string): string[] {
  return [...text.matchAll(/hoplite ([a-z]+)((?: [^\s;,]+)*)/g)].flatMap(([whole, command, rest]) => {
    if (!COMMANDS.includes(command!)) {
      return /^(doctor|is|has|was|band|checkpoint|answers)$/.test(command!) ? [] : [whole]
    }
    const options = readFileSync(join(cli, `${command}.ts`), 'utf8')
    return [...rest!.matchAll(/--([\w-]+)/g)]
      .map(match => match[1]!)
      .filter(flag => !GLOBAL_FLAGS.includes(flag))
      .filter(flag => !new RegExp(`['\\s{]${flag}'?:`).test(options))
      .map(flag => `hoplite ${command} --${flag}`)
  })
}
