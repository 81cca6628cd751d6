import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { computeBand } from '../../src/bands/computeBand.ts'
import { prepareBand } from '../../src/bands/prepareBand.ts'
import { orthorhombicBox } from '../../src/core/box.ts'
import type { Structure } from '../../src/core/structure.ts'
import { createTopology } from '../../src/core/topology.ts'
import { writeStructureFile } from '../../src/files/structureFile.ts'
import { loadBandRecipe } from '../../src/recipes/bandRecipe.ts'
import { document, refusal } from '../cli/hoplite.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { SALT } from '../tools/salt.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

writeFileSync(at('salt.yaml'), SALT)
/** Three layers of rock salt with vacuum, its atoms moved by up to 0.1 Å; one Li stands above. */
const sites = Array.from(
  { length: 108 },
  (_, n) => [n % 6, Math.floor(n / 6) % 6, Math.floor(n / 36)] as const,
)
const elements = sites.map(([i, j, k]) => ((i + j + k) % 2 ? 'F' : 'Li'))
const slab = (spread_A: number, lift_A = 0): Structure => ({
  elements,
  types: elements,
  positions: Float64Array.from(
    sites.flatMap((site, n) =>
      site.map((x, c) => 2 * x + spread_A * Math.sin(7 * n + 3 * c) + (n === 72 && c === 2 ? lift_A : 0)),
    ),
  ),
  box: orthorhombicBox(12, 12, 26),
  topology: createTopology(sites.length, []),
  charges: null,
  masses: null,
  velocities: null,
  frozen: null,
})
writeStructureFile(at('slab.extxyz'), slab(0.1))
writeStructureFile(at('end.extxyz'), slab(0.1, 3))
writeStructureFile(at('ideal.extxyz'), slab(0))

async function byEnergy(flags: readonly string[]): Promise<number> {
  const args = ['--potential', at('salt.yaml'), '--cutoff_A', '5', '--ewald-accuracy', '1e-6']
  const taken = flags.some(flag => /^(none|cut|dsf)$/.test(flag)) ? args.slice(0, 4) : args
  return (await document('energy', at('slab.extxyz'), ...taken, ...flags, '--quiet')).potential_eV as number
}

async function byMd(name: string, interactions: string, rest: string): Promise<number> {
  writeFileSync(
    at(`${name}.yaml`),
    `name: ${name}
system: { potential: salt.yaml, structure: slab.extxyz }
interactions: { ${interactions} }
${rest}stages: [{ name: run, kind: nve, time_ps: 0.001, timestep_fs: 1, temperature_K: 100 }]
output: { log_every_ps: 0.001, trajectory_every_ps: 0.001 }
`,
  )
  await document('md', at(`${name}.yaml`), '--out', at(name), '--platform', 'reference', '--quiet')
  const [head, first] = readFileSync(join(at(name), 'log.csv'), 'utf8').split('\n')
  return Number(first!.split(',')[head!.split(',').indexOf('potential_eV')])
}

async function byNeb(name: string, interactions: string, rest: string): Promise<number> {
  writeFileSync(
    at(`${name}-band.yaml`),
    `name: ${name}
system: { potential: salt.yaml }
endpoints: { initial: slab.extxyz, final: end.extxyz }
interactions: { ${interactions} }
${rest}band: { images: 3, fmax_eV_per_A: 1000, max_iterations: 1 }
endpoints_fmax_eV_per_A: 1000
`,
  )
  const { state } = await computeBand(prepareBand(loadBandRecipe(at(`${name}-band.yaml`))), {
    platform: 'reference',
    threads: 1,
  })
  return state.energies_eV[0]!
}

const EWALD = 'coulomb: ewald, coulomb_accuracy: 1.0e-6'
const PLAIN = `truncation: plain, tail_correction: false, slab_correction: false`

/** Name of an option, its flags of `energy`, its interactions in a recipe, and other keys of a recipe. */
const OPTIONS: [name: string, flags: string[], interactions: string, rest: string][] = [
  ['plain', ['--coulomb', 'ewald'], `${PLAIN}, ${EWALD}`, ''],
  [
    'shifted',
    ['--coulomb', 'ewald', '--truncation', 'shifted'],
    `truncation: shifted, tail_correction: false, slab_correction: false, ${EWALD}`,
    '',
  ],
  [
    'switched',
    ['--coulomb', 'ewald', '--truncation', 'switched', '--switch-from_A', '4'],
    `truncation: switched, switch_from_A: 4, tail_correction: false, slab_correction: false, ${EWALD}`,
    '',
  ],
  [
    'tail',
    ['--coulomb', 'ewald', '--tail-correction'],
    `truncation: plain, tail_correction: true, slab_correction: false, ${EWALD}`,
    '',
  ],
  [
    'slab',
    ['--coulomb', 'ewald', '--slab-correction'],
    `truncation: plain, tail_correction: false, slab_correction: true, ${EWALD}`,
    '',
  ],
  ['pme', ['--coulomb', 'pme'], `${PLAIN}, coulomb: pme, coulomb_accuracy: 1.0e-6`, ''],
  ['none', ['--coulomb', 'none'], `${PLAIN}, coulomb: none`, ''],
  ['cut', ['--coulomb', 'cut'], `${PLAIN}, coulomb: cut`, ''],
  [
    'dsf',
    ['--coulomb', 'dsf', '--dsf-alpha_per_A', '0.25'],
    `${PLAIN}, coulomb: dsf, coulomb_alpha_per_A: 0.25`,
    '',
  ],
  [
    'tethers',
    [
      '--coulomb',
      'none',
      '--tether_eV_per_A2',
      '8',
      '--tether-to',
      at('ideal.extxyz'),
      '--tether-types',
      'F',
    ],
    `${PLAIN}, coulomb: none`,
    'tethers: { stiffness_eV_per_A2: 8, to: ideal.extxyz, types: [F]EXCEPT }\n',
  ],
]

describe('one system has one energy in energy, in the first row of md and in image 1 of neb', () => {
  const energies = new Map<string, number>()

  it.each(OPTIONS)('with the option %s', async (name, flags, interactions, rest) => {
    const keys = `cutoff_A: 5, ${interactions}`
    const single = await byEnergy(flags)
    energies.set(name, single)
    const dynamics = await byMd(name, keys, rest.replace('EXCEPT', ''))
    const band = await byNeb(name, keys, rest.replace('EXCEPT', ', except: none'))
    expect(dynamics / single).toBeCloseTo(1, 9)
    expect(band / single).toBeCloseTo(1, 9)
  })

  it('and each option changes the energy', () => {
    const plain = energies.get('plain')!
    for (const [name, energy] of energies) {
      if (name !== 'plain' && name !== 'pme') expect(Math.abs(energy - plain)).toBeGreaterThan(1e-6)
    }
    // 54 fluorines, each ½·8 eV/Å² times the square of its displacement.
    const { positions } = slab(0.1)
    const ideal = slab(0).positions
    const squares = positions.reduce(
      (sum, x, k) => sum + (elements[Math.floor(k / 3)] === 'F' ? (x - ideal[k]!) ** 2 : 0),
      0,
    )
    expect(energies.get('tethers')! - energies.get('none')!).toBeCloseTo(4 * squares, 5)
  })

  it('tethers without points, without stiffness or of a type that is not there are refused', async () => {
    const energy = ['energy', at('slab.extxyz'), '--potential', at('salt.yaml'), '--cutoff_A', '5']
    const half = await refusal(...energy, '--tether_eV_per_A2', '8')
    expect(half.message).toMatch(/tethers need a stiffness and the points/)
    const points = ['--tether_eV_per_A2', '8', '--tether-to', at('ideal.extxyz')]
    const unknown = await refusal(...energy, ...points, '--tether-types', 'O')
    expect(unknown.message).toMatch(/tethers name the atom type O, which the structure does not have/)
  })
})
