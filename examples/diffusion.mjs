// Builds a box of polymer and salt, runs molecular dynamics, and fits the slope of the mean-squared displacement of Li⁺.
//
//   node diffusion.mjs [RECIPE] [FOLDER]
//
// Writes the run directory FOLDER. The recipe beside this file takes a few seconds; its numbers mean nothing.
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { analyseSystem, loadRecipe, loadRun, runMd } from 'hoplite'

const [recipe = fileURLToPath(new URL('box.yaml', import.meta.url)), directory = 'example-box'] =
  process.argv.slice(2)

mkdirSync(directory, { recursive: true })
const { ns_per_day, platform } = await runMd({
  loaded: loadRecipe(recipe),
  directory,
  resume: false,
  platform: 'auto',
  command: process.argv,
})
console.log(`${ns_per_day.toFixed(1)} ns/day on ${platform.ran}`)

const run = loadRun(directory)
const window = { from_ps: run.recipe.analysis?.fit_from_ps ?? 1, to_ps: run.recipe.analysis?.fit_to_ps ?? 10 }
const { msds, transport } = await analyseSystem({ name: run.name, runs: [run] }, 'Li', window)
const [msd] = msds
console.log('lag / ps   MSD / Å²')
for (let k = 4; k < msd.lag_ps.length; k += 5) {
  console.log(`${msd.lag_ps[k].toFixed(2).padStart(8)}   ${msd.mean_A2[k].toFixed(3)}`)
}
const [low, high] = transport.slope_ci95_A2_per_ps
console.log(
  `slope ${transport.slope_A2_per_ps.toFixed(3)} Å²/ps, 95 % interval ${low.toFixed(3)} to ${high.toFixed(3)}; ${transport.verdict}`,
)
