// A worker thread for images: it starts as JavaScript, whatever runs TypeScript in the thread that started it.
import { load } from '../../load.mjs'

const { serveImages } = await load(new URL('./imageServer.ts', import.meta.url))
await serveImages()
