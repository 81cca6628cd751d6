import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

/** First words of a sentence that does not say what a function computes or what a type holds. */
const RIDDLE = /^(What|Of|Whether|That|How|Where|Who|Whom|Why|Goes|Those|So that|…)(?![\w-])/

const src = resolve(import.meta.dirname, '../src')
const sources = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter(file => /\.(ts|mjs|js)$/.test(file) && !file.endsWith('.d.ts'))
  .map(file => ({ name: file.split(sep).join('/'), text: readFileSync(join(src, file), 'utf8') }))

/** Text of every docstring without its stars, with the line where it begins. */
function docstrings(text: string): { line: number; words: string }[] {
  return [...text.matchAll(/\/\*\*([\s\S]*?)\*\//g)].map(match => ({
    line: text.slice(0, match.index).split('\n').length,
    words: match[1]!.replace(/^\s*\*\s?/gm, '').trim(),
  }))
}

/** Every help text: the values of the key `describe`, and the first argument of `.describe(…)`. */
function helpTexts(name: string, text: string): { line: number; words: string }[] {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true)
  const found: { line: number; words: string }[] = []
  const visit = (node: ts.Node): void => {
    const value = ts.isPropertyAssignment(node)
      ? node.name.getText() === 'describe' && node.initializer
      : ts.isCallExpression(node) &&
        ts.isPropertyAccessExpression(node.expression) &&
        node.expression.name.text === 'describe' &&
        node.arguments[0]
    if (value && ts.isStringLiteralLike(value)) {
      found.push({ line: source.getLineAndCharacterOfPosition(value.pos).line + 1, words: value.text })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

describe('language', () => {
  it('no docstring begins with "What", "Of", "How" and the like', () => {
    const riddles = sources.flatMap(({ name, text }) =>
      docstrings(text)
        .filter(({ words }) => RIDDLE.test(words))
        .map(({ line, words }) => `src/${name}:${line} ${words.split('\n')[0]}`),
    )
    expect(riddles).toEqual([])
  })

  it('no help text of an option or a recipe key begins with "What", "Of", "How" and the like', () => {
    const riddles = sources.flatMap(({ name, text }) =>
      helpTexts(name, text)
        .filter(({ words }) => RIDDLE.test(words[0]!.toUpperCase() + words.slice(1)))
        .map(({ line, words }) => `src/${name}:${line} ${words}`),
    )
    expect(riddles).toEqual([])
  })

  it('citations without a check stand in one list, not as "from memory" in docs or sources', () => {
    const docs = resolve(src, '../docs')
    const pages = readdirSync(docs, { recursive: true, encoding: 'utf8' })
      .filter(file => file.endsWith('.md'))
      .map(file => ({ name: file, text: readFileSync(join(docs, file), 'utf8') }))
    const found = [...pages, ...sources].filter(({ text }) =>
      /(quoted|sites|z|DOI) from memory|to be verified/.test(text),
    )
    expect(found.map(({ name }) => name)).toEqual([])
  })
})
