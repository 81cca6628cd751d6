import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createState } from '../../src/core/state.ts'
import { loadBandRecipe } from '../../src/io/bandRecipe.ts'
import { writeStructureFile } from '../../src/io/structureFile.ts'
import { createReferenceEvaluator } from '../../src/platform/reference/reference.ts'
import { caseRecipe } from '../../src/studies/barrierStudy.ts'
import { computeBand } from '../../src/workflow/computeBand.ts'
import { runNeb } from '../../src/workflow/neb.ts'
import { prepareBand } from '../../src/workflow/prepareBand.ts'
import { temporaryFolder } from '../tools/folder.ts'

const folder = temporaryFolder()
const RUNS = join(import.meta.dirname, '../../runs')

/** A committed recipe with some keys changed. */
function recipe(name: string, change: Parameters<typeof caseRecipe>[0]['change'], from = 'bulk-odh.yaml') {
  const path = join(folder, `${name}.yaml`)
  writeFileSync(path, caseRecipe({ key: name, recipe: from, ...(change && { change }) }).toString())
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
    const path = recipe('charged', [[['charges'], undefined]])
    const text = readFileSync(path, 'utf8').replace(/^charges:.*\n/m, '')
    writeFileSync(path, text)
    const { notes, system, box, ends } = prepareBand(loadBandRecipe(path))
    const net = system.charges.reduce((sum, q) => sum + q, 0)
    expect(net).toBeCloseTo(-0.6, 9)
    expect(notes.join()).toMatch(/net charge of -0\.6000 e: its energy includes a uniform background of -\d/)
    expect(ends.initial.box).toBe(box)
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

describe('a band that goes on', () => {
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
