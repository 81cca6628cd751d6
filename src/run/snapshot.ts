import * as z from 'zod'
import type { System } from '../core/system.ts'
import type { Snapshot } from '../dynamics/protocol.ts'
import { UserError } from '../errors.ts'
import { readCheckpoint, writeCheckpoint } from '../files/checkpoint.ts'
import type { Recipe } from '../recipes/recipe.ts'

/** Values of a snapshot besides its state, as in a checkpoint. */
const progressSchema = z.strictObject({
  stepInStage: z.number().int().min(0),
  stageStart_ps: z.number(),
  exchanged_eV: z.number(),
  reference_eV: z.number(),
  conserved: z.strictObject({
    count: z.number(),
    x: z.number(),
    y: z.number(),
    xx: z.number(),
    xy: z.number(),
  }),
})

/** Writes a snapshot as a checkpoint file. */
export function saveSnapshot(path: string, snapshot: Snapshot, seed: number): void {
  const { state, stageIndex, ...rest } = snapshot
  writeCheckpoint(path, {
    state,
    seed,
    stageIndex,
    accumulators: { ...rest, conserved: { ...rest.conserved } },
    arrays: {},
  })
}

/** @throws UserError when the checkpoint is damaged or belongs to another recipe */
export function readSnapshot(path: string, recipe: Recipe, system: System): Snapshot {
  const { state, seed, stageIndex, accumulators } = readCheckpoint(path)
  const refuse = (message: string) =>
    new UserError({ message, where: path, hint: 'go on with the recipe that the run began with' })
  if (seed !== recipe.seed) {
    throw refuse(`the checkpoint was written with seed ${seed}, the recipe has ${recipe.seed}`)
  }
  if (!(stageIndex >= 0 && stageIndex <= recipe.stages.length)) {
    throw refuse(`the checkpoint is in stage ${stageIndex + 1}, the recipe has ${recipe.stages.length}`)
  }
  const atoms = state.positions.length / 3
  if (atoms !== system.atomCount) {
    throw refuse(`the checkpoint holds ${atoms} atoms, the recipe gives ${system.atomCount}`)
  }
  const carried = progressSchema.safeParse(accumulators)
  if (!carried.success) throw refuse('the checkpoint is damaged: it does not say how far its stage is')
  return { ...carried.data, state, stageIndex }
}
