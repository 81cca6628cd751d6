import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { loadSource } from './sources.mjs'

// Runs a TypeScript program of this repository: node scripts/run.mjs FILE.ts [ARGUMENT…]
const [node, , file, ...rest] = process.argv
if (file === undefined) throw new Error('usage: node scripts/run.mjs FILE.ts [ARGUMENT…]')
const program = resolve(file)
process.argv = [node, program, ...rest]
await loadSource(pathToFileURL(program), { packages: 'external' })
