import * as z from 'zod'
import { type CoulombName, type Interactions, isEwald } from '../potentials/interactions.ts'
import { positive, together } from './keys.ts'

const truncation = z.enum(['plain', 'shifted', 'switched'])
const coulomb = z.enum(['pme', 'ewald', 'dsf', 'wolf', 'cut', 'none'])

type Defaults = Required<
  Pick<Interactions, 'truncation' | 'tail_correction' | 'coulomb' | 'coulomb_accuracy'>
>

/** Interactions of a recipe before defaults are filled in. */
interface Written {
  readonly cutoff_A: number
  readonly truncation?: Interactions['truncation'] | undefined
  readonly lennard_jones?: Interactions['truncation'] | undefined
  readonly switch_from_A?: number | undefined
  readonly coulomb: CoulombName
  readonly coulomb_alpha_per_A?: number | undefined
  readonly coulomb_accuracy?: number | undefined
  readonly slab_correction?: boolean | undefined
}

/**
 * Finds keys of interactions that do not go together.
 * @param byDefault default of the truncation
 */
export function interactionMistakes(
  value: Written,
  byDefault: Interactions['truncation'],
): { key: keyof Written; message: string }[] {
  const found: { key: keyof Written; message: string }[] = []
  const refuse = (key: keyof Written, message: string) => found.push({ key, message })
  const { switch_from_A, cutoff_A, coulomb } = value
  const name = value.lennard_jones === undefined ? 'truncation' : 'lennard_jones'
  if (value.truncation !== undefined && value.lennard_jones !== undefined) {
    refuse('lennard_jones', 'lennard_jones is another name of truncation: give one of them')
  }
  if ((value.truncation ?? value.lennard_jones ?? byDefault) !== 'switched') {
    if (switch_from_A !== undefined) refuse('switch_from_A', `switch_from_A needs ${name}: switched`)
  } else if (switch_from_A === undefined) {
    refuse('switch_from_A', `${name}: switched needs switch_from_A`)
  } else if (switch_from_A >= cutoff_A) {
    refuse('switch_from_A', `switch_from_A is ${switch_from_A}: it must be below cutoff_A, ${cutoff_A}`)
  }
  const only = (key: 'coulomb_accuracy' | 'slab_correction') =>
    refuse(key, `coulomb: ${coulomb} takes no ${key}: it belongs to pme and ewald`)
  if (!isEwald(coulomb) && value.coulomb_accuracy !== undefined) only('coulomb_accuracy')
  if (!isEwald(coulomb) && value.slab_correction === true) only('slab_correction')
  if ((coulomb === 'dsf' || coulomb === 'wolf') && value.coulomb_alpha_per_A === undefined) {
    refuse('coulomb_alpha_per_A', `coulomb: ${coulomb} needs coulomb_alpha_per_A`)
  }
  if ((coulomb === 'cut' || coulomb === 'none') && value.coulomb_alpha_per_A !== undefined) {
    refuse('coulomb_alpha_per_A', `coulomb: ${coulomb} takes no coulomb_alpha_per_A`)
  }
  return found
}

function schemaWith(defaults: Defaults) {
  return z
    .strictObject({
      cutoff_A: positive.max(50).default(9),
      truncation: truncation
        .optional()
        .describe(`truncation of the pair interactions at the cut-off. Default: ${defaults.truncation}`),
      lennard_jones: truncation.optional().describe('another name of truncation'),
      switch_from_A: positive
        .optional()
        .describe('distance at which the switching function begins; required for switched'),
      tail_correction: z.boolean().default(defaults.tail_correction),
      coulomb: coulomb.default(defaults.coulomb as 'pme' | 'ewald'),
      coulomb_alpha_per_A: positive
        .max(5)
        .optional()
        .describe(
          'damping, required for dsf and wolf; splitting of pme and ewald. Default: from the accuracy',
        ),
      coulomb_accuracy: z
        .number()
        .min(1e-12)
        .max(0.1)
        .optional()
        .describe(`RMS force error of pme and ewald, relative. Default: ${defaults.coulomb_accuracy}`),
      slab_correction: z
        .boolean()
        .optional()
        .describe(
          'correction of Yeh and Berkowitz for vacuum along z. Default: on for a slab that is built here',
        ),
    })
    .superRefine(
      together((value, context) => {
        for (const { key, message } of interactionMistakes(value, defaults.truncation)) {
          context.addIssue({ code: 'custom', path: [key], message })
        }
      }),
    )
    .transform(({ lennard_jones, truncation = lennard_jones ?? defaults.truncation, ...value }) => ({
      ...value,
      truncation,
      // The other methods have no accuracy.
      ...(isEwald(value.coulomb) && {
        coulomb_accuracy: value.coulomb_accuracy ?? defaults.coulomb_accuracy,
      }),
    }))
}

/** Interactions of molecular dynamics. */
export const interactionsSchema = schemaWith({
  truncation: 'plain',
  tail_correction: true,
  coulomb: 'pme',
  coulomb_accuracy: 1e-4,
}).transform(({ slab_correction = false, ...value }) => ({ ...value, slab_correction }))

/** Interactions of a band. Energies are zero at the cut-off, so that atoms that cross it do not change the barrier. */
export const bandInteractionsSchema = schemaWith({
  truncation: 'shifted',
  tail_correction: false,
  coulomb: 'ewald',
  coulomb_accuracy: 1e-6,
})

/** The slab correction of a band: as written, or on for a slab with pme or ewald. */
export function slabCorrection(
  { slab_correction, coulomb }: { slab_correction?: boolean | undefined; coulomb: string },
  isSlab: boolean,
): boolean {
  return slab_correction ?? (isSlab && isEwald(coulomb))
}
