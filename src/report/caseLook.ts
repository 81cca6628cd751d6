import { CASE_COLORS, systemColors } from '../web/figure.ts'
import type { BarrierCase, CaseRole } from './barrierModel.ts'

/** "#rrggbb" of each case; what is held against a main case and has no colour of its own takes that one's. */
export function caseColors(cases: readonly BarrierCase[]): string[] {
  const main = cases.filter(({ role }) => role === 'main')
  const palette = new Map(systemColors(main).map((color, k) => [main[k]!.name, color]))
  return cases.map(({ name, color, against }) => {
    const inherited = palette.get(against?.case ?? '') ?? CASE_COLORS.bare
    return palette.get(name) ?? systemColors([{ color: color ?? inherited }])[0]!
  })
}

export const ROLE_TITLES: Readonly<Record<CaseRole, string>> = {
  main: 'Cases',
  sensitivity: 'Sensitivity',
  'counter-example': 'Counter-examples',
  'null-test': 'Null tests',
}

export const ROLES = ['main', 'sensitivity', 'counter-example', 'null-test'] as const
