import type { MinimizeStage } from '../relax/minimize.ts'
import type { PushOffStage } from '../relax/pushoff.ts'

/** A protocol is a list of stages, each plain data: what a recipe says and `runProtocol` carries out in order. */
export type Stage = PushOffStage | MinimizeStage | DynamicsStage

export interface DynamicsStage {
  readonly name: string
  readonly kind: 'nve' | 'nvt' | 'npt'
  readonly time_ps: number
  readonly timestep_fs: number
  /** Target at the start; a linear ramp to `temperature_end_K` when that is given. In NVE that of new velocities only. */
  readonly temperature_K?: number | undefined
  readonly temperature_end_K?: number | undefined
  /** CSVR: Bussi 2007. Langevin: BAOAB, for preparation, as friction slows diffusion. */
  readonly thermostat: 'csvr' | 'langevin'
  /** Relaxation time of CSVR, or inverse friction of Langevin, ps. */
  readonly thermostat_time_ps: number
  readonly pressure_bar: number
  readonly barostat_time_ps: number
  /** Isothermal compressibility that scales the barostat's step, 1/bar. */
  readonly compressibility_per_bar: number
  /** NVT only: the cell is scaled isotropically and linearly in time to this density, g/cm³. */
  readonly density_end_g_per_cm3?: number | undefined
  /**
   * Draws fresh Maxwell–Boltzmann velocities at the stage's temperature when it begins. Thermostatted stages draw them
   * anyway when all atoms are at rest, as they are after a push-off or a minimisation.
   */
  readonly new_velocities: boolean
  /**
   * NVE, and NVT with CSVR: a device makes so many steps by itself, in single precision, between visits of the host, when
   * the thermostat acts. Every step is made by the host when left out.
   */
  readonly steps_on_device?: number | undefined
}

export interface ConstraintChoice {
  readonly bonds: 'none' | 'h-bonds' | 'all-bonds'
  /** Relative tolerance of every constrained length. */
  readonly tolerance: number
}
