import * as z from 'zod'
import { positive, together } from './keys.ts'

const truncation = z.enum(['plain', 'shifted', 'switched'])
const coulombNames = ['pme', 'ewald', 'dsf', 'wolf', 'cut'] as const

const common = {
  cutoff_A: positive.max(50).default(9),
  switch_from_A: positive.optional().describe('required when switched'),
  coulomb_alpha_per_A: positive.max(5).optional().describe('required for dsf and wolf'),
}
const accuracy = (value: number) =>
  z.number().min(1e-12).max(0.1).optional().describe(`of pme and ewald, ${value} when left out`)

interface Choice {
  readonly cutoff_A: number
  readonly switch_from_A?: number | undefined
  readonly coulomb: (typeof coulombNames)[number]
  readonly coulomb_alpha_per_A?: number | undefined
  readonly coulomb_accuracy?: number | undefined
}

export const isEwald = (coulomb: unknown) => coulomb === 'pme' || coulomb === 'ewald'

/** Keys that do not go together. @param key the one that says how pair interactions end */
function check(
  value: Choice,
  key: string,
  kind: z.output<typeof truncation>,
  context: z.core.$RefinementCtx,
): void {
  const refuse = (at: keyof Choice, message: string) =>
    context.addIssue({ code: 'custom', path: [at], message })
  const { switch_from_A, cutoff_A, coulomb } = value
  if (kind !== 'switched') {
    if (switch_from_A !== undefined) refuse('switch_from_A', `switch_from_A needs ${key}: switched`)
  } else if (switch_from_A === undefined) {
    refuse('switch_from_A', `${key}: switched needs switch_from_A`)
  } else if (switch_from_A >= cutoff_A) {
    refuse('switch_from_A', `switch_from_A is ${switch_from_A}: it must be below cutoff_A, ${cutoff_A}`)
  }
  if (!isEwald(coulomb) && value.coulomb_accuracy !== undefined) {
    refuse('coulomb_accuracy', `coulomb: ${coulomb} takes no coulomb_accuracy: it belongs to pme and ewald`)
  }
  if ((coulomb === 'dsf' || coulomb === 'wolf') && value.coulomb_alpha_per_A === undefined) {
    refuse('coulomb_alpha_per_A', `coulomb: ${coulomb} needs coulomb_alpha_per_A`)
  }
  if (coulomb === 'cut' && value.coulomb_alpha_per_A !== undefined) {
    refuse('coulomb_alpha_per_A', 'coulomb: cut takes no coulomb_alpha_per_A')
  }
}

/** Of molecular dynamics. */
export const interactionsSchema = z
  .strictObject({
    ...common,
    lennard_jones: truncation.default('plain'),
    tail_correction: z.boolean().default(true),
    coulomb: z.enum(coulombNames).default('pme'),
    coulomb_accuracy: accuracy(1e-4),
  })
  .superRefine(together((value, context) => check(value, 'lennard_jones', value.lennard_jones, context)))
  .transform(({ coulomb_accuracy = 1e-4, ...value }) => ({ ...value, coulomb_accuracy }))

/** Of a band: energies must go to zero at the cut-off, or a hop over it would show in the barrier. */
export const bandInteractionsSchema = z
  .strictObject({
    ...common,
    truncation: truncation.default('shifted').describe('of the pair interactions at the cut-off'),
    coulomb: z.enum(coulombNames).default('ewald'),
    coulomb_accuracy: accuracy(1e-6),
    slab_correction: z
      .boolean()
      .optional()
      .describe('Yeh and Berkowitz, vacuum along z; on for a slab that is built here when left out'),
  })
  .superRefine(
    together((value, context) => {
      check(value, 'truncation', value.truncation, context)
      if (value.slab_correction !== true || isEwald(value.coulomb)) return
      context.addIssue({
        code: 'custom',
        path: ['slab_correction'],
        message: `coulomb: ${value.coulomb} takes no slab_correction: it belongs to pme and ewald`,
      })
    }),
  )
  .transform(({ coulomb_accuracy = 1e-6, ...value }) => ({ ...value, coulomb_accuracy }))

/** Filled-in interactions as a recipe may write them. */
export function withoutFilledAccuracy<T extends { coulomb: string; coulomb_accuracy?: unknown }>(
  interactions: T,
): T | Omit<T, 'coulomb_accuracy'> {
  if (isEwald(interactions.coulomb)) return interactions
  const { coulomb_accuracy, ...others } = interactions
  return others
}

/** Whether the slab correction of a filled-in choice applies. */
export function slabCorrection(
  { slab_correction, coulomb }: { slab_correction?: boolean | undefined; coulomb: string },
  isSlab: boolean,
): boolean {
  return slab_correction ?? (isSlab && isEwald(coulomb))
}
