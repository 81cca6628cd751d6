import {
  appendFileSync,
  cpSync,
  existsSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { wrapPositions } from '../../src/core/box.ts'
import { boxOfCell, createTrajectory, readFrames, readTrajectoryHeader } from '../../src/files/trajectory.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { writeLifsi } from './boxes.ts'
import { contents, document, hasColour, hoplite, refusal } from './hoplite.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const WINDOW = ['--fit-from_ps', '0.004', '--fit-to_ps', '0.012']

const MSD_KEYS = [
  'species',
  'ions',
  'lag_ps',
  'msd_A2',
  'slope_A2_per_ps',
  'slope_ci95_A2_per_ps',
  'fit_from_ps',
  'fit_to_ps',
  'alpha',
  'alpha_ci95',
  'verdict',
]

beforeAll(async () => {
  const { md } = await writeLifsi(folder)
  for (const seed of ['1', '2', '3']) {
    await document('md', md, '--seed', seed, '--out', at(`run-${seed}`), '--quiet')
  }
  appendFileSync(md, 'analysis: { species: N, fit_from_ps: 0.004, fit_to_ps: 0.01 }\n')
  await document('md', md, '--out', at('nitrogen'), '--quiet')
  cpSync(at('run-1'), join(folder, 'elsewhere', 'run-1'), { recursive: true })
})

describe('msd', () => {
  it('msd --json has the documented keys, with one value for each lag', async () => {
    const result = await document('msd', at('run-1'), ...WINDOW)
    expect(Object.keys(result)).toEqual(expect.arrayContaining(MSD_KEYS))
    expect(result).toMatchObject({
      species: 'Li',
      ions: 12,
      replicas: 1,
      fit_from_ps: 0.004,
      fit_to_ps: 0.012,
    })
    expect((result.lag_ps as number[]).length).toBe((result.msd_A2 as number[]).length)
    const [low, high] = result.slope_ci95_A2_per_ps as [number, number]
    expect(low).toBeLessThanOrEqual(result.slope_A2_per_ps as number)
    expect(high).toBeGreaterThanOrEqual(result.slope_A2_per_ps as number)
    expect(['ballistic', 'diffusive', 'sub-diffusive', 'arrested', 'undetermined']).toContain(result.verdict)
  })

  it('msd of several runs takes them as replicas', async () => {
    const result = await document('msd', at('run-1'), at('run-2'), at('run-3'), ...WINDOW)
    expect(result).toMatchObject({ replicas: 3, ions: 36 })
  })

  it('msd takes species and window of the recipe unless others are given', async () => {
    const result = await document('msd', at('nitrogen'))
    expect(result).toMatchObject({ species: 'N', ions: 12, fit_from_ps: 0.004, fit_to_ps: 0.01 })
    expect(await document('msd', at('nitrogen'), '--species', 'F')).toMatchObject({ species: 'F', ions: 24 })
  })

  it('msd warns on stderr of a slope that is no diffusion coefficient, and exits with 3 under --strict', async () => {
    // 20 fs: ions have hardly met their neighbours, so that the motion is ballistic.
    const plain = await hoplite('msd', at('run-1'), ...WINDOW)
    expect(plain.code).toBe(0)
    expect(plain.stdout).toMatch(/^run-1 +1 +12 .*–0\.012 .*ballistic$/m)
    expect(plain.stderr).toMatch(/not a diffusion coefficient/)
    expect(hasColour(plain.stdout + plain.stderr)).toBe(false)
    expect((await hoplite('msd', at('run-1'), ...WINDOW, '--quiet')).stderr).toBe(plain.stderr)
    const strict = await hoplite('msd', at('run-1'), ...WINDOW, '--strict', '--json')
    expect(strict.code).toBe(3)
    expect(JSON.parse(strict.stdout).verdict).not.toBe('diffusive')
  })

  it.each([
    ['a species that is not there', ['--species', 'Na'], 'the run has no Na', /elements: Li, F, S, N, O/],
    [
      'a window beyond the end',
      ['--fit-from_ps', '0.01', '--fit-to_ps', '5'],
      /no lag of 5 ps/,
      /0\.02 ps or earlier/,
    ],
    ['a window the wrong way round', ['--fit-from_ps', '0.01', '--fit-to_ps', '0.004'], /is empty/, /0 < /],
    ['a window from nothing', ['--fit-from_ps', '0', '--fit-to_ps', '0.01'], /is empty/, /0 < /],
    [
      'a window of two frames',
      ['--fit-from_ps', '0.004', '--fit-to_ps', '0.006'],
      /fewer than three lags/,
      /widen/,
    ],
    ['half a window', ['--fit-to_ps', '0.01'], 'give both ends of the window', /--fit-from_ps A/],
    ['the same run twice', [join(folder, 'run-1', '.')], 'the run is given twice', /different runs/],
    ['no such run', [join(folder, 'nothing')], 'there is no such directory', /hoplite md/],
  ])('msd refuses %s', async (_what, args, message, hint) => {
    const said = await refusal('msd', at('run-1'), ...args)
    expect(said.message).toMatch(message)
    expect(said.hint).toMatch(hint)
  })

  it('msd refuses replicas with other atoms or other times between frames', async () => {
    const text = readFileSync(at('md.yaml'), 'utf8')
    writeFileSync(at('other.yaml'), text.replace('trajectory_every_ps: 0.002', 'trajectory_every_ps: 0.001'))
    await document('md', at('other.yaml'), '--out', at('other-frames'))
    const frames = await refusal('msd', at('run-1'), at('other-frames'))
    expect(frames.message).toContain('has a frame every 0.002 ps')
    const build = readFileSync(at('build.yaml'), 'utf8').replace('{ Li: 12, FSI: 12 }', '{ Li: 13, FSI: 13 }')
    writeFileSync(at('larger.yaml'), build)
    await hoplite('build', at('larger.yaml'), '--out', at('box.extxyz'), '--pack-only', '--force')
    await document('md', at('md.yaml'), '--out', at('other-atoms'))
    const atoms = await refusal('msd', at('run-1'), at('other-atoms'))
    expect(atoms.message).toContain('13 Li')
    expect(atoms.hint).toMatch(/hoplite compare/)
  })
})

describe('msd of a trajectory that another program has wrapped', () => {
  it('is that of the run, with a warning', async () => {
    cpSync(at('run-1'), at('wrapped'), { recursive: true })
    const path = join(at('wrapped'), 'trajectory.dcd')
    const { atomCount, firstStep, stepsPerFrame, timestep_ps } = readTrajectoryHeader(path)
    const frames = []
    for await (const frame of readFrames(path)) frames.push(frame)
    rmSync(path)
    const timestep_fs = 1000 * timestep_ps
    const writer = createTrajectory(path, { atomCount, firstStep, stepsPerFrame, timestep_fs })
    for (const { positions, cell } of frames) {
      const box = boxOfCell(cell!)
      writer.append(wrapPositions(box, Float64Array.from(positions)), box)
    }
    writer.close()
    const right = await document('msd', at('run-1'), ...WINDOW)
    const found = await document('msd', at('wrapped'), ...WINDOW)
    expect(right.warnings).toEqual([])
    expect(found.warnings).toEqual([expect.stringContaining('holds wrapped positions, which were unwrapped')])
    expect((found.slope_A2_per_ps as number) / (right.slope_A2_per_ps as number)).toBeCloseTo(1, 3)
    expect(found.verdict).toBe(right.verdict)
    expect((await hoplite('msd', at('wrapped'), ...WINDOW)).stderr).toContain(
      'warning: the trajectory of wrapped',
    )
  })
})

describe('a run that is damaged', () => {
  const edit = (directory: string, file: string, change: (text: string) => string) => {
    const path = join(directory, file)
    writeFileSync(path, change(readFileSync(path, 'latin1')), 'latin1')
  }
  const fill = (directory: string, from: number, to: number) => {
    const path = join(directory, 'trajectory.dcd')
    writeFileSync(path, readFileSync(path).fill(0xff, from, to))
  }

  it.each([
    ['no manifest', (d: string) => rmSync(join(d, 'manifest.json')), /^this is no run directory/, /damaged$/],
    [
      'half a manifest',
      (d: string) => truncateSync(join(d, 'manifest.json'), 900),
      /./,
      /manifest\.json:\d+/,
    ],
    [
      'an empty manifest',
      (d: string) => truncateSync(join(d, 'manifest.json')),
      'the file is empty',
      /manifest/,
    ],
    [
      'a manifest with a stage that there is not',
      (d: string) => edit(d, 'manifest.json', text => text.replace('"kind": "nvt"', '"kind": "nvtt"')),
      /^expected one of/,
      /manifest\.json .*stages\[0\]\.kind$/,
    ],
    [
      'no structure',
      (d: string) => rmSync(join(d, 'structure.extxyz')),
      'there is no such file',
      /structure/,
    ],
    [
      'the structure of another run',
      (d: string) => cpSync('test/golden/boxes/pvdf-hot.extxyz', join(d, 'structure.extxyz')),
      'the structure of the run holds no masses',
      /structure\.extxyz$/,
    ],
    ['no log', (d: string) => rmSync(join(d, 'log.csv')), 'there is no such file', /log\.csv$/],
    [
      'half a log',
      (d: string) => edit(d, 'log.csv', text => text.slice(0, text.length / 2)),
      /^the trajectory ends at step 24, the production in the log at step \d+$/,
      /trajectory\.dcd$/,
    ],
    [
      'a log without a column',
      (d: string) => edit(d, 'log.csv', text => text.replace('stage', 'stave')),
      'the log has no column stage',
      /log\.csv:1$/,
    ],
    [
      'a word in the log',
      (d: string) => edit(d, 'log.csv', text => text.replace('\n2,', '\ntwo,')),
      "step is 'two', not a finite number",
      /log\.csv:3$/,
    ],
    [
      'no trajectory',
      (d: string) => rmSync(join(d, 'trajectory.dcd')),
      'there is no such file',
      /trajectory/,
    ],
    [
      'an empty trajectory',
      (d: string) => truncateSync(join(d, 'trajectory.dcd')),
      /ends inside/,
      /trajectory/,
    ],
    [
      'a trajectory of one frame',
      (d: string) => truncateSync(join(d, 'trajectory.dcd'), 2000),
      /holds 1 frames/,
      /t/,
    ],
    [
      'half a trajectory',
      (d: string) => truncateSync(join(d, 'trajectory.dcd'), 8000),
      /^the trajectory ends at step 12, the production in the log at step 24$/,
      /trajectory\.dcd$/,
    ],
    [
      'a hole in the trajectory',
      (d: string) => fill(d, 3320, 8000),
      /^frame \d of the trajectory is damaged$/,
      /dcd$/,
    ],
    [
      'a coordinate that is no number',
      (d: string) => fill(d, 4000, 4004),
      /^atom \d+ has no place in frame 3$/,
      /dcd$/,
    ],
    ['a senseless header', (d: string) => fill(d, 92, 96), /ends inside its header/, /dcd$/],
    [
      'no time between frames',
      (d: string) => fill(d, 44, 48),
      'the trajectory has NaN ps between frames',
      /dcd$/,
    ],
    [
      'results that were edited',
      (d: string) =>
        edit(d, 'results.json', text => text.replace(/"drift_meV_per_atom_ps": \S+/, '"drift": 1,')),
      'the key `drift_meV_per_atom_ps` is missing',
      /results\.json/,
    ],
  ])('a run damaged by %s is refused and stays unchanged', async (_what, damage, message, where) => {
    rmSync(at('damaged'), { recursive: true, force: true })
    cpSync(at('run-1'), at('damaged'), { recursive: true })
    damage(at('damaged'))
    const before = contents(at('damaged'))
    for (const command of ['msd', 'report']) {
      const said = await refusal(command, at('damaged'), ...WINDOW)
      expect(said.message).toMatch(message)
      expect(said.where).toMatch(where)
    }
    expect(contents(at('damaged'))).toEqual(before)
  })

  it('a run whose log has other line ends is read', async () => {
    rmSync(at('damaged'), { recursive: true, force: true })
    cpSync(at('run-1'), at('damaged'), { recursive: true })
    edit(at('damaged'), 'log.csv', text => text.replaceAll('\n', '\r\n'))
    expect(await document('msd', at('damaged'), ...WINDOW)).toEqual(
      await document('msd', at('run-1'), ...WINDOW),
    )
  })
})

describe('compare', () => {
  it('compare --json has the documented keys, and --out writes a page', async () => {
    const page = at('page.html')
    const groups = [`${at('run-1')},${at('run-2')}`, at('run-3')]
    const result = await document('compare', ...groups, ...WINDOW, '--out', page)
    expect(Object.keys(result)).toEqual([
      'systems',
      'ratio',
      'ratio_ci95',
      'null_ratio_ci95',
      'published',
      'sentence',
    ])
    const systems = result.systems as Record<string, unknown>[]
    expect(systems.map(({ name, replicas }) => [name, replicas])).toEqual([
      ['run-1', 2],
      ['run-3', 1],
    ])
    for (const system of systems) {
      expect(Object.keys(system)).toEqual(expect.arrayContaining(['name', ...MSD_KEYS]))
    }
    const [first, second] = systems as [Record<string, number>, Record<string, number>]
    expect(result.ratio).toBeCloseTo(second.slope_A2_per_ps! / first.slope_A2_per_ps!, 12)
    expect(result.sentence).toMatch(/^At 500 K .*run-3 .*run-1/)
    const html = readFileSync(page, 'utf8')
    expect(html).toMatch(/^<!doctype html>/i)
    expect(html).toContain('run-3')
  })

  it('compare of a run with itself gives a ratio of one and two names', async () => {
    const same = await document('compare', at('run-1'), join(folder, 'elsewhere', 'run-1'), ...WINDOW)
    expect(same.ratio).toBe(1)
    expect((same.systems as { name: string }[]).map(({ name }) => name)).toEqual([
      at('run-1'),
      join(folder, 'elsewhere', 'run-1'),
    ])
    const twice = await document('compare', at('run-1'), at('run-1'), ...WINDOW)
    expect(twice.ratio).toBe(1)
  })

  it.each([
    ['over something that is no page', 'run-1/trajectory.dcd', 'the file of a report must end in .html'],
    ['in a folder that is missing', 'nowhere/page.html', 'there is no such folder'],
  ])('compare writes no page %s', async (_where, out, message) => {
    const before = contents(at('run-1'))
    const said = await refusal('compare', at('run-1'), at('run-2'), ...WINDOW, '--out', at(out))
    expect(said.message).toBe(message)
    expect(contents(at('run-1'))).toEqual(before)
  })
})

describe('report', () => {
  it('report writes the page of a run and prints its sentence', async () => {
    const result = await document('report', at('run-2'), ...WINDOW)
    expect(Object.keys(result)).toEqual(['report', 'sentence'])
    expect(result.report).toBe(join(at('run-2'), 'report.html'))
    expect(result.sentence).toMatch(
      /^At 500 K and charge scale 0\.7 the apparent slope of the Li⁺ MSD in run-2/,
    )
    expect(existsSync(result.report as string)).toBe(true)
  })

  it('report takes species and window from its options', async () => {
    const { sentence } = await document('report', at('run-2'), ...WINDOW, '--species', 'F')
    expect(sentence).toContain('of the F MSD')
  })
})
