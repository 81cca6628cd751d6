import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { document, hoplite, refusal } from '../cli/hoplite.ts'
import { temporaryFolder } from '../tools/folder.ts'

const folder = temporaryFolder()
const SIGMA_A = 3.405
/** Å/ps: σ over Lennard-Jones's unit of time, √(m σ²/ε) = 2.156 ps. */
const D_UNIT_A2_PER_PS = SIGMA_A ** 2 / 2.156

writeFileSync(
  join(folder, 'ar.yaml'),
  `name: LJ argon
energy_unit: eV
mixing: geometric
special: { pair: [0, 0, 0], coulomb: [0, 0, 0] }
sources: { rahman: { citation: "Rahman 1964, epsilon/k = 119.8 K, sigma 3.405 A" } }
types:
  Ar: { class: Ar, element: Ar, mass_g_per_mol: 39.948, charge_e: 0, epsilon: 0.0103235, sigma_A: ${SIGMA_A}, source: rahman }
`,
)

/** Runs 256 argon atoms, first at `start_K`, in a cell that begins as fcc. `density`: σ⁻³; `stretch`: c/a. */
async function run(
  name: string,
  {
    density = 0.8442,
    temperature_K = 86.4956,
    start_K = 400,
    stretch = 1,
    time_ps = 30,
  }: Partial<Record<'density' | 'temperature_K' | 'start_K' | 'stretch' | 'time_ps', number>>,
): Promise<string> {
  const edge = Math.cbrt(256 / density / stretch) * SIGMA_A
  const atoms: string[] = []
  for (let k = 0; k < 256; k++) {
    const [site, cell] = [k % 4, Math.floor(k / 4)]
    const corner = [cell % 4, Math.floor(cell / 4) % 4, Math.floor(cell / 16)]
    const place = corner.map((n, axis) => {
      const half = site !== 0 && site - 1 !== axis ? 0.5 : 0
      return (((n + half) * edge) / 4) * (axis === 2 ? stretch : 1)
    })
    atoms.push(`Ar ${place.join(' ')}`)
  }
  const lattice = `Lattice="${edge} 0 0 0 ${edge} 0 0 0 ${stretch * edge}"`
  writeFileSync(
    join(folder, `${name}.extxyz`),
    `256\n${lattice} Properties=species:S:1:pos:R:3\n${atoms.join('\n')}\n`,
  )
  writeFileSync(
    join(folder, `${name}.yaml`),
    `name: ${name}
seed: 11
system: { potential: ar.yaml, structure: ${name}.extxyz }
interactions: { cutoff_A: 8.5, lennard_jones: plain, tail_correction: true, coulomb: cut }
stages:
  - { name: melt, kind: nvt, time_ps: 10, timestep_fs: 4, temperature_K: ${start_K}, new_velocities: true }
  - { name: eq, kind: nvt, time_ps: 20, timestep_fs: 4, temperature_K: ${temperature_K} }
  - { name: prod, kind: nvt, time_ps: ${time_ps}, timestep_fs: 4, temperature_K: ${temperature_K}, thermostat_time_ps: 1 }
output: { trajectory_every_ps: 0.4, log_every_ps: 0.4 }
analysis: { species: Ar, fit_from_ps: 2, fit_to_ps: ${time_ps / 5} }
`,
  )
  const out = join(folder, name)
  await document('md', join(folder, `${name}.yaml`), '--out', out, '--quiet')
  return out
}

interface Found {
  readonly verdict: string
  readonly gamma: number
  readonly alpha: number
  readonly slope_A2_per_ps: number
  readonly diffusion: {
    readonly D_A2_per_ps: number
    readonly finite_size: { readonly D_infinite_A2_per_ps: number; readonly edge_A: number } | null
  }
}
const msd = async (...args: string[]) => (await document('msd', ...args)) as unknown as Found

describe('the MSD of a Lennard-Jones liquid', () => {
  test('is diffusive at the triple point, although its intercept makes α smaller than 1; D is that of the literature', async () => {
    const out = await run('triple', { time_ps: 100 })
    const raw = await msd(out)
    expect(raw.verdict).toBe('diffusive')
    expect(raw.gamma).toBeGreaterThan(raw.alpha)
    // 256 atoms: about 0.030 (Yeh & Hummer's correction of 0.0345 in a box without end).
    expect(raw.diffusion.D_A2_per_ps / D_UNIT_A2_PER_PS).toBeGreaterThan(0.026)
    expect(raw.diffusion.D_A2_per_ps / D_UNIT_A2_PER_PS).toBeLessThan(0.034)
    expect(raw.diffusion.D_A2_per_ps).toBeCloseTo(raw.slope_A2_per_ps / 6, 12)
    expect(raw.diffusion.finite_size).toBeNull()
    const corrected = await msd(out, '--viscosity_mPa_s', '0.28')
    // ξ k_B T / (6π η L) by hand: 2.837297 · 1.19421e-21 J / (6π · 2.8e-4 Pa s · L)
    const { edge_A, D_infinite_A2_per_ps } = corrected.diffusion.finite_size!
    expect(edge_A).toBeCloseTo(Math.cbrt(256 / 0.8442) * SIGMA_A, 4)
    const shift = (D_infinite_A2_per_ps - corrected.diffusion.D_A2_per_ps) * edge_A
    expect(shift / 0.64199).toBeGreaterThan(0.97)
    expect(shift / 0.64199).toBeLessThan(1.03)
    expect((await hoplite('msd', out, '--viscosity_mPa_s', '0.28')).stdout).toMatch(/D = .*infinite box/)
    const page = await hoplite('report', out)
    expect(page.code).toBe(0)
  })

  test('is diffusive at T* 1.5, where α is above 1', async () => {
    const found = await msd(await run('hot', { temperature_K: 179.7, time_ps: 60 }))
    expect(found.verdict).toBe('diffusive')
  })

  test('has no finite-size correction in a cell that is not cubic', async () => {
    const out = await run('long', { stretch: 1.2 })
    expect((await hoplite('msd', out)).code).toBe(0)
    const said = await refusal('msd', out, '--viscosity_mPa_s', '0.28')
    expect(said.message).toContain('not cubic')
  })

  test('of a crystal is arrested, and has no D', async () => {
    const out = await run('crystal', { density: 1.1, temperature_K: 20, start_K: 20 })
    expect(await msd(out, '--viscosity_mPa_s', '1')).toMatchObject({ verdict: 'arrested', diffusion: null })
  })
})
