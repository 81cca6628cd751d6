// Runs molecular dynamics with a force term that hoplite does not have: a uniform electric field, E = −Σ qᵢ rᵢ·F.
//
//   node own-force.mjs [RECIPE]
//
// Prints how far the field along z has moved the Li⁺, and how well the energy is conserved.
import { fileURLToPath } from 'node:url'
import { loadRecipe, prepareEvaluator, prepareRun, protocolStages, runProtocol, stageStart } from 'hoplite'

const FIELD_V_PER_A = [0, 0, 0.2]

/**
 * The evaluator with one more term. Dynamics, minimisation and bands take it like any other.
 *
 * @param {import('hoplite').Evaluator} evaluator
 * @param {import('hoplite').System} system
 * @returns {import('hoplite').Evaluator}
 */
function withField(evaluator, { charges }) {
  // Steps on a GPU would leave the term out.
  const { integrator: _, ...rest } = evaluator
  return {
    ...rest,
    async evaluate(state, want) {
      const { positions } = state
      const evaluation = await evaluator.evaluate(state, want)
      let energy = 0
      for (let k = 0; k < positions.length; k++) {
        const force = charges[Math.floor(k / 3)] * FIELD_V_PER_A[k % 3]
        evaluation.forces[k] += force
        // Positions are unwrapped: the energy does not jump where an atom crosses a face of the cell.
        energy -= force * positions[k]
      }
      // NaN plus a number is NaN: what was not wanted stays so.
      return { ...evaluation, energy: evaluation.energy + energy }
    },
  }
}

const [path = fileURLToPath(new URL('box.yaml', import.meta.url))] = process.argv.slice(2)
const { recipe, system, state } = prepareRun(loadRecipe(path))
const lithium = system.elements.flatMap((element, atom) => (element === 'Li' ? [atom] : []))
const meanHeight = positions =>
  lithium.reduce((sum, atom) => sum + positions[3 * atom + 2], 0) / lithium.length

const production = recipe.stages.length - 1
let before = Number.NaN
const events = runProtocol({
  system,
  stages: protocolStages(recipe.stages),
  from: stageStart(state),
  constraints: recipe.constraints,
  prepare: async part => withField(await prepareEvaluator('auto', part), part),
  seed: recipe.seed,
})
for await (const event of events) {
  if (event.kind === 'snapshot' && event.snapshot.stageIndex < production) {
    before = meanHeight(event.snapshot.state.positions)
  }
  if (event.kind === 'stage-end' && event.summary.kind === 'dynamics') {
    console.log(
      `drift of the conserved quantity ${event.summary.drift_meV_per_atom_ps.toFixed(3)} meV/atom/ps`,
    )
  }
  if (event.kind === 'end') {
    console.log(
      `Li⁺ moved ${(meanHeight(event.snapshot.state.positions) - before).toFixed(2)} Å along the field`,
    )
  }
}
