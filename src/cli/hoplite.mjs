#!/usr/bin/env node
// TypeScript is run as it stands; nothing is built or can go stale.
import { register } from 'tsx/esm/api'

register()
const { main } = await import('./main.ts')
process.exitCode = await main(process.argv.slice(2))
