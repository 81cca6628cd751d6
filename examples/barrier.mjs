// Computes the migration barrier of a hop in a crystal that is read from a POSCAR file.
//
//   node barrier.mjs [RECIPE] [FOLDER]
//
// Writes the run directory FOLDER. The recipe beside this file names the POSCAR, the potential and the hop.
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { loadBandRecipe, runNeb } from 'hoplite'

const [recipe = fileURLToPath(new URL('hop.yaml', import.meta.url)), directory = 'example-hop'] =
  process.argv.slice(2)

mkdirSync(directory, { recursive: true })
const results = await runNeb({
  loaded: loadBandRecipe(recipe),
  directory,
  resume: false,
  platform: 'reference',
  command: process.argv,
  onEvent(event) {
    if (event.kind === 'note') console.log(event.text)
  },
})
console.log('path / Å   energy / eV')
results.path_A.forEach((path, k) => {
  console.log(`${path.toFixed(2).padStart(8)}   ${results.energies_eV[k].toFixed(3)}`)
})
console.log(`barrier ${results.barrier_eV.toFixed(3)} eV, ${results.converged ? '' : 'not '}converged`)
