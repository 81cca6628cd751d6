import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { atomicWeight } from '../../src/core/elements.ts'
import { densityOf } from '../../src/core/system.ts'
import { readStructureFile } from '../../src/files/structureFile.ts'
import { loadRecipe } from '../../src/recipes/recipe.ts'
import { planTransport } from '../../src/study/plan.ts'
import { loadTransport } from '../../src/study/recipe.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const KINDS = [
  { kind: 'pvdf', system: 'PVDF', atoms: 712, doubleBonds: 0 },
  { kind: 'dhf', system: 'dHF-PVDF', atoms: 648, doubleBonds: 32 },
] as const
const SEEDS = [1, 2, 3]

describe.each(KINDS)('boxes of $system at 298 K', ({ kind, system, atoms, doubleBonds }) => {
  const recipe = loadRecipe(join(ROOT, `runs/${kind}-298K-box.yaml`)).recipe

  test('are made as the full study makes its own, up to production', () => {
    const study = loadTransport(join(ROOT, 'runs/pvdf-transport-full.yaml'))
    const run = planTransport(study, { cases: ['298K'] }).runs.find(one => one.system === system)
    const { stages, ...full } = run!.loaded.recipe
    expect(recipe.stages).toEqual(stages.slice(0, -1))
    expect(recipe.system).toEqual(full.system)
    expect(recipe.interactions).toEqual(full.interactions)
    expect(recipe.constraints).toEqual(full.constraints)
  })

  test.each(SEEDS)('number %i has the atoms and the density of such a box', seed => {
    const structure = readStructureFile(join(ROOT, `structures/${kind}-298K-${seed}.extxyz`))
    const count = (type: string) => structure.types!.filter(t => t === type).length
    expect(structure.elements).toHaveLength(atoms)
    expect([count('Li'), count('NBT'), count('C_dH')]).toEqual([12, 12, doubleBonds])
    const density = densityOf(Float64Array.from(structure.elements, atomicWeight), structure.box!.volume)
    // Means of the study's boxes lie within 1.53 and 1.63; one moment of one box scatters by 1 % more.
    expect(density).toBeGreaterThan(1.5)
    expect(density).toBeLessThan(1.66)
  })
})
