import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { minimumImage } from '../../src/core/box.ts'
import type { Structure } from '../../src/core/structure.ts'
import { specialPairs } from '../../src/core/topology.ts'
import { readStructureFile } from '../../src/files/structureFile.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { document, hoplite, POTENTIAL } from './hoplite.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

const INTERACTIONS = `interactions: { cutoff_A: 5.5, coulomb: pme, coulomb_accuracy: 1.0e-3 }
constraints: { bonds: all-bonds, tolerance: 1.0e-7 }
`
/** Two chains of four units, one of which has lost HF in each, with two pairs of ions. */
const BUILD = `name: small
seed: 5
system:
  potential: ${POTENTIAL}
  build:
    polymers:
      - unit: VDF
        chains: 2
        units_per_chain: 4
        replace: { unit: CHCF, fraction: 0.25 }
    ions: { Li: 2, FSI: 2 }
    density_g_per_cm3: 0.5
  charge_scale: 0.7
  hydrogen_mass_g_per_mol: 4
${INTERACTIONS}stages:
  - { name: push-off, kind: push-off, distance_A: 2 }
  - { name: minimise, kind: minimize, fmax_eV_per_A: 1, max_steps: 300 }
  - { name: warm, kind: nvt, thermostat: langevin, thermostat_time_ps: 0.1, time_ps: 0.3, timestep_fs: 1, temperature_K: 500, new_velocities: true }
  - { name: compress, kind: nvt, time_ps: 1, timestep_fs: 2, temperature_K: 500, density_end_g_per_cm3: 0.95 }
`
const MD = `name: small
system: { potential: ${POTENTIAL}, structure: built.extxyz, charge_scale: 0.7, hydrogen_mass_g_per_mol: 4 }
${INTERACTIONS}stages:
  - { name: produce, kind: nvt, time_ps: 0.2, timestep_fs: 2, temperature_K: 500 }
output: { trajectory_every_ps: 0.02, log_every_ps: 0.02 }
`

let report: Record<string, unknown> = {}
let built: Structure

beforeAll(async () => {
  writeFileSync(at('build.yaml'), BUILD)
  writeFileSync(at('md.yaml'), MD)
  report = await document('build', at('build.yaml'), '--out', at('built.extxyz'), '--quiet')
  built = readStructureFile(at('built.extxyz'))
})

/** Distance to the nearest image. */
function distance({ positions, box }: Structure, i: number, j: number): number {
  const d = Float64Array.from([0, 1, 2], k => positions[3 * j + k]! - positions[3 * i + k]!)
  minimumImage(box, d)
  return Math.hypot(...d)
}

describe('a box built from a recipe', () => {
  it('a built box has the molecules of its recipe, which are neutral', () => {
    const count = (element: string) => built.elements.filter(e => e === element).length
    // CH₃–CF₂–[CH₂–CF₂]₂–…–CH₂–CF₃ would be C8H9F9; each chain has lost one HF. FSI⁻ is F2S2O4N.
    expect(['C', 'H', 'F', 'S', 'N', 'O', 'Li'].map(count)).toEqual([16, 16, 20, 4, 2, 8, 2])
    expect(report).toMatchObject({
      atoms: 68,
      replaced_units: [1, 1],
      reversed_units: [0, 0],
    })
    expect(report.composition).toMatchObject([{ molecules: 2 }, { molecules: 2 }, { molecules: 2 }])
    expect(new Set(built.topology.molecules).size).toBe(6)
    expect(Math.abs(report.net_charge_e as number)).toBeLessThan(1e-9)
    expect([...built.topology.bondOrders].filter(order => order === 2)).toHaveLength(2)
  })

  it('a built box has the density of its last stage, as written', () => {
    expect(report.density_g_per_cm3).toBeCloseTo(0.95, 9)
    const weights: Record<string, number> = {
      C: 12.011,
      H: 1.008,
      F: 18.998,
      S: 32.066,
      N: 14.007,
      O: 15.999,
      Li: 6.941,
    }
    const mass = built.elements.reduce((sum, element) => sum + weights[element]!, 0)
    expect((mass / built.box.volume) * 1.6605390666).toBeCloseTo(0.95, 3)
  })

  it('a built box has no overlapping atoms, and bonds of usual length', () => {
    const near = new Set<number>()
    const { pairs, separation } = specialPairs(built.topology, built.elements.length)
    separation.forEach((bonds, k) => {
      const [i, j] = [pairs[2 * k]!, pairs[2 * k + 1]!]
      near.add(i * built.elements.length + j)
      if (bonds === 1) {
        expect(distance(built, i, j)).toBeGreaterThan(1)
        expect(distance(built, i, j)).toBeLessThan(1.9)
      }
    })
    let closest = Number.POSITIVE_INFINITY
    for (let i = 0; i < built.elements.length; i++) {
      for (let j = i + 1; j < built.elements.length; j++) {
        if (!near.has(i * built.elements.length + j)) closest = Math.min(closest, distance(built, i, j))
      }
    }
    expect(closest).toBeGreaterThan(1.4)
  })

  it('a built box has whole molecules: no bond crosses the boundary of the cell', () => {
    const { bonds } = built.topology
    for (let k = 0; k < bonds.length; k += 2) {
      const [i, j] = [3 * bonds[k]!, 3 * bonds[k + 1]!]
      const { positions } = built
      const straight = Math.hypot(...[0, 1, 2].map(c => positions[j + c]! - positions[i + c]!))
      expect(straight).toBeCloseTo(distance(built, i / 3, j / 3), 9)
    }
  })

  it('velocities of a built box do not change constrained bonds', () => {
    const { positions, velocities, topology } = built
    expect(velocities!.some(v => Math.abs(v) > 1)).toBe(true)
    for (let k = 0; k < topology.bonds.length; k += 2) {
      const [i, j] = [3 * topology.bonds[k]!, 3 * topology.bonds[k + 1]!]
      const along = [0, 1, 2].map(c => {
        const r = positions[j + c]! - positions[i + c]!
        return r * (velocities![j + c]! - velocities![i + c]!)
      })
      expect(Math.abs(along[0]! + along[1]! + along[2]!)).toBeLessThan(1e-4)
    }
  })

  it('energy and md read a built box', async () => {
    const options = ['--potential', POTENTIAL, '--charge-scale', '0.7', '--cutoff_A', '5.5']
    const energy = await document('energy', at('built.extxyz'), ...options)
    expect(energy).toMatchObject({ atoms: 68 })
    expect(energy.density_g_per_cm3).toBeCloseTo(0.95, 6)
    // Bonds are held at their length of rest.
    expect(Math.abs((energy.terms_eV as Record<string, number>).bond!)).toBeLessThan(1e-6)
    const result = await document('md', at('md.yaml'), '--out', at('run'), '--quiet')
    expect(result).toMatchObject({ completed: true, steps: 100 })
    expect(result.temperature_K).toBeGreaterThan(350)
    expect(result.temperature_K).toBeLessThan(650)
    expect(Math.abs(result.drift_meV_per_atom_ps as number)).toBeLessThan(5)
    const log = readFileSync(join(at('run'), 'log.csv'), 'utf8')
      .trimEnd()
      .split('\n')
    expect(log).toHaveLength(12)
  })

  it('built boxes are equal for equal seeds and differ between seeds', async () => {
    for (const name of ['same', 'other']) {
      const seed = name === 'same' ? '5' : '6'
      await document('build', at('build.yaml'), '--out', at(`${name}.extxyz`), '--seed', seed, '--quiet')
    }
    const [text, same, other] = ['built', 'same', 'other'].map(name =>
      readFileSync(at(`${name}.extxyz`), 'utf8'),
    )
    expect(same).toBe(text)
    expect(other).not.toBe(text)
  })

  it.each(['data', 'vasp'])(
    'a built box is written as .%s and read back with the same positions',
    async format => {
      const out = at(`packed.${format}`)
      for (const path of [out, at('packed.extxyz')]) {
        const packed = await document(
          'build',
          at('build.yaml'),
          '--out',
          path,
          '--pack-only',
          '--force',
          '--quiet',
        )
        expect(packed.density_g_per_cm3).toBeCloseTo(0.5, 9)
      }
      const [read, packed] = [readStructureFile(out), readStructureFile(at('packed.extxyz'))]
      expect(read.elements.toSorted()).toEqual(packed.elements.toSorted())
      expect(read.box.volume).toBeCloseTo(packed.box.volume, 3)
    },
  )

  it('an interrupted build writes no file', async () => {
    const long = BUILD.replace('time_ps: 1,', 'time_ps: 1000,')
    writeFileSync(at('long.yaml'), long)
    const timer = setTimeout(() => process.emit('SIGINT'), 500)
    const { code, stdout, stderr } = await hoplite('build', at('long.yaml'), '--out', at('long.extxyz'))
    clearTimeout(timer)
    expect([code, stdout]).toEqual([130, ''])
    expect(stderr).toMatch(/stopped: nothing was written$/m)
    expect(existsSync(at('long.extxyz'))).toBe(false)
  })

  it('build prints to stderr the packed molecules and the result of each stage', async () => {
    const { stdout, stderr } = await hoplite('build', at('build.yaml'), '--out', at('told.extxyz'))
    expect(stderr).toContain('2 × Li of 1 atoms')
    expect(stderr).toMatch(/net charge 0\.0000 e, packed at 0\.500 g\/cm³/)
    expect(stderr).toMatch(/^compress: 500 steps, drift /m)
    expect(stderr).not.toContain('Infinity')
    expect(stdout).toBe(`68 atoms at 0.9500 g/cm³ written to ${at('told.extxyz')}\n`)
  })
})
