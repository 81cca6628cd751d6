import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readStructureFile } from '../../src/files/structureFile.ts'
import { loadPotential } from '../../src/potentials/load.ts'
import { chargedMolecules, neighborKinds } from '../../src/run/groups.ts'
import { POTENTIAL, ROOT } from '../cli/hoplite.ts'

const box = (name: string) => ({
  structure: readStructureFile(join(ROOT, `test/golden/boxes/${name}.extxyz`)),
  potential: loadPotential(POTENTIAL),
})

test('what surrounds an ion: carbons of double bonds apart from the others, anions apart from chains', () => {
  const count = (name: string) =>
    neighborKinds(box(name), 'Li').map(({ pair, atoms, partners }) => [pair, atoms.length, partners.length])
  expect(count('pvdf-hot')).toEqual([
    ['Li–C(polymer)', 240, 240],
    ['Li–F(anion)', 30, 15],
    ['Li–F(polymer)', 250, 250],
    ['Li–O(anion)', 60, 15],
  ])
  // Of 10 chains of 12 units 4 units each are –CH=CF–.
  expect(count('dhf-hot')).toEqual([
    ['Li–C(polymer)', 160, 160],
    ['Li–C=C', 80, 80],
    ['Li–F(anion)', 30, 15],
    ['Li–F(polymer)', 210, 210],
    ['Li–O(anion)', 60, 15],
  ])
})

test('molecules with a formal charge are the ions', () => {
  const charges = chargedMolecules(box('dhf-hot'))
  expect(charges.filter(({ charge_e }) => charge_e === 1).map(({ atoms }) => atoms.length)).toEqual(
    Array.from({ length: 15 }, () => 1),
  )
  expect(charges.filter(({ charge_e }) => charge_e === -1).map(({ atoms }) => atoms.length)).toEqual(
    Array.from({ length: 15 }, () => 9),
  )
  expect(charges).toHaveLength(30)
})
