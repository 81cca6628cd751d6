import { fragmentFile } from '../construct/library.ts'
import { buildSolid, type Solid } from '../construct/solid.ts'
import type { SolidRecipe } from '../construct/solidRecipe.ts'
import type { YamlPath } from '../core/yaml.ts'
import { readStructureFile } from '../files/structureFile.ts'

/**
 * Builds a crystal or a slab, with the files that it names.
 * @param where of a key in the recipe's block
 * @param chargeOf charge of an atom type, e; without it the structure has no charges
 * @throws UserError for what cannot be read or built
 */
export function buildSolidFrom(
  recipe: SolidRecipe,
  seed: number,
  where: (path: YamlPath) => string,
  chargeOf?: (type: string) => number,
): Solid & { readonly inputs: readonly string[] } {
  const inputs: string[] = []
  const read = (file: string) => {
    inputs.push(file)
    return readStructureFile(file)
  }
  const solid = buildSolid(recipe, {
    seed,
    where,
    ...(chargeOf && { chargeOf }),
    readCrystal: read,
    readUnit: (name, key) => read(fragmentFile(name, key)),
  })
  return { ...solid, inputs: [...new Set(inputs)] }
}
