import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'
import { blockAverage, type Interval } from '../../src/analysis/stats.ts'
import { createBox } from '../../src/core/box.ts'
import { createTopology } from '../../src/core/topology.ts'
import { writeStructureFile } from '../../src/files/structureFile.ts'
import type { PlatformChoice } from '../../src/platform/choose.ts'
import { loadRecipe } from '../../src/recipes/recipe.ts'
import { type LoadedRun, loadRun, productionColumn } from '../../src/run/loadRun.ts'
import { runMd } from '../../src/run/md.ts'
import { temporaryFolder } from '../tools/folder.ts'

/** One line of the table in docs/reliability.md. */
export interface PhysicsCheck {
  readonly name: string
  readonly value: number
  /** 95 % interval of the value; null for a value without statistical error. */
  readonly interval: Interval | null
  /** The value that is right, as text, and its source. */
  readonly reference: string
  readonly source: string
}

/** Folder of the recorded checks, one file for each test file. */
export const RESULTS = join(import.meta.dirname, 'results')

/**
 * Collects the checks of a test file and writes them when it ends.
 * @returns records a check and fails where it is not passed
 */
export function checksOf(name: string): (check: PhysicsCheck, passed: boolean) => void {
  const checks: (PhysicsCheck & { passed: boolean })[] = []
  afterAll(() => {
    mkdirSync(RESULTS, { recursive: true })
    writeFileSync(join(RESULTS, `${name}.json`), `${JSON.stringify(checks, null, 1)}\n`)
  })
  return (check, passed) => {
    checks.push({ ...check, passed })
    const { name, value, interval, reference } = check
    expect(passed, `${name}: ${value} (${interval}), reference ${reference}`).toBe(true)
  }
}

export const within = ([low, high]: Interval, value: number) => low <= value && value <= high

/**
 * A value agrees with a reference when it lies within this many standard errors: of a hundred checks, one in two hundred
 * suites fails by chance. Other processors round differently, so that each draws its own sample.
 */
export const SIGMAS = 4

export const agree = (
  a: { value: number; standardError: number },
  b: { value: number; standardError: number },
) => Math.abs(a.value - b.value) <= SIGMAS * Math.hypot(a.standardError, b.standardError)

/** Mean of a correlated series with its standard error and 95 % interval. */
export function meanOfSeries(series: ArrayLike<number>) {
  const { mean, standardError } = blockAverage(series)
  const interval: Interval = [mean - 1.96 * standardError, mean + 1.96 * standardError]
  return { value: mean, standardError, interval }
}

const folder = temporaryFolder()
let runs = 0

/** Writes a file for recipes and returns its path. */
export function bring(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** Runs a recipe in a folder of its own. Production is the last stage. */
export async function run(recipe: string, platform: PlatformChoice = 'simd'): Promise<LoadedRun> {
  const directory = join(folder, `run${++runs}`)
  mkdirSync(directory)
  const path = bring(`run${runs}.yaml`, recipe)
  await runMd({
    loaded: loadRecipe(path),
    directory,
    resume: false,
    platform,
    threads: 1,
    command: ['physics'],
  })
  return loadRun(directory)
}

export const column = productionColumn

export const ARGON = {
  epsilon_eV: 0.0103235,
  sigma_A: 3.405,
  mass_g_per_mol: 39.948,
  /** ε/k_B, K */
  temperature_K: 0.0103235 / 8.617333262e-5,
}

/** Path of a potential of Lennard-Jones argon (Rahman 1964, 10.1103/PhysRev.136.A405) and of n³·4 atoms on an fcc lattice. */
export function argon(
  cellsPerEdge: number,
  density: number,
): { potential: string; structure: string; atoms: number } {
  const { epsilon_eV, sigma_A, mass_g_per_mol } = ARGON
  const potential = bring(
    'argon.yaml',
    `name: argon
energy_unit: eV
mixing: geometric
special: { pair: [0, 0, 0], coulomb: [0, 0, 0] }
sources: { rahman1964: { citation: "Rahman, Phys. Rev. 1964, 136, A405", doi: 10.1103/PhysRev.136.A405 } }
types:
  Ar: { class: Ar, element: Ar, mass_g_per_mol: ${mass_g_per_mol}, charge_e: 0, epsilon: ${epsilon_eV}, sigma_A: ${sigma_A}, source: rahman1964 }
`,
  )
  const atoms = 4 * cellsPerEdge ** 3
  const edge = Math.cbrt(atoms / density) * sigma_A
  const [cell, places] = [edge / cellsPerEdge, [0, 0, 0, 0, 0.5, 0.5, 0.5, 0, 0.5, 0.5, 0.5, 0]]
  const positions = Float64Array.from({ length: 3 * atoms }, (_, k) => {
    const [index, axis] = [Math.floor(k / 12), k % 3]
    const along = [
      index % cellsPerEdge,
      Math.floor(index / cellsPerEdge) % cellsPerEdge,
      Math.floor(index / cellsPerEdge ** 2),
    ]
    return (along[axis]! + places[k % 12]!) * cell
  })
  const structure = join(folder, `argon-${atoms}-${density}.extxyz`)
  writeStructureFile(structure, {
    box: createBox([edge, 0, 0, 0, edge, 0, 0, 0, edge]),
    elements: new Array<string>(atoms).fill('Ar'),
    types: new Array<string>(atoms).fill('Ar'),
    positions,
    topology: createTopology(atoms, []),
    charges: null,
    masses: null,
    velocities: null,
    frozen: null,
  })
  return { potential, structure, atoms }
}
