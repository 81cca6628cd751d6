import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { orthorhombicBox } from '../../src/core/box.ts'
import { createTopology } from '../../src/core/topology.ts'
import { writeStructureFile } from '../../src/files/structureFile.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { SALT } from '../tools/salt.ts'
import { hoplite } from './hoplite.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

writeFileSync(at('salt.yaml'), SALT)
/** A layer of rock salt, 12 Å wide, with 26 Å of vacuum, less one Li that `hop` may fill. */
const places = Array.from({ length: 6 }, (_, i) =>
  Array.from({ length: 6 }, (_, j) => [i, j] as const),
).flat()
const layers = [0, 1, 2].flatMap(k =>
  places.map(([i, j]) => ({ at: [2 * i, 2 * j, 2 * k], odd: (i + j + k) % 2 })),
)
const elements = layers.map(({ odd }) => (odd ? 'F' : 'Li'))
writeStructureFile(at('slab.extxyz'), {
  elements,
  types: elements,
  positions: Float64Array.from(layers.flatMap(atom => atom.at)),
  box: orthorhombicBox(12, 12, 30),
  topology: createTopology(layers.length, []),
  charges: null,
  masses: null,
  velocities: null,
  frozen: null,
})
const SYSTEM =
  'system: { potential: salt.yaml, structure: slab.extxyz }\ninteractions: { cutoff_A: 5, coulomb: ewald }\n'
const VACUUM = 'there are 26.0 Å of vacuum along z and no slab_correction: right only without a dipole'

/** What a command says with --quiet and --json. */
async function said(...args: string[]) {
  const { stdout, stderr, code } = await hoplite(...args, '--quiet', '--json')
  expect(code).toBe(0)
  return { stderr, document: JSON.parse(stdout) }
}

describe('a warning is printed with --quiet, and stands in the document of --json', () => {
  it('energy: of vacuum without a slab correction, and of a cut-off that was assumed', async () => {
    const flags = ['--potential', at('salt.yaml'), '--coulomb', 'ewald']
    const given = await said('energy', at('slab.extxyz'), ...flags, '--cutoff_A', '5')
    expect(given.stderr).toBe(`warning: ${VACUUM}\n`)
    expect(given.document.warnings).toEqual([VACUUM])
    const assumed = await said('energy', at('slab.extxyz'), ...flags)
    expect(assumed.document.warnings).toEqual([VACUUM, 'assumed: cut-off 10 Å (--cutoff_A)'])
  })

  it('md: of vacuum, and of a minimisation that did not converge; progress and stages are not printed', async () => {
    writeFileSync(
      at('md.yaml'),
      `name: slab
${SYSTEM}stages:
  - { name: down, kind: minimize, fmax_eV_per_A: 1.0e-9, max_steps: 1 }
  - { name: run, kind: nve, time_ps: 0.002, timestep_fs: 1, temperature_K: 100 }
`,
    )
    const { stderr, document } = await said('md', at('md.yaml'), '--out', at('md'))
    const [vacuum, down, ...more] = stderr.trimEnd().split('\n')
    expect(vacuum).toBe(`warning: ${VACUUM}`)
    expect(down).toMatch(/^warning: down: NOT converged after \d+ steps?, fmax \S+ eV\/Å$/)
    expect(more).toEqual([])
    expect(document.warnings[0]).toBe(VACUUM)
    expect(document.warnings[1]).toMatch(/^stage down: not converged after \d+ steps, fmax \S+ eV\/Å$/)
    const dry = await said('md', at('md.yaml'), '--dry-run')
    expect(dry).toMatchObject({ stderr: `warning: ${VACUUM}\n`, document: { warnings: [VACUUM] } })
  })

  it('neb: of vacuum, in a dry run too', async () => {
    const hop = 'hop: { ion: { atom: 75 }, to_A: [4, 4, 8] }\n'
    writeFileSync(at('neb.yaml'), `name: hop\n${SYSTEM}${hop}`)
    const { stderr, document } = await said('neb', at('neb.yaml'), '--dry-run')
    expect(stderr).toBe(`warning: ${VACUUM}\n`)
    expect(document.warnings).toEqual([VACUUM])
  })

  it('build: of a polar slab', async () => {
    writeFileSync(
      at('polar.yaml'),
      `name: polar
system:
  build:
    crystal: { prototype: layered, a_A: 2.816, c_A: 14.05, z_oxygen: 0.24, metals: { Co: 1 } }
    slab: { miller: [0, 0, 1], layers: 3, vacuum_A: 12, frozen_layers: 1 }
`,
    )
    const { stderr, document } = await said('build', at('polar.yaml'), '--out', at('polar.data'))
    expect(document.warnings).toHaveLength(2)
    expect(document.warnings[0]).toMatch(/slab is polar/)
    expect(document.warnings[1]).toMatch(/no frozen atoms/)
    expect(stderr).toBe(document.warnings.map((text: string) => `warning: ${text}\n`).join(''))
  })
})
