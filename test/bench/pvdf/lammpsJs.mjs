/** One turn of LAMMPS as WebAssembly. Run: node lammpsJs.mjs FOLDER NAME=VALUE…: where the inputs are, the variables of in.bench. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import createModule from 'lammps.js/wasm-atomify'

const [folder, ...words] = process.argv.slice(2)
const module = await createModule({ print: console.log, printErr: console.error })
for (const name of ['in.bench', 'common.inc', 'pvdf.data']) {
  module.FS.writeFile(name, readFileSync(join(folder, name)))
}
const lammps = new module.LAMMPSWeb()
lammps.startWithArgs(['-k', 'off'])
const variables = words.map(word => `variable ${word.replace('=', ' index ')}\n`)
lammps.runScript(variables.join('') + readFileSync(join(folder, 'in.bench'), 'utf8'))
process.exit(0)
