import type { ProtocolEvent, StageSummary } from '../dynamics/protocol.ts'
import type { RecipeStage } from '../recipes/stages.ts'
import type { Output, Progress } from './output.ts'

/** Returns a listener that shows the events of a protocol as a progress bar and one line per finished stage. */
export function protocolListener(
  progress: Progress,
  output: Pick<Output, 'note' | 'warn'>,
): (event: ProtocolEvent) => void {
  let stage = ''
  let reason: string | null = null
  return event => {
    switch (event.kind) {
      case 'stage-start':
        stage = event.stage.name
        // The same reason is shown once, not at every stage.
        if (event.fallbackReason !== null && event.fallbackReason !== reason) {
          output.note(`platform ${event.ran}: ${event.fallbackReason}`)
        }
        reason = event.fallbackReason
        break
      case 'thermo':
        progress.update(
          event.row.step,
          `${stage}  ${event.row.temperature_K.toFixed(0)} K  ${event.row.density_g_per_cm3.toFixed(3)} g/cm³`,
        )
        break
      case 'stage-end':
        if (isUnfinished(event.summary)) output.warn(`${stage}: ${describeSummary(event.summary)}`)
        else output.note(`${stage}: ${describeSummary(event.summary)}`)
        break
    }
  }
}

/** True for a minimisation that ended above its tolerance. */
const isUnfinished = (summary: StageSummary) => summary.kind === 'minimize' && !summary.converged

function describeSummary(summary: StageSummary): string {
  switch (summary.kind) {
    case 'dynamics':
      return `${summary.steps} steps, drift ${summary.drift_meV_per_atom_ps.toPrecision(2)} meV/atom/ps`
    case 'minimize':
      return `${summary.converged ? 'converged' : 'NOT converged'} after ${summary.steps} steps, fmax ${summary.fmax_eV_per_A.toPrecision(3)} eV/Å`
    case 'push-off':
      return `${summary.steps} steps, ${Number.isFinite(summary.closest_A) ? `closest contact ${summary.closest_A.toFixed(2)} Å` : 'no contact within reach'}`
  }
}

/** A list of the stages, one line each. */
export function describeProtocol(stages: readonly RecipeStage[]): string {
  return stages.map(stage => `  ${stage.name}: ${stage.kind} ${describeStage(stage)}`.trimEnd()).join('\n')
}

function describeStage(stage: RecipeStage): string {
  if (!('time_ps' in stage)) return ''
  const { time_ps, timestep_fs, temperature_K } = stage
  const end_K = 'temperature_end_K' in stage ? stage.temperature_end_K : undefined
  const temperature =
    temperature_K === undefined ? '' : `, ${temperature_K}${end_K === undefined ? '' : ` → ${end_K}`} K`
  return `${time_ps} ps at ${timestep_fs} fs${temperature}`
}
