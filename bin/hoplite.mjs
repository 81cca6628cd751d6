#!/usr/bin/env node
import { existsSync } from 'node:fs'

// A clone runs its sources, an installed package runs what was built from them.
const folder = existsSync(new URL('../src', import.meta.url)) ? 'src' : 'dist'
await import(`../${folder}/cli/hoplite.mjs`)
