import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type Conformation, planGrowth } from '../../src/construct/growth.ts'
import { loadUnit, type Unit } from '../../src/construct/library.ts'
import { createContactGrid, placeMolecule } from '../../src/construct/place.ts'
import { type MoleculeGraph, polymerChain, singleMolecule } from '../../src/construct/polymer.ts'
import { bondedForces } from '../../src/potentials/bonded.ts'
import { loadPotential } from '../../src/potentials/load.ts'
import { randomSequence, STREAM } from '../../src/rng.ts'
import { DEGREE } from '../../src/units.ts'

const potential = loadPotential(fileURLToPath(new URL('../../potentials/pvdf-lifsi.yaml', import.meta.url)))

const EDGE_A = 500

function place(graph: MoleculeGraph, conformation: Conformation, seed = 1): Float64Array {
  const positions = new Float64Array(3 * graph.types.length)
  placeMolecule({
    graph,
    plan: planGrowth(graph, conformation, potential),
    positions,
    offset: 0,
    grid: createContactGrid(positions, [EDGE_A, EDGE_A, EDGE_A], 2.4),
    region_A: [
      [0, 0, 0],
      [EDGE_A, EDGE_A, EDGE_A],
    ],
    random: randomSequence(seed, STREAM.build),
  })
  return positions
}

function chain(letters: string, units = new Map<string, Unit>()): MoleculeGraph {
  const known = new Map(['VDF', 'CHCF'].map(name => [name, units.get(name) ?? loadUnit(name, '.')]))
  const sequence = [...letters].map(c => ({
    unit: c.toUpperCase() === 'V' ? 'VDF' : 'CHCF',
    reversed: c === 'v',
  }))
  return polymerChain('chain', sequence, known)
}

const vector = (x: Float64Array, i: number, j: number) => [0, 1, 2].map(c => x[3 * j + c]! - x[3 * i + c]!)
const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, k) => sum + value * b[k]!, 0)
const cross = (a: readonly number[], b: readonly number[]) => [
  a[1]! * b[2]! - a[2]! * b[1]!,
  a[2]! * b[0]! - a[0]! * b[2]!,
  a[0]! * b[1]! - a[1]! * b[0]!,
]
const distance = (x: Float64Array, i: number, j: number) => Math.hypot(...vector(x, i, j))

function angle(x: Float64Array, i: number, j: number, k: number): number {
  const [a, b] = [vector(x, j, i), vector(x, j, k)]
  return Math.acos(dot(a, b) / Math.hypot(...a) / Math.hypot(...b)) / DEGREE
}

/** Degrees, trans 180, sign by IUPAC. */
function torsion(x: Float64Array, i: number, j: number, k: number, l: number): number {
  const [a, b, c] = [vector(x, i, j), vector(x, j, k), vector(x, k, l)]
  const [n, m] = [cross(a, b), cross(b, c)]
  return Math.atan2(Math.hypot(...b) * dot(a, m), dot(n, m)) / DEGREE
}

const backboneTorsions = (graph: MoleculeGraph, x: Float64Array) =>
  graph.backbone
    .slice(3)
    .map((l, k) => torsion(x, graph.backbone[k]!, graph.backbone[k + 1]!, graph.backbone[k + 2]!, l))

/** Largest deviations from the potential's equilibrium: lengths in Å, angles relative. */
function deviations(graph: MoleculeGraph, x: Float64Array): { length: number; angle: number } {
  const worst = { length: 0, angle: 0 }
  for (const force of bondedForces(graph.types, graph.topology, potential)) {
    if (force.kind === 'bond') {
      for (let m = 0; m < force.atoms.length / 2; m++) {
        const [i, j] = [force.atoms[2 * m]!, force.atoms[2 * m + 1]!]
        worst.length = Math.max(worst.length, Math.abs(distance(x, i, j) - force.parameters[2 * m + 1]!))
      }
    } else if (force.kind === 'angle') {
      for (let m = 0; m < force.atoms.length / 3; m++) {
        const [i, j, k] = force.atoms.subarray(3 * m, 3 * m + 3)
        const theta0 = force.parameters[2 * m + 1]! / DEGREE
        worst.angle = Math.max(worst.angle, Math.abs(angle(x, i!, j!, k!) / theta0 - 1))
      }
    }
  }
  return worst
}

describe('valence geometry', () => {
  test.each([
    ['VVVVVV', 'trans'],
    ['VVVVVV', 'tgtg'],
    ['VVVVVVVV', 'random'],
    ['VVCVVCVV', 'random'],
    ['VVCCCCVV', 'random'],
    ['VVvVvvVV', 'random'],
  ] as const)(
    'a chain %s with conformation %s has exact bond lengths, and angles within a few degrees',
    (letters, conformation) => {
      const graph = chain(letters)
      const { length, angle } = deviations(graph, place(graph, conformation))
      expect(length).toBeLessThan(1e-9)
      expect(angle).toBeLessThan(0.04)
    },
  )

  test.each(['FSI', 'TFSI'])('%s is built with the bond lengths and angles of the potential', name => {
    const graph = singleMolecule(loadUnit(name, '.'))
    const { length, angle } = deviations(graph, place(graph, 'random'))
    expect(length).toBeLessThan(1e-9)
    expect(angle).toBeLessThan(0.04)
  })

  test('sp2 carbons are planar', () => {
    const graph = chain('VVCVVCVV')
    const x = place(graph, 'random')
    graph.types.forEach((type, centre) => {
      if (!type.startsWith('C_d')) return
      const { bonds } = graph.topology
      const outer = graph.types.flatMap((_, i) => {
        const bonded = Array.from({ length: bonds.length / 2 }, (_, m) => [bonds[2 * m]!, bonds[2 * m + 1]!])
        return bonded.some(pair => pair.includes(i) && pair.includes(centre)) && i !== centre ? [i] : []
      })
      const [a, b, c] = outer.map(i => vector(x, centre, i)) as [number[], number[], number[]]
      expect(Math.abs(dot(a, cross(b, c)))).toBeLessThan(1e-9)
    })
  })
})

describe('conformations', () => {
  test('conformation trans has torsions of 180° and the β repeat length 2 r sin(θ/2)', () => {
    const graph = chain('VVVVVV')
    const x = place(graph, 'trans')
    for (const phi of backboneTorsions(graph, x)) expect(Math.abs(phi)).toBeCloseTo(180, 6)
    const [first, last] = [graph.backbone[0]!, graph.backbone[10]!]
    const repeat_A = 2 * 1.534 * Math.sin(59.12 * DEGREE)
    expect(Math.abs(distance(x, first, last) / 5 / repeat_A - 1)).toBeLessThan(0.005)
  })

  test('conformation tgtg has the torsions T G T G′ of the α form', () => {
    const graph = chain('VVVVVV')
    const torsions = backboneTorsions(graph, place(graph, 'tgtg')).map(phi =>
      Math.round(Math.abs(phi) < 179 ? phi : 180),
    )
    expect(torsions).toEqual([180, 60, 180, -60, 180, 60, 180, -60, 180])
  })

  test('conformation random has trans and both gauche torsions, within the jitter', () => {
    const graph = chain('V'.repeat(40))
    const torsions = backboneTorsions(graph, place(graph, 'random'))
    const near = (centre: number) =>
      torsions.filter(phi => Math.abs(((phi - centre + 540) % 360) - 180) < 35).length
    const counts = [near(180), near(60), near(-60)]
    expect(counts.reduce((a, b) => a + b)).toBe(torsions.length)
    for (const count of counts) expect(count).toBeGreaterThan(8)
  })

  test('double bonds are planar in a random chain, trans or cis as given in the unit', () => {
    const doubleBonds = (graph: MoleculeGraph) => {
      const x = place(graph, 'random')
      return backboneTorsions(graph, x).filter(
        (_, k) =>
          graph.types[graph.backbone[k + 1]!] === 'C_dH' && graph.types[graph.backbone[k + 2]!] === 'C_dF',
      )
    }
    const trans = doubleBonds(chain('VVCVVCVVCVV'))
    expect(trans.length).toBe(3)
    for (const phi of trans) expect(Math.abs(phi)).toBeCloseTo(180, 6)
    const unit = loadUnit('CHCF', '.')
    const cis: Unit = { ...unit, bonds: unit.bonds.map(bond => ({ ...bond, configuration: 'cis' })) }
    for (const phi of doubleBonds(chain('VVCVVCVVCVV', new Map([['CHCF', cis]]))))
      expect(phi).toBeCloseTo(0, 6)
  })
})
