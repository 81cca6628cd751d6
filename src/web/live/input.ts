import type { State } from '../../core/state.ts'
import type { System } from '../../core/system.ts'
import type { ConstraintChoice } from '../../dynamics/constraints.ts'
import type { DynamicsStage, Stage } from '../../dynamics/protocol.ts'
import type { Constants } from '../../units.ts'

/** What `hoplite serve` sends to its page: a recipe made ready, as plain data. */
export interface LiveInput {
  readonly name: string
  readonly system: System
  readonly state: State
  /** The last one, the production, is a stage of dynamics. */
  readonly stages: readonly Stage[]
  readonly constraints: ConstraintChoice
  readonly constants: Constants
  readonly seed: number
  readonly log_every_ps: number
  readonly frame_every_ps: number
  /** Element whose motion is followed, and how it is written. */
  readonly species: string
  readonly speciesLabel: string
  /** Lags from which an exponent is told. */
  readonly window: { readonly from_ps: number; readonly to_ps: number }
  /** [N] what is drawn as what; `ion` is the followed species. */
  readonly groups: readonly ('host' | 'anion' | 'ion')[]
}

/** What computes; `auto` is WebGPU where the browser has an adapter in hardware, and WebAssembly SIMD elsewhere. */
export const BACKEND_CHOICES = ['auto', 'webgpu', 'webgl2', 'webasm', 'simd', 'reference'] as const
export type BackendChoice = (typeof BACKEND_CHOICES)[number]

/** What the reader chooses. */
export interface Settings {
  readonly backend: BackendChoice
  /** In place of the production's temperature; the recipe's own when null. */
  readonly temperature_K: number | null
  readonly seed: number
}

/** The stage in which displacements are followed. */
export const productionOf = ({ stages }: Pick<LiveInput, 'stages'>) => stages.at(-1) as DynamicsStage

/** Temperature at the end of the production, K; null where it has none, as in NVE. */
export function temperatureOf(input: Pick<LiveInput, 'stages'>): number | null {
  return productionOf(input).temperature?.end_K ?? null
}

/** The stage as it continues after its end: at the temperature and in the cell that it has led to. */
export const heldAtItsEnd = (stage: DynamicsStage): DynamicsStage => ({
  ...stage,
  temperature: stage.temperature && { start_K: stage.temperature.end_K, end_K: stage.temperature.end_K },
  cell: stage.cell.kind === 'densityRamp' ? { kind: 'fixed' } : stage.cell,
})

/** The stages with every step made by the host, for backends that move no atoms on a device. */
export const madeByHost = (stages: readonly Stage[]): readonly Stage[] =>
  stages.map(stage => (stage.kind === 'dynamics' ? { ...stage, device: null } : stage))

/**
 * The stages at another temperature: wherever a stage has that of the production, it gets the one chosen. Others, such as
 * those of an annealing, stay.
 */
export function stagesAt(input: Pick<LiveInput, 'stages'>, temperature_K: number | null): readonly Stage[] {
  const from_K = temperatureOf(input)
  if (temperature_K === null || from_K === null) return input.stages
  const chosen = (value: number) => (value === from_K ? temperature_K : value)
  return input.stages.map(stage => {
    if (stage.kind !== 'dynamics' || !stage.temperature) return stage
    const { start_K, end_K } = stage.temperature
    return { ...stage, temperature: { start_K: chosen(start_K), end_K: chosen(end_K) } }
  })
}
