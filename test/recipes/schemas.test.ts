import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { expect, it } from 'vitest'
import { schemas } from '../tools/schemas.ts'

it.each(schemas)('the schema that editors read is up to date: $file', ({ file, text }) => {
  expect(
    readFileSync(file, 'utf8'),
    `run node scripts/run.mjs test/tools/schemas.ts to renew ${basename(file)}`,
  ).toBe(text)
})
