import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { describe, expect, it } from 'vitest'

/** Rooms from top to bottom: a room imports only from rooms below it, and rooms of one level not from each other. */
const LEVELS: readonly (readonly string[])[] = [
  ['index'],
  ['cli'],
  ['study'],
  ['bands', 'transport'],
  ['run'],
  ['web'],
  ['report'],
  ['dynamics', 'neb'],
  ['relax', 'analysis', 'construct', 'recipes'],
  ['files'],
  ['platform', 'potentials'],
  ['forces', 'optimize'],
  ['core'],
  ['units', 'rng', 'errors', 'version'],
]
const MAX_LINES = 450

const src = resolve(import.meta.dirname, '../src')
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  .map(file => join(src, file))

const partOf = (file: string, depth: number) =>
  relative(src, file).split(sep)[depth]?.replace(/\.ts$/, '') ?? ''
const roomOf = (file: string) => partOf(file, 0)
const levelOf = (file: string) => LEVELS.findIndex(rooms => rooms.includes(roomOf(file)))

const importsOf = (file: string) =>
  [...readFileSync(file, 'utf8').matchAll(/from '(\.[^']+\.ts)'/g)].map(match =>
    resolve(dirname(file), match[1]!),
  )

describe('the house', () => {
  it('knows every room', () => {
    expect(files.filter(file => levelOf(file) < 0)).toEqual([])
  })

  it('has imports that only go down', () => {
    const wrong = files.flatMap(file =>
      importsOf(file)
        .filter(target => roomOf(target) !== roomOf(file) && levelOf(target) <= levelOf(file))
        .map(target => `${relative(src, file)} → ${relative(src, target)}`),
    )
    expect(wrong).toEqual([])
  })

  it('has no circular imports', () => {
    const done = new Set<string>()
    const visit = (file: string, path: readonly string[]): string | null => {
      if (path.includes(file))
        return [...path.slice(path.indexOf(file)), file].map(f => relative(src, f)).join(' → ')
      if (done.has(file)) return null
      for (const target of importsOf(file)) {
        const circle = visit(target, [...path, file])
        if (circle) return circle
      }
      done.add(file)
      return null
    }
    for (const file of files) expect(visit(file, [])).toBeNull()
  })

  it(`has no file above ${MAX_LINES} lines`, () => {
    const long = files.filter(file => readFileSync(file, 'utf8').split('\n').length > MAX_LINES)
    expect(long.map(file => relative(src, file))).toEqual([])
  })
})
