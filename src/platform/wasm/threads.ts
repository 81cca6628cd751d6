import { availableParallelism } from 'node:os'

/** Below so many atoms a thread waits longer for the others than it works. */
const ATOMS_PER_THREAD = 400
/** Bonded terms and the mesh are each the work of one thread: more would wait for these. */
const MOST_THREADS = 8

export const mostThreads = () => Math.min(availableParallelism(), MOST_THREADS)

/** How many threads a system keeps busy. */
export const usefulThreads = (atomCount: number) =>
  Math.max(1, Math.min(mostThreads(), Math.floor(atomCount / ATOMS_PER_THREAD)))
