import type { ProtocolEvent, StageSummary } from '../dynamics/contract.ts'
import type { Stage } from '../dynamics/protocol.ts'
import type { Progress } from './output.ts'

/** Returns a listener that shows the events of a protocol as a progress bar and one line per finished stage. */
export function protocolListener(
  progress: Progress,
  say: (text: string) => void,
): (event: ProtocolEvent) => void {
  let stage = ''
  let reason: string | null = null
  return event => {
    switch (event.kind) {
      case 'stage-start':
        stage = event.stage.name
        // The same reason is shown once, not at every stage.
        if (event.fallbackReason !== null && event.fallbackReason !== reason) {
          say(`platform ${event.ran}: ${event.fallbackReason}`)
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
        say(`${stage}: ${describeSummary(event.summary)}`)
        break
    }
  }
}

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
export function describeProtocol(stages: readonly Stage[]): string {
  return stages
    .map(stage => {
      const what =
        'time_ps' in stage
          ? `${stage.time_ps} ps at ${stage.timestep_fs} fs${stage.temperature_K === undefined ? '' : `, ${stage.temperature_K}${stage.temperature_end_K === undefined ? '' : ` → ${stage.temperature_end_K}`} K`}`
          : ''
      return `  ${stage.name}: ${stage.kind} ${what}`.trimEnd()
    })
    .join('\n')
}
