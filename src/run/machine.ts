import { availableParallelism, cpus, totalmem } from 'node:os'
import { HOPLITE_VERSION } from '../version.ts'

/** The machine that measurements are made on. */
export interface Machine {
  readonly hoplite: string
  readonly node: string
  readonly cpu: string
  readonly threads: number
  readonly memory_GiB: number
}

export const machine = (): Machine => ({
  hoplite: HOPLITE_VERSION,
  node: process.versions.node,
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  threads: availableParallelism(),
  memory_GiB: Math.round(totalmem() / 2 ** 30),
})

export const describeMachine = ({ hoplite, node, cpu, threads, memory_GiB }: Machine): string =>
  `hoplite ${hoplite}, node ${node}, ${cpu}, ${threads} threads, ${memory_GiB} GiB`
