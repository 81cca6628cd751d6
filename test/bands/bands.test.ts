import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { computeBand, type NebEvent } from '../../src/bands/computeBand.ts'
import { runNeb } from '../../src/bands/neb.ts'
import { prepareBand } from '../../src/bands/prepareBand.ts'
import { createState } from '../../src/core/state.ts'
import { readEndsCheckpoint } from '../../src/files/bandFiles.ts'
import { RUN_FILES } from '../../src/files/runDirectory.ts'
import { writeStructureFile } from '../../src/files/structureFile.ts'
import { createReferenceEvaluator } from '../../src/platform/reference/reference.ts'
import { loadBandRecipe } from '../../src/recipes/bandRecipe.ts'
import { changedBand } from '../../src/study/plan.ts'
import { temporaryFolder } from '../tools/folder.ts'

const folder = temporaryFolder()
const RUNS = join(import.meta.dirname, '../../runs')

/** A committed recipe with some keys changed. */
function recipe(
  name: string,
  change: readonly (readonly [path: readonly (string | number)[], value: unknown])[],
  from = 'bulk-odh.yaml',
) {
  const path = join(folder, `${name}.yaml`)
  const changes = Object.fromEntries(change.map(([keys, value]) => [keys.join('.'), value]))
  writeFileSync(path, changedBand({ key: name, recipe: join(RUNS, from), change: changes }).text)
  return path
}

describe('a band', () => {
  it('is refused when its ends relax into one minimum, naming the ion that came back', async () => {
    const path = recipe('back', [
      [['hop'], { ion: { element: 'Li', near: [0.5, 0.5, 0] }, to_fractional: [0.55, 0.5, 0] }],
    ])
    await expect(
      computeBand(prepareBand(loadBandRecipe(path)), { platform: 'auto', threads: 1 }),
    ).rejects.toThrow(/both ends relax into one minimum: atom \d+ \(Li\) came back/)
  })

  it('says how much a uniform background adds to a charged cell', () => {
    const path = recipe('charged', [])
    const text = readFileSync(path, 'utf8').replace(/^charges:.*\n/m, '')
    writeFileSync(path, text)
    const { warnings, system, box, ends } = prepareBand(loadBandRecipe(path))
    const net = system.charges.reduce((sum, q) => sum + q, 0)
    expect(net).toBeCloseTo(-0.6, 9)
    expect(warnings.join()).toMatch(
      /net charge of -0\.6000 e: its energy includes a uniform background of -\d/,
    )
    expect(ends.initial.box).toBe(box)
  })
})

describe('a band of too few images', () => {
  /** Li in a crystal of mixed metals, two vacancies: several small barriers in a row. */
  const mixed = (name: string, images: number) =>
    recipe(
      name,
      [
        [['system', 'build', 'crystal', 'metals'], { Co: 0.1, Mn: 0.1, Ni: 0.8 }],
        [['system', 'build', 'types'], { Li: 'Li', Ni: 'Ni3', Co: 'Co3', Mn: 'Mn4', O: 'O' }],
        [
          ['system', 'build', 'repeat'],
          [3, 3, 1],
        ],
        [
          ['hop', 'ion', 'near'],
          [0.33, 0.33, 0],
        ],
        [
          ['hop', 'to', 'near'],
          [0.66, 0.33, 0],
        ],
        [['interactions', 'cutoff_A'], 8],
        [['band', 'images'], images],
      ],
      'bulk-tsh.yaml',
    )
  const band = (path: string, onEvent?: (event: NebEvent) => void) =>
    computeBand(prepareBand(loadBandRecipe(path)), { platform: 'auto', threads: 1, onEvent })

  it('that loses its way while it climbs ends soon, sound, and says on which image', async () => {
    const notes: string[] = []
    const lost = await band(mixed('lost', 4), event => {
      if (event.kind === 'note') notes.push(event.text)
    })
    expect(lost).toMatchObject({ completed: true, converged: false })
    expect(lost.iterations).toBeLessThan(250)
    expect(Math.max(...lost.energies_eV)).toBeLessThan(0.5)
    expect(lost.warnings.join()).toMatch(
      /the climbing band ran away by iteration \d+: \S+ eV\/Å on image \d of 4/,
    )
    expect(notes.join()).toMatch(/ran away by iteration \d+.*continues from the last sound state/)
  })

  it('climbs all the same where it can: 5 of them as well as 9', async () => {
    const { converged, barrier_eV } = await band(mixed('few', 5))
    expect(converged).toBe(true)
    expect(Math.abs(barrier_eV - 0.264)).toBeLessThan(0.002)
  })
})

describe('a band that nothing holds to a place', () => {
  it('comes to rest however little force is left', async () => {
    const path = recipe(
      'rest',
      [
        [['band', 'images'], 7],
        [['band', 'fmax_eV_per_A'], 1e-4],
        [['vibrations', 'prefactor'], false],
      ],
      'bulk-tsh.yaml',
    )
    const { state, iterations } = await computeBand(prepareBand(loadBandRecipe(path)), {
      platform: 'auto',
      threads: 1,
    })
    expect(state.converged).toBe(true)
    // With the drift it is still at 0.013 eV/Å after 500.
    expect(iterations).toBeLessThan(150)
    for (const image of state.images) {
      const shift = image.reduce((sum, x, k) => sum + x - state.images[0]![k]!, 0)
      expect(Math.abs(shift)).toBeLessThan(1e-6)
    }
  })
})

describe('a hop over a slab', () => {
  /** Ways of the ion to the point on the way and to the goal, Å, with some vacuum. */
  const ways = (name: string, vacuum_A: number, hop: Readonly<Record<string, unknown>>) => {
    const path = recipe(
      name,
      [
        [['system', 'build', 'slab', 'vacuum_A'], vacuum_A],
        [['hop'], { ion: { element: 'Li', layer: 5, near: [0.5, 0.744] }, ...hop }],
      ],
      'li-bare.yaml',
    )
    const { ends } = prepareBand(loadBandRecipe(path))
    const ion = (positions: Float64Array) => Array.from(positions.subarray(3 * ends.ion!, 3 * ends.ion! + 3))
    const start = ion(ends.initial.positions)
    const way = (positions: Float64Array) => ion(positions).map((x, c) => x - start[c]!)
    return { start, goal: way(ends.final.positions), via: way(ends.via[0]!) }
  }

  it('to a point in Å is the same with any vacuum, to fractions it is not', () => {
    const over = { via: [[0.45, 0.72, 0.5]], to_fractional: [0.4, 0.7, 0.52] }
    const [narrow, wide] = [ways('narrow', 15, over), ways('wide', 20, over)]
    expect(Math.abs(wide.goal[2]! - narrow.goal[2]!)).toBeGreaterThan(1)
    const [x, y, z] = narrow.start
    const inAngstrom = { via_A: [[x! + 1, y!, z! + 1.5]], to_A: [x! + 2, y! + 0.5, z! + 1] }
    for (const vacuum_A of [15, 20]) {
      const { start, goal, via } = ways(`to-${vacuum_A}`, vacuum_A, inAngstrom)
      start.forEach((value, c) => {
        expect(value).toBeCloseTo(narrow.start[c]!, 9)
        expect(via[c]).toBeCloseTo([1, 0, 1.5][c]!, 9)
        expect(goal[c]).toBeCloseTo([2, 0.5, 1][c]!, 9)
      })
    }
  })
})

describe('an adsorbate', () => {
  it('that stands nearer to the next image of the slab gets a note', () => {
    const at = (height_A: number) => {
      const adsorbate = {
        unit: 'PVDF-fragment',
        above: { element: 'Li', layer: 5, near: [0.5, 0.744] },
        height_A,
      }
      const path = recipe(
        `high-${height_A}`,
        [[['system', 'build', 'adsorbates'], [adsorbate]]],
        'li-pvdf.yaml',
      )
      return prepareBand(loadBandRecipe(path)).warnings.join()
    }
    expect(at(4.5)).not.toContain('next image')
    expect(at(9.5)).toMatch(
      /nearer to the next image of the slab \(3\.\d Å\) than to its own surface \(9\.\d Å\)/,
    )
  })
})

describe('a via point from a file', () => {
  it('is refused when it lists other atoms than the ends', () => {
    const { structure, ends } = prepareBand(loadBandRecipe(join(RUNS, 'bulk-odh.yaml')))
    const last = structure.elements.length - 1
    const swapped = structure.elements.map((_, i) => (i === 0 ? last : i === last ? 0 : i))
    const via = {
      ...structure,
      elements: swapped.map(i => structure.elements[i]!),
      types: swapped.map(i => structure.types![i]!),
    }
    writeStructureFile(join(folder, 'start.extxyz'), structure)
    writeStructureFile(join(folder, 'end.extxyz'), { ...structure, positions: ends.final.positions })
    writeStructureFile(join(folder, 'via.extxyz'), via)
    copyFileSync(join(RUNS, '../potentials/pmmcs-lno.yaml'), join(folder, 'p.yaml'))
    const path = join(folder, 'via.yaml')
    writeFileSync(
      path,
      'name: via\nsystem: { potential: p.yaml }\nendpoints: { initial: start.extxyz, final: end.extxyz, via: [via.extxyz] }\n',
    )
    expect(() => prepareBand(loadBandRecipe(path))).toThrow(/two atoms have changed places.*via\.extxyz/)
  })
})

describe('a slab that the z faces cut', () => {
  it('is put together: same energies as in one piece', async () => {
    const whole = prepareBand(loadBandRecipe(join(RUNS, 'li-bare.yaml')))
    const { structure, box, ends } = whole
    const cut = (positions: Float64Array) => {
      const height = box.matrix[8]!
      return positions.map((x, k) => (k % 3 === 2 ? (((x - 4) % height) + height) % height : x))
    }
    for (const [name, positions] of [
      ['initial', ends.initial.positions],
      ['final', ends.final.positions],
    ] as const) {
      writeStructureFile(join(folder, `${name}.extxyz`), { ...structure, positions: cut(positions) })
    }
    copyFileSync(join(RUNS, '../potentials/pmmcs-lno.yaml'), join(folder, 'p.yaml'))
    const path = join(folder, 'cut.yaml')
    const interactions = 'coulomb_accuracy: 1e-6, slab_correction: true'
    writeFileSync(
      path,
      `name: cut\nsystem: { potential: p.yaml }\nendpoints: { initial: initial.extxyz, final: final.extxyz }\ninteractions: { ${interactions} }\n`,
    )
    const pieced = prepareBand(loadBandRecipe(path))
    const energy = async (system: typeof whole.system, positions: Float64Array) =>
      (await createReferenceEvaluator(system).evaluate(createState(positions, box))).energy
    const untethered = {
      ...whole.system,
      forces: whole.system.forces.filter(force => force.kind !== 'restraint'),
    }
    for (const end of ['initial', 'final'] as const) {
      const expected = await energy(untethered, whole.ends[end].positions)
      expect(await energy(pieced.system, pieced.ends[end].positions)).toBeCloseTo(expected, 6)
    }
  })

  it('needs vacuum', () => {
    const path = recipe('bulk', [[['interactions', 'slab_correction'], true]])
    expect(() => prepareBand(loadBandRecipe(path))).toThrow(/slab_correction needs vacuum along z/)
  })
})

describe('a band that is stopped before it begins', () => {
  it.each([
    ['while its ends relax', 'bulk-odh.yaml', 12, false],
    ['while its adsorbate settles', 'ni-pan.yaml', 6, true],
  ])(
    '%s keeps unfinished ends, and a continued relaxation ends with the same bits',
    { timeout: 60_000 },
    async (_when, from, steps, settling) => {
      const directory = join(folder, from)
      mkdirSync(directory)
      const path = recipe(
        `stopped-${from}`,
        [
          [['band', 'images'], 5],
          [['band', 'max_iterations'], 1],
          [['vibrations', 'prefactor'], false],
        ],
        from,
      )
      const request = {
        loaded: loadBandRecipe(path),
        directory,
        platform: 'auto',
        threads: 1,
        command: [],
      } as const
      let asked = 0
      const signal = {
        get aborted() {
          return ++asked > steps
        },
      } as AbortSignal
      await expect(runNeb({ ...request, resume: false, signal })).rejects.toMatchObject({
        code: 130,
        where: directory,
        hint: expect.stringContaining(`hoplite neb ${directory} --resume`),
      })
      const kept = readEndsCheckpoint(join(directory, RUN_FILES.endsCheckpoint))
      expect(kept.settling).toBe(settling)
      const rest = await runNeb({ ...request, resume: true })
      expect(existsSync(join(directory, RUN_FILES.endsCheckpoint))).toBe(false)
      expect(existsSync(join(directory, RUN_FILES.lock))).toBe(false)
      const whole = await computeBand(prepareBand(loadBandRecipe(path)), { platform: 'auto', threads: 1 })
      expect(rest.energies_eV).toEqual(whole.energies_eV)
      // What was done before is not done again, but for the forces where it stopped.
      expect(rest.preparation_force_calls).toBe(whole.preparation_force_calls + kept.relaxations.length)
    },
  )
})

describe('a continued band', () => {
  it('is refused when an input has changed since', async () => {
    const potential = join(folder, 'changing.yaml')
    copyFileSync(join(RUNS, '../potentials/pmmcs-lno.yaml'), potential)
    const path = recipe('resumed', [
      [['system', 'potential'], potential],
      [['band', 'max_iterations'], 1],
    ])
    const directory = join(folder, 'resumed')
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory)
    const request = {
      loaded: loadBandRecipe(path),
      directory,
      platform: 'auto',
      threads: 1,
      command: [],
    } as const
    const first = await runNeb({ ...request, resume: false })
    expect(first.converged).toBe(false)
    writeFileSync(potential, `${readFileSync(potential, 'utf8')}# later\n`)
    await expect(runNeb({ ...request, resume: true })).rejects.toThrow(
      /changing\.yaml is not what the band began with/,
    )
  })
})
