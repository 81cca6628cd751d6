import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { readStructureFile } from '../../src/files/structureFile.ts'
import { ENERGY_TERMS } from '../../src/platform/platform.ts'
import { KCAL_PER_MOL } from '../../src/units.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { writeLifsi } from './boxes.ts'
import { document, hasColour, hoplite, POTENTIAL, refusal } from './hoplite.ts'

const folder = temporaryFolder()
const options = ['--potential', POTENTIAL, '--charge-scale', '0.7', '--cutoff_A', '7']
let box = ''

beforeAll(async () => {
  box = (await writeLifsi(folder)).box
})

describe('energy --json', () => {
  it('has the promised keys, and forces when they are asked for', async () => {
    const plain = await document('energy', box, ...options)
    const keys = ['atoms', 'potential_eV', 'terms_eV', 'virial_eV']
    const more = ['platform', 'density_g_per_cm3', 'charge_e', 'warnings']
    expect(Object.keys(plain)).toEqual([...keys, ...more])
    const full = await document('energy', box, ...options, '--forces')
    expect(Object.keys(full)).toEqual([...keys, 'forces_eV_per_A', ...more])
    expect(Object.keys(full.platform as object)).toEqual(['asked', 'ran', 'backend', 'fallback_reason'])
    expect(full).toMatchObject({ ...plain, atoms: 120 })
    expect(full.virial_eV).toHaveLength(9)
    expect(full.forces_eV_per_A).toHaveLength(120)
  })

  it('has terms that add up, without those that the system lacks', async () => {
    const { potential_eV, terms_eV } = await document('energy', box, ...options)
    const terms = terms_eV as Record<string, number>
    expect(ENERGY_TERMS).toEqual(expect.arrayContaining(Object.keys(terms)))
    expect(terms).not.toHaveProperty('improper')
    expect(terms).not.toHaveProperty('restraint')
    const sum = Object.values(terms).reduce((a, b) => a + b, 0)
    expect(sum).toBeCloseTo(potential_eV as number, 9)
  })

  it('gives forces that add up to nothing, and the density and charge of the box', async () => {
    const result = await document('energy', box, ...options, '--coulomb', 'ewald', '--forces')
    const total = (result.forces_eV_per_A as number[][]).reduce(
      (a, f) => a.map((x, k) => x + f[k]!),
      [0, 0, 0],
    )
    for (const component of total) expect(Math.abs(component)).toBeLessThan(1e-9)
    expect(result.density_g_per_cm3).toBeCloseTo(1, 6)
    expect(Math.abs(result.charge_e as number)).toBeLessThan(1e-9)
  })

  it.each(['ewald', 'pme', 'dsf', 'wolf', 'cut'])('computes with --coulomb %s', async coulomb => {
    const { terms_eV } = await document('energy', box, ...options, '--coulomb', coulomb)
    const reciprocal = coulomb === 'ewald' || coulomb === 'pme'
    expect('coulomb_reciprocal' in (terms_eV as object)).toBe(reciprocal)
  })

  it('differs between the sets of constants in Coulomb terms alone', async () => {
    const terms = async (constants: string) => {
      const result = await document('energy', box, ...options, '--constants', constants)
      return result.terms_eV as Record<string, number>
    }
    const [codata, lammps] = [await terms('codata2018'), await terms('lammps')]
    expect(lammps.pair).toBe(codata.pair)
    expect(lammps.coulomb).not.toBe(codata.coulomb)
    expect(Math.abs(lammps.coulomb! / codata.coulomb! - 1)).toBeLessThan(1e-5)
  })
})

describe('energy --potential', () => {
  it.each([
    ['styles', 'pair=lj/cut'],
    ['units', 'real'],
    ['mixing', 'arithmetic'],
    ['special-lj', '0,0,0.5'],
    ['dsf-alpha_per_A', '0.2'],
    ['ewald-alpha_per_A', '0.3', '--coulomb', 'cut'],
    ['slab-correction', '--coulomb', 'dsf'],
  ])('refuses --%s where it would be ignored', async (flag, ...words) => {
    const error = await refusal('energy', box, ...options, `--${flag}`, ...words)
    expect(error.message).toBe(`--${flag} has no effect here`)
    expect(error.hint).toMatch(/^it goes with /)
  })

  it('leaves charges without interaction on --coulomb none', async () => {
    const all = await document('energy', box, ...options)
    const { coulomb, coulomb_reciprocal, ...others } = all.terms_eV as Record<string, number>
    const none = await document('energy', box, ...options, '--coulomb', 'none')
    expect(none.terms_eV).toEqual(others)
  })

  it('cuts, shifts and switches pair interactions, and adds the tail', async () => {
    const pair = async (...flags: string[]) =>
      ((await document('energy', box, ...options, ...flags)).terms_eV as Record<string, number>).pair!
    const plain = await pair()
    expect(await pair('--truncation', 'plain')).toBe(plain)
    const switched = await pair('--truncation', 'switched', '--switch-from_A', '6')
    expect(await pair('--truncation', 'shifted')).toBeGreaterThan(switched)
    expect(switched).toBeGreaterThan(plain)
    expect(await pair('--tail-correction')).toBeLessThan(plain)
    const error = await refusal('energy', box, ...options, '--truncation', 'switched')
    expect(error.message).toBe('truncation: switched needs switch_from_A')
    expect(error.hint).toContain('--switch-from_A')
  })
})

describe('energy of LAMMPS data', () => {
  const golden = 'test/golden/lammps/molecular'

  it('is that of LAMMPS, and says on stderr what the file left open', async () => {
    const { energy } = JSON.parse(readFileSync(`${golden}.json`, 'utf8'))
    const { code, stdout, stderr } = await hoplite('energy', `${golden}.data`, '--cutoff_A', '6.2', '--json')
    expect(code).toBe(0)
    const { potential_eV, atoms, warnings } = JSON.parse(stdout)
    expect(atoms).toBe(readStructureFile(`${golden}.data`).elements.length)
    expect(Math.abs(potential_eV / KCAL_PER_MOL / energy.total - 1)).toBeLessThan(1e-9)
    expect(stderr).toMatch(/^warning: assumed: /)
    expect(stderr).toBe(warnings.map((warning: string) => `warning: ${warning}\n`).join(''))
    const quiet = await hoplite('energy', `${golden}.data`, '--cutoff_A', '6.2', '--json', '--quiet')
    expect(quiet.stderr).toBe(stderr)
    expect(quiet.stdout).toBe(stdout)
  })

  it('refuses what would have no effect, and charges that are not there', async () => {
    const said = await refusal('energy', `${golden}.data`, '--charge-scale', '0.7', '--cutoff_A', '6.2')
    expect(said.message).toBe('--charge-scale has no effect here')
    const coulomb = await refusal('energy', `${golden}.data`, '--styles', 'pair=lj/cut/coul/long')
    expect(coulomb.message).toMatch(/Coulomb interactions need charges/)
  })
})

describe('energy in words', () => {
  it('is a table on stdout, without colours, and a line of forces for each atom', async () => {
    const { stdout, stderr, code } = await hoplite('energy', box, ...options, '--forces')
    expect([code, stderr]).toEqual([0, ''])
    expect(hasColour(stdout)).toBe(false)
    expect(stdout).toMatch(/^potential +-?\d+\.\d{8}$/m)
    expect(stdout).toContain('120 atoms, 1.0000 g/cm³, net charge 0.0000 e, platform reference (f64)')
    const [, forces = ''] = stdout.split('forces / eV/Å\n')
    expect(forces.trimEnd().split('\n')).toHaveLength(120)
  })
})
