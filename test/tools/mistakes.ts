import { expect, it } from 'vitest'
import type { UserError } from '../../src/errors.ts'

/**
 * A text of a recipe, what stands in its place, the line of the mistake, its key, and a part of the message. Tables of
 * mistakes are data: their rows have one shape.
 */
export type Mistake = readonly [from: string, to: string, line: number, key: string, message: string]

/**
 * Tests that each mistake in a recipe is refused at its line, with its key and an explanation.
 * @param refusalOf the error that reading a text ends with
 * @param file name of the recipe in messages
 */
export function testMistakes(
  recipe: string,
  mistakes: readonly Mistake[],
  refusalOf: (text: string) => UserError,
  file: string,
): void {
  it.each(mistakes)('%j → %j is refused at line %i', (from, to, line, key, message) => {
    expect(recipe).toContain(from)
    const error = refusalOf(recipe.replace(from, to))
    expect(error.where).toMatch(new RegExp(`(^|/)${file.replace('.', '\\.')}:${line}:\\d+`))
    expect(`${error.where} ${error.message}`).toContain(key)
    expect(`${error.message} ${error.hint}`).toContain(message)
  })
}
