import { UserError } from '../../src/errors.ts'

/** The UserError that a call throws; anything else is a failure. */
export function caught(run: () => unknown): UserError {
  try {
    run()
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
  throw new Error('nothing was refused')
}
