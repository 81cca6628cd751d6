import { Bench } from 'tinybench'
import type { CoulombForce, PairForce } from '../../src/core/force.ts'
import { buildPairList, createExclusions } from '../../src/core/neighbors.ts'
import { createState } from '../../src/core/state.ts'
import { createNonbonded } from '../../src/platform/reference/nonbonded.ts'
import { createReferenceEvaluator } from '../../src/platform/reference/reference.ts'
import { hotPvdf } from '../tools/polymerBoxes.ts'

const { system, state } = hotPvdf()

const nonbonded = createNonbonded(system)
const exclusions = createExclusions(system.atomCount, nonbonded.special.pairs)
const list = buildPairList(state.box, state.positions, nonbonded.cutoff_A + 1, exclusions)
const inside = buildPairList(state.box, state.positions, nonbonded.cutoff_A, exclusions).partners.length
const into = { forces: new Float64Array(3 * system.atomCount), virial: new Float64Array(9) }
const wrapped = state.positions.map((x, k) => {
  const m = state.box.matrix
  const i = 3 * Math.floor(k / 3)
  return x - [0, 1, 2].reduce((sum, c) => sum + list.cells[i + c]! * m[3 * c + (k % 3)]!, 0)
})

const isPair = (force: { kind: string }): force is PairForce | CoulombForce =>
  force.kind === 'pair' || force.kind === 'coulomb'
const whole = createReferenceEvaluator(system)
const bonded = createReferenceEvaluator({ ...system, forces: system.forces.filter(force => !isPair(force)) })

const bench = new Bench({ time: 2000, warmupTime: 500 })
bench
  .add('pairs: Lennard-Jones + screened Coulomb', () => {
    nonbonded.evaluate(state.box, wrapped, list, into)
  })
  .add('pair list', () => {
    buildPairList(state.box, state.positions, nonbonded.cutoff_A + 1, exclusions)
  })
  .add('bonded terms', () => bonded.evaluate(createState(state.positions, state.box)).then(() => {}))
  .add('whole evaluation', () => whole.evaluate(state).then(() => {}))
await bench.run()

console.log(`${system.atomCount} atoms, ${inside} pairs within ${nonbonded.cutoff_A} Å`)
for (const { name, result } of bench.tasks) {
  if (!('latency' in result)) continue
  const ms = result.latency.p50
  const perPair = name.startsWith('pairs') ? `, ${((ms * 1e6) / inside).toFixed(1)} ns per pair` : ''
  console.log(`${name}: ${ms.toFixed(3)} ms${perPair}`)
}
