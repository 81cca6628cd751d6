import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/*
 * Writes the checks that `npm run test:physics` has recorded in test/physics/results into docs/reliability.md:
 *
 *   node scripts/run.mjs test/tools/physicsTable.ts
 */

const RESULTS = join(import.meta.dirname, '../physics/results')
const PAGE = join(import.meta.dirname, '../../docs/reliability.md')
const BEGIN = '<!-- physical validation: written by test/tools/physicsTable.ts -->'
const END = '<!-- end of physical validation -->'

interface Recorded {
  readonly name: string
  readonly value: number
  readonly interval: readonly [number, number] | null
  readonly reference: string
  readonly source: string
  readonly passed: boolean
}

/** Five digits. */
const text = (value: number) => String(Number(value.toPrecision(5)))

function row({ name, value, interval, reference, source, passed }: Recorded): string {
  const range = interval ? `${text(interval[0])} to ${text(interval[1])}` : '–'
  const cells = [name, text(value), range, reference, source, passed ? 'passed' : '**failed**']
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

/** The table, and the numbers of checks and of passed ones. */
export function physicsTable(): string {
  const files = readdirSync(RESULTS).filter(file => file.endsWith('.json'))
  const checks = files
    .sort()
    .flatMap(file => JSON.parse(readFileSync(join(RESULTS, file), 'utf8')) as Recorded[])
  const passed = checks.filter(check => check.passed).length
  return [
    `${checks.length} checks, ${passed} passed.`,
    '',
    '| check | value | 95 % interval | reference | source | |',
    '|---|---|---|---|---|---|',
    ...checks.map(row),
  ].join('\n')
}

/** The page with the table in its place. @throws when the page has no place for it */
export function pageWithTable(page: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`${PAGE} has no place for the table`)
  return `${page.slice(0, begin + BEGIN.length)}\n${physicsTable()}\n${page.slice(end)}`
}

export const reliabilityPage = () => readFileSync(PAGE, 'utf8')

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, pageWithTable(reliabilityPage()))
