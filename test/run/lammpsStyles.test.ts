import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { CoulombForce, PairForce, PairForm } from '../../src/core/force.ts'
import type { State } from '../../src/core/state.ts'
import type { System } from '../../src/core/system.ts'
import { parseLammpsData } from '../../src/files/lammpsData.ts'
import { pairStyle, parseLammpsStyles, termStyle } from '../../src/files/lammpsStyles.ts'
import type { PlatformKey } from '../../src/platform/choose.ts'
import type { EnergyTerm, Evaluator } from '../../src/platform/platform.ts'
import { prepareSinglePoint } from '../../src/run/singlePoint.ts'
import { KCAL_PER_MOL } from '../../src/units.ts'
import { onEachPlatform, platformOf, withEvaluator } from '../platform/parity/platforms.ts'
import { caught } from '../tools/caught.ts'
import { itWith } from '../tools/external.ts'
import { temporaryFolder } from '../tools/folder.ts'
import {
  CUTOFF_A,
  deviation,
  formatStyleData,
  loadStyles,
  runStyle,
  SPECIAL,
  type StyleCase,
  TERM_KINDS,
} from '../tools/lammpsStyles.ts'

const { systems, cases, pedone } = loadStyles()
const folder = temporaryFolder()

/** The system with another treatment of its charges. */
const withCoulomb = (system: System, change: (force: CoulombForce) => CoulombForce): System => ({
  ...system,
  forces: system.forces.map(force => (force.kind === 'coulomb' ? change(force) : force)),
})

/** The system of a case, read from a data file as `hoplite energy` reads it. */
function prepared(one: StyleCase): { system: System; state: State; unit_eV: number } {
  const { name, pair = 'zero', ewald_alpha_per_A, alpha_per_A } = one
  const atoms = systems[one.system ?? 'fourmol']
  const file = join(folder, `${name.replace(/\W+/g, '-')}.data`)
  writeFileSync(file, formatStyleData(atoms, one, true))
  const { system, state } = prepareSinglePoint({
    file,
    styles: { pair },
    mixing: one.mixing,
    specialLJ: SPECIAL,
    specialCoulomb: SPECIAL,
    interactions: {
      cutoff_A: CUTOFF_A,
      truncation: one.shift ? 'shifted' : 'plain',
      tail_correction: one.tail === true,
      coulomb_alpha_per_A: ewald_alpha_per_A ?? alpha_per_A,
      slab_correction: one.slab !== undefined,
    },
    charges: { scale: undefined, background: false },
    constants: 'lammps',
  })
  return {
    system: one.exact_erfc ? withCoulomb(system, force => ({ ...force, erfc: 'exact' })) : system,
    state,
    unit_eV: atoms.units === 'real' ? KCAL_PER_MOL : 1,
  }
}

/** The system with its Ewald sum cut to real space, and the self energy that hoplite counts there, eV. */
function inRealSpace(system: System): { system: System; self_eV: number } {
  const squares = system.charges.reduce((sum, q) => sum + q * q, 0)
  let self_eV = 0
  const cut = withCoulomb(system, force => {
    const { method } = force
    if (method.name !== 'ewald') return force
    self_eV = (-force.constant_eV_A * method.alpha_per_A * squares) / Math.sqrt(Math.PI)
    return { ...force, method: { ...method, kCutoff_per_A: 1e-9 }, slabCorrection: false }
  })
  return { system: cut, self_eV }
}

interface Computed {
  readonly terms: Partial<Record<EnergyTerm, number>>
  readonly forces: readonly number[]
  /** xx yy zz xy xz yz */
  readonly virial: readonly number[]
}

async function computed(key: PlatformKey, system: System, state: State): Promise<Computed> {
  const evaluate = async (evaluator: Evaluator) => {
    const { terms, forces, virial } = await evaluator.evaluate(state)
    return { terms, forces: [...forces], virial: [0, 4, 8, 1, 2, 5].map(k => virial[k]!) }
  }
  return withEvaluator(key, system, evaluate, { threads: 1 })
}

/**
 * The quantities that a file of LAMMPS holds, in its units: without the reciprocal part, or its forces alone. Wolf forces
 * of LAMMPS are those of the damped shifted force, which is no gradient of its Wolf energy.
 */
async function replayed(key: PlatformKey, one: StyleCase): Promise<Computed> {
  const { system: whole, state, unit_eV } = prepared(one)
  const inUnits = (values: readonly number[]) => values.map(value => value / unit_eV)
  const { system, self_eV } = inRealSpace(whole)
  const { terms, forces, virial } = await computed(key, system, state)
  if (one.reciprocal) {
    const all = await computed(key, whole, state)
    return { terms: {}, forces: inUnits(all.forces.map((f, k) => f - forces[k]!)), virial: [] }
  }
  const method = { name: 'dsf', alpha_per_A: one.alpha_per_A! } as const
  const isWolf = one.pair?.endsWith('wolf') === true
  const shifted =
    isWolf &&
    (await computed(
      key,
      withCoulomb(system, force => ({ ...force, method })),
      state,
    ))
  const energies = Object.entries({ ...terms, coulomb: (terms.coulomb ?? 0) - self_eV })
  return {
    terms: Object.fromEntries(energies.map(([term, energy]) => [term, energy / unit_eV])),
    forces: inUnits(shifted ? shifted.forces : forces),
    virial: inUnits(shifted ? shifted.virial : virial),
  }
}

/** Relative deviations: of each energy, of forces from the largest, of each row that stands in the file from its largest. */
function deviations(one: StyleCase, { terms, forces, virial }: Computed) {
  const energies = Object.entries(one.energy) as [EnergyTerm, number][]
  const rows = Object.entries(one.rows ?? {})
  const rowOf = (atom: string) => forces.slice(3 * (Number(atom) - 1), 3 * Number(atom))
  return {
    energy: Math.max(0, ...energies.map(([term, energy]) => deviation([terms[term] ?? 0], [energy]))),
    forces: deviation(forces, one.forces!.flat()),
    rows: Math.max(0, ...rows.map(([atom, row]) => deviation(rowOf(atom), row))),
    virial: one.virial ? deviation(virial, one.virial) : 0,
  }
}

/**
 * Largest relative deviation that is allowed, with its reason where it is not rounding: LAMMPS's reciprocal sum of 1e-6;
 * its 2/√π of nine digits in coul/long; our erfc, good to 1e-11; its cosines of multiple angles as polynomials.
 */
function allowed({ name, pair, reciprocal, exact_erfc }: StyleCase): number {
  if (reciprocal) return 4e-5
  if (pair?.endsWith('wolf') || pair === 'born/coul/dsf' || exact_erfc) return 4e-11
  if (pair?.endsWith('coul/long')) return 4e-9
  return name.startsWith('improper') ? 1e-11 : 5e-14
}

describe('force-style tests of LAMMPS', () => {
  it('hold every style that a data file may have', () => {
    const supported = (run: () => unknown) => caught(run).hint!.replace('supported: ', '').split(', ').sort()
    const covered = (styles: readonly (string | undefined)[]) => [...new Set(styles)].sort()
    expect(covered(cases.map(({ pair = 'zero' }) => pair))).toEqual(supported(() => pairStyle('', 'here')))
    const data = parseLammpsData(formatStyleData(systems.fourmol, cases[0]!, true), 'a.data')
    for (const kind of TERM_KINDS) {
      const styles = parseLammpsStyles(`${kind}=nothing`)
      expect(covered(cases.map(one => one[kind]?.style ?? 'zero'))).toEqual(
        supported(() => termStyle(kind, data, styles)),
      )
    }
  })

  it.each(cases)('reference has the energies, forces and virial of $name', async one => {
    const limit = allowed(one)
    for (const [what, off] of Object.entries(deviations(one, await replayed('reference', one)))) {
      expect(off, what).toBeLessThan(limit)
    }
  })

  it(`reference has the energies, forces and virial of ${pedone.name}, with pairs of a potential file`, async () => {
    const { system, state } = prepared(pedone)
    const { D_eV, a_per_A, r0_A, R_eV_A12 } = pedone.parameters
    const between = (form: PairForm, ...parameters: number[]): PairForce => ({
      kind: 'pair',
      form,
      parameters: Float64Array.from([0, 1, 1, 0].flatMap(on => (on ? parameters : parameters.map(() => 0)))),
      cutoffs: Float64Array.of(0, CUTOFF_A, CUTOFF_A, 0),
      truncation: { kind: 'plain' },
      tailCorrection: false,
      special: SPECIAL,
    })
    const pairs = [between('morse', D_eV, a_per_A, r0_A), between('inverse-twelfth', R_eV_A12)]
    const all = { ...system, forces: [...system.forces, ...pairs] }
    const off = deviations(pedone, await computed('reference', all, state))
    for (const [what, value] of Object.entries(off)) expect(value, what).toBeLessThan(5e-14)
  })

  const { tolerance } = platformOf('simd')
  it.each(cases.filter(({ pair, reciprocal }) => pair !== undefined && !reciprocal))(
    'simd has the energies, forces and virial of $name',
    async one => {
      const { energy, forces, virial } = deviations(one, await replayed('simd', one))
      expect(energy).toBeLessThan(tolerance.energy)
      expect(forces).toBeLessThan(tolerance.forces)
      expect(virial).toBeLessThan(tolerance.virial)
    },
  )

  it.each([
    [
      'a Coulomb cut-off of its own for a pair of types',
      { pair: 'coul/cut', pairIJCoeffs: ['2 2 7.0'] },
      'cut-off of 7 Å',
    ],
    [
      'a weight of 1-4 pairs in a charmm dihedral',
      {
        dihedral: {
          style: 'charmm',
          coeffs: ['1 2 160 0.5', '1 4 120 1', '1 0 110 0', '1 1 180 0', '1 3 90 0'],
        },
      },
      'weighting factor is 1',
    ],
  ] as const)('what their files have and hoplite has not is refused: %s', (_, styles, message) => {
    const one = { name: 'refused', commit: null, epsilon: null, energy: {}, ...styles }
    expect(caught(() => prepared(one)).message).toContain(message)
  })

  for (const name of ['mol-pair-lj_cut.yaml', 'lj/cut/coul/dsf, sixthpower']) {
    itWith('lammps', `have the numbers that LAMMPS computes now: ${name}`, () => {
      const one = cases.find(each => each.name === name)!
      const { forces, virial } = runStyle(systems.fourmol, one)
      expect(deviation(forces!.flat(), one.forces!.flat())).toBeLessThan(1e-12)
      if (one.virial) expect(deviation(virial!, one.virial)).toBeLessThan(1e-12)
    })
  }
})

describe('29 atoms in a box of 15 Å with a cut-off of 8 Å', () => {
  onEachPlatform(({ key }) => {
    it('have the energy that LAMMPS sums over all images, 33.8597303 eV', async () => {
      const { system, state } = prepared(cases.find(({ name }) => name === 'lj/cut, arithmetic')!)
      const { terms } = await computed(key, system, state)
      expect(Math.abs(terms.pair! - 33.8597303)).toBeLessThan(key === 'reference' ? 5e-8 : 2e-5)
    })
  })
})
