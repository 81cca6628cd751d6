import { availableParallelism, cpus, totalmem } from 'node:os'
import type { Manifest } from '../files/manifest.ts'
import type { ProvenanceOf, RunRecord } from '../report/model.ts'
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

/** A run or a band that a page shows. */
interface Recorded {
  readonly name: string
  readonly recipe: { readonly seed: number }
  readonly manifest: Manifest
}

/**
 * Returns the provenance of a page.
 * @param commands command lines without the program, the first one first
 * @param runs each with the system or case that it belongs to, and with what its record holds besides
 */
export function provenance<Own extends Pick<RunRecord, 'precision'>>(
  commands: readonly (readonly string[])[],
  runs: readonly { readonly system: string; readonly run: Recorded; readonly own: Own }[],
): ProvenanceOf<Own & RunRecord> {
  const { hoplite, node, cpu, threads } = machine()
  return {
    command: commands.map(command => `hoplite ${command.join(' ')}`).join('\n'),
    date: new Date().toISOString(),
    hopliteVersion: hoplite,
    nodeVersion: node,
    machine: { cpu, cores: threads },
    runs: runs.map(({ system, run: { recipe, manifest }, own }) => ({
      system,
      seed: recipe.seed,
      platformAsked: manifest.platform?.asked ?? 'unknown',
      platformRan: manifest.platform?.ran ?? 'unknown',
      fallbackReason: manifest.platform?.fallback_reason ?? null,
      wallTime_s: manifest.wall_clock.wall_s ?? Number.NaN,
      ...own,
    })),
    inputs: [
      ...new Map(runs.flatMap(({ run }) => run.manifest.inputs).map(input => [input.path, input])).values(),
    ],
    recipes: runs.map(({ run: { name, recipe } }) => ({ name, text: JSON.stringify(recipe, null, 2) })),
  }
}
