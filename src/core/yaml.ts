import { readFileSync } from 'node:fs'
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import * as z from 'zod'
import { UserError } from '../errors.ts'

/** Path of a value: keys and list indices from the top of the document. */
export type YamlPath = readonly PropertyKey[]

/** A validated YAML document with the positions of its values. */
export interface YamlDocument<T> {
  readonly value: T
  /** Returns the place of a value as `file:line:column key.path`, for the key `where` of a `UserError`. */
  where(path: YamlPath): string
}

type Issue = z.core.$ZodIssue
type RawIssue = z.core.$ZodRawIssue

/**
 * Reads and validates a YAML file.
 * @throws UserError with file, line, column and key; also when the file cannot be read
 */
export function loadYaml<T>(file: string, schema: z.ZodType<T>): YamlDocument<T> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    throw new UserError({
      message: code === 'ENOENT' ? 'there is no such file' : `the file cannot be read (${code})`,
      where: file,
    })
  }
  return parseYamlDocument(text, schema, file)
}

/** Parses and validates YAML like `parseYamlDocument`, and returns the value only. */
export function parseYaml<T>(text: string, schema: z.ZodType<T>, file: string): T {
  return parseYamlDocument(text, schema, file).value
}

/**
 * Parses YAML 1.2 and validates it. The error lists all mistakes; its `where` and `hint` belong to the first one.
 * @param file name of the file in messages
 * @throws UserError for syntax errors, duplicate keys, unknown and missing keys, wrong types and values
 */
export function parseYamlDocument<T>(text: string, schema: z.ZodType<T>, file: string): YamlDocument<T> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const position = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`
  }
  const fault = document.errors[0] ?? document.warnings[0]
  if (fault) {
    throw new UserError({
      message: fault.code === 'DUPLICATE_KEY' ? duplicateKeyMessage(text, fault.pos[0]) : fault.message,
      where: position(fault.pos[0]),
      hint: SYNTAX_HINTS[fault.code],
    })
  }
  if (document.contents === null) throw new UserError({ message: 'the file is empty', where: `${file}:1:1` })
  let data: unknown
  try {
    data = document.toJS()
  } catch (cause) {
    throw new UserError({ message: (cause as Error).message, where: `${file}:1:1` })
  }
  const where = (path: YamlPath) =>
    [position(offsetOf(document, path)), formatPath(path)].filter(Boolean).join(' ')
  return { value: validate(data, schema, where), where }
}

/**
 * Validates an object that was not read from a text, such as a part of another document.
 * @param place name of the object in messages, in place of file and line
 * @throws UserError for unknown and missing keys, wrong types and values
 */
export function parseObject<T>(data: unknown, schema: z.ZodType<T>, place: string): YamlDocument<T> {
  const where = (path: YamlPath) => [place, formatPath(path)].filter(Boolean).join(' ')
  return { value: validate(data, schema, where), where }
}

/**
 * Validates plain data.
 * @param where names the place of a key in messages
 * @throws UserError for unknown and missing keys, wrong types and values
 */
export function validate<T>(data: unknown, schema: z.ZodType<T>, where: (path: YamlPath) => string): T {
  const knownKeys = new WeakMap<readonly string[], readonly string[]>()
  const result = schema.safeParse(data, { error: issue => message(issue, knownKeys) })
  if (result.success) return result.data
  const mistakes = result.error.issues
    .flatMap(issue => flatten(issue))
    .map(issue => describe(issue, data, knownKeys))
  const [first, ...others] = mistakes as [Mistake, ...Mistake[]]
  const shown = others.slice(0, 9).map(mistake => `\n  ${where(mistake.path)}: ${mistake.message}`)
  const rest = others.length > 9 ? [`\n  and ${others.length - 9} more`] : []
  throw new UserError({
    message: [first.message, ...shown, ...rest].join(''),
    where: where(first.path),
    hint: first.hint,
  })
}

/** Most frequent correction of a syntax error, by the parser's code. */
const SYNTAX_HINTS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces, not with tabs',
  BAD_INDENT: 'indent it like the other lines of its block, and close every { and [ above it',
  BLOCK_AS_IMPLICIT_KEY: 'indent it like the other lines of its block; put text with a colon in quotes',
  MULTILINE_IMPLICIT_KEY: 'write `key: value`, with a space after the colon',
  MISSING_CHAR: 'write `key: value`, with a space after the colon, and close quotes and brackets',
}

function duplicateKeyMessage(text: string, offset: number): string {
  const key = /^[^\s:]+/.exec(text.slice(offset))?.[0] ?? ''
  return `the key \`${key}\` occurs twice in the same block`
}

/** `a.b[2].c` */
function formatPath(path: YamlPath): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : `${text && `${text}.`}${String(part)}`),
    '',
  )
}

/** Offset of the value at a path, or of its key if it has one; for a missing value that of the deepest parent. */
function offsetOf(document: Document, path: YamlPath): number {
  let node: Node | null = document.contents as Node | null
  let offset = node?.range?.[0] ?? 0
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document) ?? null
    if (isMap(node)) {
      const pair = node.items.find(item => isScalar(item.key) && String(item.key.value) === String(part))
      if (!pair) return offset
      offset = (pair.key as Node).range?.[0] ?? offset
      node = pair.value as Node | null
    } else if (isSeq(node)) {
      const item = node.items[Number(part)] as Node | undefined
      if (!item) return offset
      offset = item.range?.[0] ?? offset
      node = item
    } else {
      return offset
    }
  }
  return offset
}

/** The value at a path of plain data. */
function valueAt(data: unknown, path: YamlPath): { readonly found: boolean; readonly value: unknown } {
  let value = data
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) {
      return { found: false, value: undefined }
    }
    value = (value as Readonly<Record<PropertyKey, unknown>>)[part]
  }
  return { found: value !== undefined, value }
}

/** Issues of the best-fitting branch of a union, with full paths; other issues are unchanged. */
function flatten(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue]
  const atRoot = (branch: readonly Issue[]) => branch.some(inner => inner.path.length === 0)
  const candidates = issue.errors.filter(branch => !atRoot(branch) || branch.every(isUnknownKeys))
  if (candidates.length === 0) return [issue]
  const best = candidates.reduce((a, b) => (b.length < a.length ? b : a))
  return best.flatMap(inner => flatten({ ...inner, path: [...issue.path, ...inner.path] }))
}

/** Codes that zod gives for a missing key, depending on the schema. */
const MISSING: ReadonlySet<string | undefined> = new Set(['invalid_type', 'invalid_value', 'invalid_union'])

const isUnknownKeys = (issue: Issue) => issue.code === 'unrecognized_keys'

interface Mistake {
  readonly path: YamlPath
  readonly message: string
  readonly hint?: string | undefined
}

function describe(
  issue: Issue,
  data: unknown,
  knownKeys: WeakMap<readonly string[], readonly string[]>,
): Mistake {
  if (issue.code === 'unrecognized_keys') {
    const [key] = issue.keys as [string]
    const known = knownKeys.get(issue.keys) ?? []
    return { path: [...issue.path, key], message: issue.message, hint: suggestion(key, known) }
  }
  const { found, value } = valueAt(data, issue.path)
  if (!found && MISSING.has(issue.code)) {
    const key = String(issue.path.at(-1))
    return { path: issue.path, message: `the key \`${key}\` is missing`, hint: `needed: ${needed(issue)}` }
  }
  const choices = issue.code === 'invalid_value' ? issue.values : 'options' in issue ? issue.options : []
  const hint = typeof value === 'string' ? closest(value, (choices ?? []).map(String)) : undefined
  return { path: issue.path, message: issue.message, hint: hint && `did you mean \`${hint}\`?` }
}

/** The expected value in words: `a number`, `one of plain, shifted`. */
function needed(issue: Issue | RawIssue): string {
  const list = (values: readonly unknown[]) =>
    values.length === 1 ? `\`${String(values[0])}\`` : `one of ${values.join(', ')}`
  switch (issue.code) {
    case 'invalid_type':
      return TYPE_NAMES[issue.expected] ?? `a ${issue.expected}`
    case 'invalid_value':
      return list(issue.values)
    case 'invalid_union':
      if ('options' in issue && Array.isArray(issue.options)) return list(issue.options)
      return [...new Set(issue.errors.flatMap(branch => branch.slice(0, 1).map(needed)))].join(' or ')
    default:
      return issue.message ?? 'another value'
  }
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a block of keys',
  record: 'a block of keys',
  null: 'nothing',
}

/** A value in words: `the text '9 A'`, `the number 3`, `a list of 2`. */
function inWords(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (typeof value === 'string') return `the text '${value}'`
  if (typeof value === 'number') return `the number ${value}`
  if (Array.isArray(value)) return `a list of ${value.length}`
  return typeof value === 'object' ? 'a block of keys' : String(value)
}

function message(issue: RawIssue, knownKeys: WeakMap<readonly string[], readonly string[]>): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      if (issue.inst instanceof z.ZodObject) knownKeys.set(issue.keys, Object.keys(issue.inst.shape))
      return issue.keys.length === 1
        ? `unknown key \`${issue.keys[0]}\``
        : `unknown keys ${issue.keys.map(key => `\`${key}\``).join(', ')}`
    case 'invalid_type':
    case 'invalid_value':
    case 'invalid_union':
      // The issue of a discriminated union has the whole block as its value; the mistake is in the tag.
      return 'discriminator' in issue && typeof issue.discriminator === 'string'
        ? `expected ${needed(issue)}, got ${inWords((issue.input as Record<string, unknown>)[issue.discriminator])}`
        : `expected ${needed(issue)}, got ${inWords(issue.input)}`
    case 'too_small':
    case 'too_big':
      return bound(issue)
    case 'invalid_key':
      return `the key \`${String(issue.input)}\` is not allowed: ${issue.issues[0]?.message ?? issue.code}`
    default:
      return `${inWords(issue.input)} is not allowed here (${issue.code.replaceAll('_', ' ')})`
  }
}

function bound(issue: z.core.$ZodRawIssue<z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig>): string {
  const limit = issue.code === 'too_small' ? issue.minimum : issue.maximum
  const direction = issue.code === 'too_small' ? 'least' : 'most'
  if (issue.origin === 'array' || issue.origin === 'string') {
    const unit = issue.origin === 'array' ? 'items' : 'characters'
    return `expected ${issue.exact ? 'exactly' : `at ${direction}`} ${limit} ${unit}, got ${inWords(issue.input)}`
  }
  const strict = issue.code === 'too_small' ? 'more than' : 'less than'
  const relation = issue.inclusive ? `at ${direction}` : strict
  return `expected ${relation} ${limit}, got ${inWords(issue.input)}`
}

function suggestion(key: string, known: readonly string[]): string | undefined {
  const match = closest(key, known)
  if (match !== undefined) return `did you mean \`${match}\`?`
  return known.length > 0 ? `known keys: ${known.join(', ')}` : undefined
}

/** The candidate with the smallest edit distance to a word; undefined if none is near enough to be a misspelling. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  const scored = candidates
    .map(candidate => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
  const best = scored[0]
  return best && best.distance <= Math.max(1, Math.floor(word.length / 2.5)) ? best.candidate : undefined
}

/** Levenshtein distance: number of insertions, deletions and substitutions. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(previous[j]! + 1, row[j - 1]! + 1, substitution))
    }
    previous = row
  }
  return previous[b.length]!
}
