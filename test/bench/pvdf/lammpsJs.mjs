/** One turn of LAMMPS as WebAssembly, in this folder. Run: node lammpsJs.mjs NAME=VALUE…, the variables of in.bench. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import createModule from 'lammps.js/wasm-atomify'

const module = await createModule({ print: console.log, printErr: console.error })
for (const name of ['in.bench', 'common.inc', 'pvdf.data']) {
  module.FS.writeFile(name, readFileSync(join(import.meta.dirname, name)))
}
const lammps = new module.LAMMPSWeb()
lammps.startWithArgs(['-k', 'off'])
const variables = process.argv.slice(2).map(word => `variable ${word.replace('=', ' index ')}\n`)
lammps.runScript(variables.join('') + readFileSync(join(import.meta.dirname, 'in.bench'), 'utf8'))
process.exit(0)
