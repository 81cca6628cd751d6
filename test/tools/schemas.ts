/**
 * JSON Schemas of recipes and potentials, for editors. Writes them next to the files that they describe:
 * node scripts/run.mjs test/tools/schemas.ts
 */
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import * as z from 'zod'
import { potentialSchema } from '../../src/potentials/schema.ts'
import { bandRecipeJsonSchema } from '../../src/recipes/bandRecipe.ts'
import { recipeJsonSchema } from '../../src/recipes/recipe.ts'
import { solidRecipeSchema } from '../../src/recipes/solidRecipe.ts'
import { studyJsonSchema } from '../../src/study/schema.ts'

const ROOT = resolve(import.meta.dirname, '../..')

/** File of each schema, and what it must hold. */
export const schemas: readonly { file: string; text: string }[] = [
  { file: join(ROOT, 'runs/recipe.schema.json'), text: asText(recipeJsonSchema()) },
  { file: join(ROOT, 'runs/study.schema.json'), text: asText(studyJsonSchema()) },
  { file: join(ROOT, 'runs/band.schema.json'), text: asText(bandRecipeJsonSchema()) },
  {
    file: join(ROOT, 'runs/solid.schema.json'),
    text: asText(z.toJSONSchema(solidRecipeSchema, { io: 'input' })),
  },
  {
    file: join(ROOT, 'potentials/potential.schema.json'),
    text: asText(z.toJSONSchema(potentialSchema, { io: 'input' })),
  },
]

function asText(schema: object): string {
  return `${JSON.stringify(schema, null, 2)}\n`
}

if (process.argv[1] === import.meta.filename) {
  for (const { file, text } of schemas) writeFileSync(file, text)
}
