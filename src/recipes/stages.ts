import * as z from 'zod'
import { fileName as name, positive } from './keys.ts'

export const kelvin = positive.max(10_000)

const pushOff = z.strictObject({
  name,
  kind: z.literal('push-off'),
  distance_A: positive.max(4).default(2).describe('least distance between unbonded atoms at the end'),
})

const minimize = z.strictObject({
  name,
  kind: z.literal('minimize'),
  method: z.enum(['fire', 'lbfgs']).default('fire'),
  fmax_eV_per_A: positive.default(0.5).describe('largest force component at which the stage ends'),
  max_steps: z.number().int().min(1).default(2000),
})

const dynamics = {
  name,
  time_ps: positive,
  timestep_fs: positive.max(10),
  new_velocities: z.boolean().default(false).describe('true: draws new velocities at the start of the stage'),
}
const steps_on_device = z
  .number()
  .int()
  .min(1)
  .max(1000)
  .optional()
  .describe('number of steps that a GPU makes in single precision between visits of the host')
const thermostat_time_ps = positive
  .optional()
  .describe('relaxation time. Default: 0.1 for csvr, 1 for langevin')
const THERMOSTAT_TIME_PS = { csvr: 0.1, langevin: 1 } as const

/** Checks that the stage is not shorter than a time step. */
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

interface OnDevice {
  readonly steps_on_device?: number | undefined
  readonly thermostat: string
  readonly density_end_g_per_cm3?: number | undefined
}

/** Refuses steps on a device with a thermostat that acts in every step, or with a cell that changes. */
function refuseOnDevice(stage: OnDevice, context: z.core.$RefinementCtx): void {
  if (stage.steps_on_device === undefined) return
  const refuse = (key: string, what: string) =>
    context.addIssue({ code: 'custom', path: [key], message: `steps_on_device does not go with ${what}` })
  if (stage.thermostat === 'langevin') refuse('thermostat', `thermostat: ${stage.thermostat}`)
  if (stage.density_end_g_per_cm3 !== undefined) refuse('density_end_g_per_cm3', 'density_end_g_per_cm3')
}

function withThermostatTime<
  T extends { thermostat: keyof typeof THERMOSTAT_TIME_PS; thermostat_time_ps?: number | undefined },
>(stage: T) {
  return {
    ...stage,
    thermostat_time_ps: stage.thermostat_time_ps ?? THERMOSTAT_TIME_PS[stage.thermostat],
  }
}

/**
 * Returns the schema of one stage of a protocol. It refuses keys that do not belong to the kind, and fills in defaults; it
 * accepts its own output.
 * @param temperature the schema of a temperature
 */
function stageSchemaWith<T extends z.ZodType>(temperature: T) {
  const ramp = {
    temperature_K: temperature,
    temperature_end_K: temperature.optional().describe('temperature at the end of a linear ramp'),
    thermostat_time_ps,
  }
  const nve = z
    .strictObject({
      ...dynamics,
      kind: z.literal('nve'),
      steps_on_device,
      temperature_K: temperature.optional().describe('temperature of new velocities'),
    })
    .superRefine(({ new_velocities, temperature_K }, context) => {
      if (!new_velocities || temperature_K !== undefined) return
      context.addIssue({
        code: 'custom',
        path: ['temperature_K'],
        message: 'new_velocities needs temperature_K',
      })
    })
    .superRefine(atLeastOneStep)
  const nvt = z
    .strictObject({
      ...dynamics,
      ...ramp,
      kind: z.literal('nvt'),
      thermostat: z.enum(['csvr', 'langevin']).default('csvr'),
      density_end_g_per_cm3: positive
        .max(30)
        .optional()
        .describe('density at the end of a linear ramp of the cell'),
      steps_on_device,
    })
    .superRefine(atLeastOneStep)
    .superRefine(refuseOnDevice)
    .transform(withThermostatTime)
  const npt = z
    .strictObject({
      ...dynamics,
      ...ramp,
      kind: z.literal('npt'),
      thermostat: z.literal('csvr').default('csvr'),
      pressure_bar: z.number().min(-1e6).max(1e6).default(1),
      barostat_time_ps: positive.default(1),
      // The compressibility of water: the speed of the barostat depends on it, the mean pressure does not.
      compressibility_per_bar: positive.max(1).default(4.5e-5),
    })
    .superRefine(atLeastOneStep)
    .transform(withThermostatTime)
  return z.discriminatedUnion('kind', [pushOff, minimize, nve, nvt, npt])
}

export const stageSchema = stageSchemaWith(kelvin)

/** Word for the temperature of the case in a stage of a study. */
export const CASE = 'case'
/** The schema of a stage of a study, in which temperatures may be `CASE`. */
export const studyStageSchema = stageSchemaWith(z.union([kelvin, z.literal(CASE)]))

/** A stage as a recipe writes it, with defaults filled in. */
export type RecipeStage = z.output<typeof stageSchema>

/** Converts the stages of a recipe to those of `runProtocol`. */
export const protocolStages = (stages: readonly RecipeStage[]) => stages.map(protocolStage)

function protocolStage(stage: RecipeStage) {
  if (stage.kind === 'push-off' || stage.kind === 'minimize') return stage
  const { name, time_ps, timestep_fs, new_velocities, temperature_K: start_K } = stage
  const end_K = ('temperature_end_K' in stage ? stage.temperature_end_K : undefined) ?? start_K
  return {
    kind: 'dynamics' as const,
    name,
    time_ps,
    timestep_fs,
    new_velocities,
    temperature: start_K === undefined ? null : { start_K, end_K: end_K ?? start_K },
    ...thermostatParts(stage),
    cell: cellPart(stage),
    device: 'steps_on_device' in stage && stage.steps_on_device ? { steps: stage.steps_on_device } : null,
  }
}

function thermostatParts(stage: Extract<RecipeStage, { kind: 'nve' | 'nvt' | 'npt' }>) {
  const verlet = { kind: 'verlet' as const }
  if (stage.kind === 'nve') return { step: verlet, bath: null }
  const time_ps = stage.thermostat_time_ps
  switch (stage.thermostat) {
    case 'csvr':
      return { step: verlet, bath: { kind: 'csvr' as const, time_ps } }
    case 'langevin':
      return { step: { kind: 'langevin' as const, time_ps }, bath: null }
  }
}

function cellPart(stage: Extract<RecipeStage, { kind: 'nve' | 'nvt' | 'npt' }>) {
  if (stage.kind === 'npt') {
    const { pressure_bar, barostat_time_ps: time_ps, compressibility_per_bar } = stage
    return { kind: 'pressure' as const, pressure_bar, time_ps, compressibility_per_bar }
  }
  if (stage.kind === 'nve' || stage.density_end_g_per_cm3 === undefined) return { kind: 'fixed' as const }
  return { kind: 'densityRamp' as const, end_g_per_cm3: stage.density_end_g_per_cm3 }
}

/** Total number of steps of dynamics of some stages. */
export function plannedSteps(stages: readonly RecipeStage[]): number {
  return stages.reduce(
    (sum, stage) => sum + ('time_ps' in stage ? Math.round((stage.time_ps * 1000) / stage.timestep_fs) : 0),
    0,
  )
}
