import type { State } from '../../core/state.ts'
import type { System } from '../../core/system.ts'
import type { ConstraintChoice } from '../../dynamics/constraints.ts'
import type { DynamicsStage, Stage } from '../../dynamics/protocol.ts'
import type { Constants } from '../../units.ts'

/** A run as plain data, as `hoplite serve` sends it to its page. */
export interface LiveInput {
  readonly name: string
  readonly system: System
  readonly state: State
  /** The stages; the last one is the production, a stage of dynamics. */
  readonly stages: readonly Stage[]
  readonly constraints: ConstraintChoice
  readonly constants: Constants
  readonly seed: number
  readonly log_every_ps: number
  readonly frame_every_ps: number
  /** Symbol of the element that is followed, such as "Li". */
  readonly species: string
  /** Name of its ion in text, such as "Li⁺". */
  readonly speciesLabel: string
  /** Lags over which the exponent of the displacement is fitted. */
  readonly window: { readonly from_ps: number; readonly to_ps: number }
  /** [N] group of each atom, for drawing; `ion` is the followed species. */
  readonly groups: readonly ('host' | 'anion' | 'ion')[]
}

/** Available backends; `auto` is WebGPU where the browser has an adapter in hardware, and WebAssembly SIMD elsewhere. */
export const BACKEND_CHOICES = ['auto', 'webgpu', 'webgl2', 'webasm', 'simd', 'reference'] as const
export type BackendChoice = (typeof BACKEND_CHOICES)[number]

/** Choices of the reader. */
export interface Settings {
  readonly backend: BackendChoice
  /** Temperature in place of that of the production; null keeps that of the recipe. */
  readonly temperature_K: number | null
  readonly seed: number
}

/** The stage in which displacements are followed. */
export const productionOf = ({ stages }: Pick<LiveInput, 'stages'>) => stages.at(-1) as DynamicsStage

/** Returns the temperature at the end of the production, K; null where it has none, as in NVE. */
export function temperatureOf(input: Pick<LiveInput, 'stages'>): number | null {
  return productionOf(input).temperature?.end_K ?? null
}

/** Returns the stage that continues one at its end: at the last temperature, in the last cell. */
export const heldAtItsEnd = (stage: DynamicsStage): DynamicsStage => ({
  ...stage,
  temperature: stage.temperature && { start_K: stage.temperature.end_K, end_K: stage.temperature.end_K },
  cell: stage.cell.kind === 'densityRamp' ? { kind: 'fixed' } : stage.cell,
})

/** Returns the stages without steps on a device, for platforms that move no atoms on one. */
export const madeByHost = (stages: readonly Stage[]): readonly Stage[] =>
  stages.map(stage => (stage.kind === 'dynamics' ? { ...stage, device: null } : stage))

/**
 * Returns the stages at another temperature: it replaces that of the production wherever a stage has it. Other
 * temperatures, such as those of an annealing, stay.
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
