#!/usr/bin/env node
import { load } from '../load.mjs'

// A reader that has seen enough, such as `head`, closes the pipe: the work goes on without it.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', error => {
    if (error.code !== 'EPIPE') throw error
  })
}

const { main } = await load(new URL('./main.ts', import.meta.url))
process.exitCode = await main(process.argv.slice(2))
