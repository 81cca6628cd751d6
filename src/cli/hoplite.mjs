#!/usr/bin/env node
// TypeScript is run as it stands; nothing is built or can go stale.
import { register } from 'tsx/esm/api'

// A reader that has seen enough, such as `head`, closes the pipe: the work goes on without it.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', error => {
    if (error.code !== 'EPIPE') throw error
  })
}

register()
const { main } = await import('./main.ts')
process.exitCode = await main(process.argv.slice(2))
