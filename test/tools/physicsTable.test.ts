import { expect, it } from 'vitest'
import { pageWithTable, reliabilityPage } from './physicsTable.ts'

it('docs/reliability.md holds the table of the recorded physical checks, all of which passed', () => {
  const page = reliabilityPage()
  expect(pageWithTable(page)).toBe(page)
  expect(page).not.toContain('**failed**')
})
