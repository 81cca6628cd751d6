/**
 * Nudged elastic band: first path, relaxation, barrier. Runs in web pages.
 *
 * @module
 */

export { type Barrier, barrierOf } from '../neb/barrier.ts'
export { type BandOptions, type BandState, relaxBand } from '../neb/neb.ts'
export { initialPath } from '../neb/path.ts'
