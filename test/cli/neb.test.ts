import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { NebRequest, NebResults } from '../../src/bands/neb.ts'
import { writeManifest } from '../../src/files/manifest.ts'
import { RUN_FILES } from '../../src/files/runDirectory.ts'
import { loadBandRecipe } from '../../src/recipes/bandRecipe.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { document, hoplite, refusal } from './hoplite.ts'

/** What the command asks for, and what it is told: the band itself has tests of its own. */
const band = vi.hoisted(() => ({
  requests: [] as NebRequest[],
  answer: {} as Partial<NebResults>,
}))
vi.mock('../../src/bands/neb.ts', () => ({
  planNeb: async () => ({
    atoms: 160,
    frozen_atoms: 64,
    box_A: [],
    notes: ['neutralised'],
    warnings: ['vacuum'],
  }),
  runNeb: async (request: NebRequest) => {
    band.requests.push(request)
    request.onEvent?.({ kind: 'note', text: 'neutralised' })
    request.onEvent?.({ kind: 'warning', text: 'initial end relaxed in 31 steps' })
    request.onEvent?.({
      kind: 'iteration',
      iteration: 40,
      stage: 'climbing',
      fmax_eV_per_A: 0.02,
      barrier_eV: 1.4701,
    })
    return {
      run: request.directory,
      completed: true,
      barrier_eV: 1.47016,
      reverse_barrier_eV: 1.06948,
      reaction_energy_eV: 0.40068,
      converged: true,
      fmax_eV_per_A: 0.0089,
      iterations: 47,
      force_calls: 343,
      wall_s: 61.04,
      energies_eV: [0, 0.5922, 1.4702, 1.0922, 0.4007],
      path_A: [0, 0.9, 1.8, 2.6, 3.4],
      saddle_image: 2,
      warnings: [],
      vibrations: null,
      platform: { asked: 'auto', ran: 'reference', backend: 'f64', fallback_reason: null },
      ...band.answer,
    }
  },
}))

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

const RECIPE = `name: li-bare
system: { potential: p.yaml, structure: a.vasp }
hop: { ion: { atom: 3 }, to_fractional: [0.5, 0.5, 0.2] }
band: { images: 5 }
`

beforeEach(() => {
  band.requests.length = 0
  band.answer = {}
  writeFileSync(at('band.yaml'), RECIPE)
})

/** A directory with the manifest of a band of RECIPE. */
function earlier(name: string, recipe: unknown = loadBandRecipe(at('band.yaml')).recipe): string {
  mkdirSync(at(name), { recursive: true })
  writeManifest(join(at(name), RUN_FILES.manifest), {
    command: [],
    recipe,
    inputs: [],
    versions: {},
    seed: 1,
    platform: null,
    precision: 'f64',
    constants: 'codata2018',
    wall_clock: { started_at: '', finished_at: null, wall_s: null },
  })
  return at(name)
}

describe('hoplite neb', () => {
  it('prints what other programs rely on', async () => {
    const results = await document('neb', at('band.yaml'), '--out', at('json'))
    expect(Object.keys(results)).toEqual(
      expect.arrayContaining([
        'barrier_eV',
        'reverse_barrier_eV',
        'reaction_energy_eV',
        'converged',
        'fmax_eV_per_A',
        'force_calls',
        'wall_s',
        'energies_eV',
        'path_A',
        'saddle_image',
        'warnings',
        'vibrations',
        'platform',
      ]),
    )
    expect(results).toMatchObject({ barrier_eV: 1.47016, converged: true, saddle_image: 2 })
  })

  it('shows the path, the barrier and how far it is to be trusted', async () => {
    const { code, stdout, stderr } = await hoplite('neb', at('band.yaml'), '--out', at('text'))
    expect(code).toBe(0)
    expect(stdout.split('\n').slice(2, 7)).toEqual([
      '1       0.000     0.0000',
      '2       0.900     0.5922',
      '3       1.800     1.4702  highest',
      '4       2.600     1.0922',
      '5       3.400     0.4007',
    ])
    expect(stdout).toContain('barrier 1.4702 eV, reverse 1.0695 eV, reaction energy 0.4007 eV')
    expect(stdout).toContain('converged: fmax 0.00890 eV/Å, 0.01 wanted; 47 iterations, 343 force calls')
    expect(stdout).toContain(`written to ${at('text')}: band.extxyz, results.json`)
    expect(stderr).toContain('initial end relaxed in 31 steps')
    expect(stderr).toMatch(/climbing {2}fmax 0\.0200 eV\/Å {2}barrier 1\.470 eV/)
  })

  it.each([
    [{ converged: false, fmax_eV_per_A: 0.09 }, 3, 'NOT converged: fmax 0.0900 eV/Å'],
    [{ converged: false, completed: false }, 130, 'NOT converged'],
    [{ warnings: ['image 3 lies below both ends', 'initial end relaxed in 31 steps'] }, 0, 'converged'],
  ])('ends with the exit code of %j', async (answer, code, said) => {
    band.answer = answer
    const spoken = await hoplite('neb', at('band.yaml'), '--out', at(`exit-${code}`))
    expect(spoken.code).toBe(code)
    expect(spoken.stdout).toContain(said)
    if (code === 130) expect(spoken.stderr).toContain(`hoplite neb ${at('exit-130')} --resume`)
    if ('warnings' in answer) {
      expect(spoken.stderr).toContain('warning: image 3 lies below both ends')
      expect(spoken.stderr.match(/initial end relaxed/g)).toHaveLength(1)
    }
  })

  it('says its warnings with --quiet too, each once, and nothing else', async () => {
    band.answer = { warnings: ['image 3 lies below both ends', 'initial end relaxed in 31 steps'] }
    const { stderr } = await hoplite('neb', at('band.yaml'), '--out', at('quiet'), '--quiet')
    expect(stderr).toBe('warning: initial end relaxed in 31 steps\nwarning: image 3 lies below both ends\n')
  })

  it('says how fast the ion hops', async () => {
    band.answer = {
      vibrations: {
        temperature_K: 300,
        atoms: 1,
        moving_atom: 1,
        free_motions: 0,
        prefactor_THz: 9.87,
        rate_Hz: 1.5e-12,
        quantum_rate_Hz: 2e-12,
        imaginary_THz: 6,
      },
    }
    const { stdout } = await hoplite('neb', at('band.yaml'), '--out', at('rate'))
    expect(stdout).toContain(
      'at 300 K, the ion alone vibrating: prefactor 9.87 THz, 1.50e-12 hops/s, 2.00e-12 with',
    )
  })

  it('hands on what the command line replaces', async () => {
    const options = ['--images', '7', '--fmax_eV_per_A', '0.05', '--threads', '2', '--platform', 'reference']
    await document('neb', at('band.yaml'), '--out', at('options'), ...options)
    expect(band.requests).toMatchObject([
      { directory: at('options'), resume: false, threads: 2, platform: 'reference' },
    ])
    expect(band.requests[0]!.loaded.recipe.band).toMatchObject({ images: 7, fmax_eV_per_A: 0.05 })
    expect(band.requests[0]!.command.slice(0, 2)).toEqual(['neb', at('band.yaml')])
  })

  it('writes nothing in a dry run', async () => {
    const before = readdirSync(folder)
    const plan = await document('neb', at('band.yaml'), '--out', at('dry'), '--dry-run')
    expect(plan).toMatchObject({ run: null, atoms: 160, frozen_atoms: 64, recipe: { band: { images: 5 } } })
    const { stdout, stderr } = await hoplite('neb', at('band.yaml'), '--dry-run')
    expect(stdout).toContain('160 atoms, 64 of them frozen')
    expect(stderr).toContain('neutralised')
    expect(plan).toMatchObject({ notes: ['neutralised'], warnings: ['vacuum'] })
    const quiet = await hoplite('neb', at('band.yaml'), '--dry-run', '--quiet')
    expect(quiet.stderr).toBe('warning: vacuum\n')
    expect(band.requests).toEqual([])
    expect(readdirSync(folder)).toEqual(before)
  })
})

describe('hoplite neb --resume', () => {
  it('continues a band from its directory or from its recipe', async () => {
    const directory = earlier('run')
    await document('neb', directory, '--resume', '--fmax_eV_per_A', '0.02')
    await document('neb', at('band.yaml'), '--resume', '--out', directory)
    expect(band.requests).toMatchObject([
      { directory, resume: true },
      { directory, resume: true },
    ])
    expect(band.requests.map(({ loaded }) => loaded.recipe.band.fmax_eV_per_A)).toEqual([0.02, 0.01])
  })

  it('continues with more iterations when the recipe asks for more', async () => {
    const directory = earlier('run')
    writeFileSync(at('band.yaml'), RECIPE.replace('images: 5', 'images: 5, max_iterations: 900'))
    await document('neb', at('band.yaml'), '--resume', '--out', directory)
    expect(band.requests[0]!.loaded.recipe.band.max_iterations).toBe(900)
  })

  it.each([
    ['a directory without --resume', () => [earlier('run')], 'this is a directory, not a recipe', /--resume/],
    ['--out besides a directory', () => [earlier('run'), '--resume', '--out', at('x')], /own/, /--out/],
    ['nothing to continue', () => [at('band.yaml'), '--resume', '--out', at('x')], /no band/, /begin one/],
    ['another number of images', () => [earlier('run'), '--resume', '--images', '7'], /keeps its 5/, /new/],
    ['molecular dynamics', () => [earlier('md', { stages: [] }), '--resume'], /dynamics/, /hoplite resume/],
  ])('is refused for %s', async (_what, options, message, hint) => {
    const said = await refusal('neb', ...options())
    expect(said.message).toMatch(message)
    expect(said.hint).toMatch(hint)
    expect(band.requests).toEqual([])
  })

  it('is refused for a recipe that has changed, naming what', async () => {
    const directory = earlier('run')
    writeFileSync(at('band.yaml'), RECIPE.replace('atom: 3', 'atom: 4'))
    const said = await refusal('neb', at('band.yaml'), '--resume', '--out', directory)
    expect(said.message).toBe('hop is not what the band began with')
    expect(said.where).toBe(`${at('band.yaml')}:3:1 hop`)
  })
})

describe('a mistake in a band recipe', () => {
  it.each([
    [
      'images: 5',
      'images: 6, climb: false',
      /^6 images without climb.*use an odd number/,
      /:4:9 band\.images$/,
      undefined,
    ],
    ['potential', 'potentail', /^the key `potential` is missing/, /:2:1 system\.potential$/, 'a text'],
    ['atom: 3', 'atoms: 3', 'unknown key `atoms`', /:3:15 hop\.ion\.atoms$/, '`atom`'],
    ['images: 5', 'imagse: 5', 'unknown key `imagse`', /:4:9 band\.imagse$/, '`images`'],
  ])('%j → %j gets one clear message', async (from, to, message, where, hint) => {
    writeFileSync(at('band.yaml'), RECIPE.replace(from, to))
    const said = await refusal('neb', at('band.yaml'), '--out', at('never'))
    expect(said.message).toMatch(message)
    expect(said.where).toMatch(where)
    if (hint === undefined) expect(said.hint).toBeUndefined()
    else expect(said.hint).toContain(hint)
    expect(existsSync(at('never'))).toBe(false)
  })

  it.each([
    ['--images', '2', '--images is 2'],
    ['--fmax_eV_per_A', '-1', '--fmax_eV_per_A is -1'],
    ['--threads', '0', '--threads is 0'],
    ['--max-time', '30', "the time '30' is not a number with a unit"],
  ])('and %s %s are refused', async (flag, value, message) => {
    expect((await refusal('neb', at('band.yaml'), flag, value)).message).toBe(message)
  })
})
