import * as z from 'zod'
import { fileName as name, positive } from './keys.ts'

const temperature = positive.max(10_000)

const pushOff = z.strictObject({
  name,
  kind: z.literal('push-off'),
  distance_A: positive.max(4).default(2).describe('unbonded atoms end up at least this far apart'),
})

const minimize = z.strictObject({
  name,
  kind: z.literal('minimize'),
  method: z.enum(['fire', 'lbfgs']).default('fire'),
  fmax_eV_per_A: positive.default(0.5).describe('largest force component at which it stops'),
  max_steps: z.number().int().min(1).default(2000),
})

const dynamics = {
  name,
  time_ps: positive,
  timestep_fs: positive.max(10),
  new_velocities: z.boolean().default(false).describe('draws fresh velocities when the stage begins'),
}
const steps_on_device = z
  .number()
  .int()
  .min(1)
  .max(1000)
  .optional()
  .describe('steps that a GPU makes by itself, in single precision, between visits of the host')
const ramp = {
  temperature_K: temperature,
  temperature_end_K: temperature.optional().describe('a linear ramp to this temperature'),
  thermostat_time_ps: positive.optional().describe('0.1 for csvr, 1 for langevin when left out'),
}

/** 4.5e-5 per bar is the compressibility of water; the barostat’s pace depends on it, its average does not. */
const BAROSTAT = { pressure_bar: 1, barostat_time_ps: 1, compressibility_per_bar: 4.5e-5 }

const nve = z
  .strictObject({
    ...dynamics,
    kind: z.literal('nve'),
    steps_on_device,
    temperature_K: temperature.optional().describe('of fresh velocities'),
  })
  .superRefine(({ new_velocities, temperature_K }, context) => {
    if (!new_velocities || temperature_K !== undefined) return
    context.addIssue({
      code: 'custom',
      path: ['temperature_K'],
      message: 'new_velocities needs temperature_K',
    })
  })

const nvt = z.strictObject({
  ...dynamics,
  ...ramp,
  kind: z.literal('nvt'),
  thermostat: z.enum(['csvr', 'langevin']).default('csvr'),
  density_end_g_per_cm3: positive.max(30).optional().describe('the cell is scaled to this density'),
  steps_on_device,
})

/** What acts on the host in every step, or on the cell. */
function refuseOnDevice(stage: z.output<typeof nvt>, context: z.core.$RefinementCtx): void {
  if (stage.steps_on_device === undefined) return
  const refuse = (key: string, what: string) =>
    context.addIssue({ code: 'custom', path: [key], message: `steps_on_device does not go with ${what}` })
  if (stage.thermostat !== 'csvr') refuse('thermostat', `thermostat: ${stage.thermostat}`)
  if (stage.density_end_g_per_cm3 !== undefined) refuse('density_end_g_per_cm3', 'density_end_g_per_cm3')
}

const npt = z.strictObject({
  ...dynamics,
  ...ramp,
  kind: z.literal('npt'),
  thermostat: z.literal('csvr').default('csvr'),
  pressure_bar: z.number().min(-1e6).max(1e6).default(BAROSTAT.pressure_bar),
  barostat_time_ps: positive.default(BAROSTAT.barostat_time_ps),
  compressibility_per_bar: positive.max(1).default(BAROSTAT.compressibility_per_bar),
})

const THERMOSTAT_TIME_PS = { csvr: 0.1, langevin: 1 } as const

/** A time step longer than the stage would be no step at all. */
function atLeastOneStep(
  stage: { time_ps: number; timestep_fs: number },
  context: z.core.$RefinementCtx,
): void {
  if (stage.time_ps * 1000 >= stage.timestep_fs) return
  context.addIssue({
    code: 'custom',
    path: ['time_ps'],
    message: `time_ps is ${stage.time_ps}: shorter than one time step of ${stage.timestep_fs} fs`,
  })
}

/**
 * One stage of a protocol. Keys that a kind has no use for are refused; what `Stage` in dynamics/protocol.ts holds
 * besides is filled in.
 */
export const stageSchema = z.discriminatedUnion('kind', [
  pushOff,
  minimize,
  nve.superRefine(atLeastOneStep).transform(stage => ({
    ...stage,
    ...BAROSTAT,
    thermostat: 'csvr' as const,
    thermostat_time_ps: THERMOSTAT_TIME_PS.csvr,
  })),
  nvt
    .superRefine(atLeastOneStep)
    .superRefine(refuseOnDevice)
    .transform(stage => ({
      ...stage,
      ...BAROSTAT,
      thermostat_time_ps: stage.thermostat_time_ps ?? THERMOSTAT_TIME_PS[stage.thermostat],
    })),
  npt.superRefine(atLeastOneStep).transform(stage => ({
    ...stage,
    thermostat_time_ps: stage.thermostat_time_ps ?? THERMOSTAT_TIME_PS[stage.thermostat],
  })),
])

/** Keys that a stage of a kind does not take, and that `stageSchema` fills in all the same. */
const FILLED_KEYS: Readonly<Record<string, readonly string[]>> = {
  nve: ['thermostat', 'thermostat_time_ps', ...Object.keys(BAROSTAT)],
  nvt: Object.keys(BAROSTAT),
}

/** A filled-in stage as a recipe may write it. */
export function withoutFilledKeys<T extends { kind: string }>(stage: T): Partial<T> {
  const filled = FILLED_KEYS[stage.kind] ?? []
  return Object.fromEntries(Object.entries(stage).filter(([key]) => !filled.includes(key))) as Partial<T>
}
