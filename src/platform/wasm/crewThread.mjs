// A worker thread of a crew: it starts as JavaScript, whatever runs TypeScript in the thread that started it.
import { load } from '../../load.mjs'

const { serveCrew } = await load(new URL('./crewServer.ts', import.meta.url))
serveCrew()
