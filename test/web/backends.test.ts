import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { loadRecipe } from '../../src/recipes/recipe.ts'
import { liveInput } from '../../src/run/liveInput.ts'
import { openBackend } from '../../src/web/live/backends.ts'
import { productionOf } from '../../src/web/live/input.ts'
import { temporaryFolder } from '../tools/folder.ts'

const shipped = (path: string) => resolve(import.meta.dirname, '../..', path)
const RECIPE = `name: blocks
system:
  potential: ${shipped('potentials/pvdf-lifsi.yaml')}
  structure: ${shipped('structures/pvdf-700K-1.extxyz')}
interactions: { cutoff_A: 9, coulomb: dsf, coulomb_alpha_per_A: 0.2 }
stages:
  - { name: produce, kind: nvt, time_ps: 1, timestep_fs: 1, temperature_K: 700, steps_on_device: 20 }
`

const recipe = join(temporaryFolder(), 'blocks.yaml')
writeFileSync(recipe, RECIPE)
const input = liveInput(loadRecipe(recipe))

it('a backend that moves atoms on a device gets the steps_on_device of the recipe', async () => {
  const opened = await openBackend('webasm', input)
  expect(productionOf(opened.input).device).toEqual({ steps: 20 })
  expect(opened.running.remarks).toEqual([])
})

it('a backend that cannot move atoms makes every step on the host, with a remark', async () => {
  const opened = await openBackend('simd', input)
  expect(productionOf(opened.input).device).toBeNull()
  expect(opened.running.remarks).toEqual(['without steps_on_device: simd moves no atoms on a device'])
})
