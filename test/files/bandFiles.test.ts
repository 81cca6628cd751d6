import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createBox } from '../../src/core/box.ts'
import type { Structure } from '../../src/core/structure.ts'
import { createTopology } from '../../src/core/topology.ts'
import {
  type BandCheckpoint,
  readBandCheckpoint,
  readBandFile,
  readEndsCheckpoint,
  type SavedBand,
  type SavedEnds,
  writeBandCheckpoint,
  writeBandFile,
  writeEndsCheckpoint,
} from '../../src/files/bandFiles.ts'
import { optimizerData, optimizerState, optimizerStep, startOptimizer } from '../../src/optimize/optimizer.ts'
import { caught } from '../tools/caught.ts'
import { itWith, runAse } from '../tools/external.ts'
import { temporaryFolder } from '../tools/folder.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

const structure: Structure = {
  elements: ['Li', 'O', 'Ni'],
  types: ['Li_mobile', 'O', 'Ni3'],
  positions: new Float64Array(9),
  box: createBox([8, 0, 0, 1, 9, 0, 0, 0.5, 20]),
  topology: createTopology(3, [1, 2]),
  charges: Float64Array.of(1, -1.2, 0.2),
  masses: null,
  velocities: null,
  frozen: Uint8Array.of(0, 1, 0),
}
/** Five images; the ion leaves the cell along the first vector. */
const band = {
  images: [0, 1, 2, 3, 4].map(k => Float64Array.of(6 + k, 1 / 3, 2, 1, 2, 3, 4, 5, 6 + k / 7)),
  energies_eV: [-100.25, -99.5 - 1 / 3, -98.75, -99.125, -100.1],
  forces: [0, 1, 2, 3, 4].map(k => Float64Array.from({ length: 9 }, (_, c) => (k - 2) / (c + 3))),
  path_A: [0, 1.01, 2.02, 3.0303, 4.04],
}

describe('a band as extended XYZ', () => {
  writeBandFile(at('band.extxyz'), structure, band, 2)

  it('a band file is read back image by image', () => {
    const back = readBandFile(at('band.extxyz'))
    expect(back.energies_eV).toEqual(band.energies_eV)
    expect(back.path_A).toEqual(band.path_A)
    expect(back.saddleImage).toBe(2)
    back.images.forEach((positions, image) => {
      positions.forEach((x, k) => {
        expect(x).toBeCloseTo(band.images[image]![k]!, 9)
        expect(back.forces[image]![k]).toBeCloseTo(band.forces[image]![k]!, 9)
      })
    })
    const { positions, ...shared } = back.structure
    const { positions: _, ...expected } = structure
    expect(shared).toEqual(expected)
  })

  it('the ends keep their roles in a band file where the path only rises', () => {
    writeBandFile(at('rising.extxyz'), structure, band, 4)
    expect(readBandFile(at('rising.extxyz')).saddleImage).toBeNull()
    expect(readFileSync(at('rising.extxyz'), 'utf8').match(/role="\w+"/g)).toEqual([
      'role="initial"',
      'role="final"',
    ])
  })

  itWith('ase', 'is read by ASE with its energies, forces, frozen atoms and roles', () => {
    const seen = runAse(
      `import sys, json, ase.io
images = ase.io.read(sys.argv[1], index=':')
print(json.dumps([dict(
  energy=a.get_potential_energy(), forces=a.get_forces(apply_constraint=False).ravel().tolist(),
  held=a.get_forces()[1].tolist(), positions=a.positions.ravel().tolist(),
  fixed=[[type(c).__name__, c.index.tolist()] for c in a.constraints],
  image=int(a.info['image']), path=float(a.info['path_A']), role=a.info.get('role')) for a in images]))`,
      at('band.extxyz'),
    ) as Record<string, unknown>[]
    expect(seen.map(image => image.energy)).toEqual(band.energies_eV)
    expect(seen.map(image => image.image)).toEqual([0, 1, 2, 3, 4])
    expect(seen.map(image => image.path)).toEqual(band.path_A)
    expect(seen.map(image => image.role)).toEqual(['initial', null, 'saddle', null, 'final'])
    seen.forEach((image, k) => {
      expect(image.fixed).toEqual([['FixAtoms', [1]]])
      expect(image.held).toEqual([0, 0, 0])
      for (const [i, f] of (image.forces as number[]).entries()) expect(f).toBeCloseTo(band.forces[k]![i]!, 9)
      for (const [i, x] of (image.positions as number[]).entries()) {
        expect(x).toBeCloseTo(band.images[k]![i]!, 9)
      }
    })
  })

  it.each([
    ['an energy', / energy=\S+/, '', 'image 1 has no energy'],
    ['an image', 'image="1"', 'image="2"', 'frame 2 is image=2: images are missing or out of order'],
    ['a path', /path_A="3\S+/, '', 'path_A of image 4 is missing'],
    ['an atom', /\nNi 4 5 6 /, '\nCo 4 5 6 ', 'image 2 does not have the atoms of image 1'],
  ])('a band file without %s is refused', (_what, from, to, message) => {
    const text = readFileSync(at('band.extxyz'), 'utf8')
    expect(text.search(from)).toBeGreaterThan(0)
    writeFileSync(at('spoilt.extxyz'), text.replace(from, to))
    const error = caught(() => readBandFile(at('spoilt.extxyz')))
    expect(error.message).toBe(message)
    expect(error.where).toContain('spoilt.extxyz')
  })
})

describe('the checkpoint of a band', () => {
  /** Two steps of an optimiser, so that it remembers something. */
  const memory = (name: 'lbfgs' | 'fire') => {
    const options = { stepCap_A: 0.1, firstCurvature_eV_per_A2: 70 }
    const force = (x: Float64Array) => x.map((v, k) => -v / (k + 3))
    let [positions, state] = [Float64Array.of(0.1, -1 / 3, Math.PI), startOptimizer(name)]
    for (let k = 0; k < 2; k++) {
      const next = optimizerStep(state, positions, force(positions), options)
      positions = Float64Array.from(next.positions)
      state = next.state
    }
    return { positions, state }
  }
  const checkpoint = (name: 'lbfgs' | 'fire'): BandCheckpoint => ({
    version: 1,
    iteration: 17,
    forceCalls: 121,
    stage: 'climbing',
    climbingImage: 2,
    images: band.images.map(image => Array.from(image)),
    energies_eV: band.energies_eV,
    forces: band.forces.map(force => Array.from(force)),
    optimizer: optimizerData(memory(name).state),
  })

  const saved = (checkpointed: BandCheckpoint): SavedBand => ({
    band: checkpointed,
    preparation: { force_calls: 42, warnings: ['atoms are close'], anchors_A: [0.1, 1 / 3, -2] },
    wall_s: 12.5,
  })

  it.each(['lbfgs', 'fire'] as const)(
    'the checkpoint of a band keeps the state of %s to the last bit',
    name => {
      writeBandCheckpoint(at('c.json'), saved(checkpoint(name)))
      const back = readBandCheckpoint(at('c.json'))
      expect(back).toEqual(saved(checkpoint(name)))
      const { positions, state } = memory(name)
      const step = (from: typeof state) =>
        optimizerStep(from, positions, positions.map(Math.sin), {
          stepCap_A: 1,
          firstCurvature_eV_per_A2: 70,
        })
      expect(step(optimizerState(back.band.optimizer)).positions).toEqual(step(state).positions)
    },
  )

  it('the checkpoint of a band keeps the course of its relaxation', () => {
    const { images, energies_eV, forces } = checkpoint('lbfgs')
    const setback = {
      iteration: 9,
      stage: 'climbing' as const,
      reason: 'force' as const,
      image: 2,
      fmax_eV_per_A: 3.7,
      height_eV: 5.5,
      length_A: 11.25,
    }
    const course = {
      climbFrom_eV_per_A: 0.03,
      firstLength_A: 1 / 3,
      limit_eV_per_A: 17,
      explodedSince: 15,
      best: { iteration: 16, fmax_eV_per_A: 0.08 },
      retreat: { images, energies_eV, forces },
      steady: false,
      setbacks: [setback],
      lost: false,
    }
    const bare = { ...course, limit_eV_per_A: null, explodedSince: null, best: null, retreat: null }
    for (const kept of [course, bare]) {
      const written = saved({ ...checkpoint('lbfgs'), course: kept })
      writeBandCheckpoint(at('c.json'), written)
      expect(readBandCheckpoint(at('c.json'))).toEqual(written)
    }
  })

  it('a checkpoint with a number that is not finite is not written', () => {
    const broken = { ...checkpoint('lbfgs'), energies_eV: [Number.NaN] }
    expect(() => writeBandCheckpoint(at('nan.json'), saved(broken))).toThrow(RangeError)
    expect(caught(() => readBandCheckpoint(at('nan.json'))).message).toBe('there is no such file')
  })

  it.each([
    ['cut short', (text: string) => text.slice(0, -20), 'damaged: it is not JSON, or its end is missing'],
    ['changed', (text: string) => text.replace('-100.25', '-100.5'), 'its checksum is wrong'],
    ['another file', () => '{"image": 3}', 'the file is not a checkpoint of a band'],
    ['empty', () => '', 'its end is missing'],
  ])('a checkpoint of a band that is %s is refused', (_what, spoil, message) => {
    writeBandCheckpoint(at('c.json'), saved(checkpoint('lbfgs')))
    writeFileSync(at('c.json'), spoil(readFileSync(at('c.json'), 'utf8')))
    const error = caught(() => readBandCheckpoint(at('c.json')))
    expect(error.message).toContain(message)
    expect(error.where).toBe(at('c.json'))
  })

  it('a checkpoint of another version is refused', () => {
    writeBandCheckpoint(at('c.json'), saved({ ...checkpoint('lbfgs'), version: 2 as 1 }))
    expect(caught(() => readBandCheckpoint(at('c.json'))).message).toContain(
      'another version of hoplite (band.version)',
    )
  })
})

describe('the checkpoint of the ends of a band', () => {
  const ends: SavedEnds = {
    settling: false,
    relaxations: [
      {
        positions_A: [1 / 3, 2, 3],
        steps: 3,
        limit_A: 0.2,
        pairs: [{ step: [0.1, 0, 0], change: [1, 2, 3] }],
      },
      { positions_A: [1, Math.PI, 3], steps: 0, limit_A: 1e-9, pairs: [] },
    ],
    anchors_A: null,
    force_calls: 17,
    wall_s: 1.5,
  }

  it('the checkpoint of the ends is kept to the last bit', () => {
    for (const kept of [ends, { ...ends, settling: true, relaxations: [], anchors_A: [0.1] }]) {
      writeEndsCheckpoint(at('e.json'), kept)
      expect(readEndsCheckpoint(at('e.json'))).toEqual(kept)
    }
  })

  it('the checkpoint of the ends is refused as checkpoint of a band', () => {
    writeEndsCheckpoint(at('e.json'), ends)
    expect(caught(() => readBandCheckpoint(at('e.json'))).message).toBe(
      'the file is not a checkpoint of a band',
    )
  })
})
