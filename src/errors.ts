/** Exit codes of the command line. */
export const EXIT = { done: 0, failed: 1, badInput: 2, notConverged: 3, interrupted: 130 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Message of an error, with its place and its remedy. */
export interface ErrorDetail {
  /** One sentence that says what is wrong. */
  readonly message: string
  /** File, line, column and key, or the atoms concerned. */
  readonly where?: string | undefined
  /** The correct input, or the way to it. */
  readonly hint?: string | undefined
}

class DetailedError extends Error {
  readonly where: string | undefined
  readonly hint: string | undefined

  constructor({ message, where, hint }: ErrorDetail) {
    super(message)
    this.where = where
    this.hint = hint
  }
}

/** A mistake in the user's input (recipe, file, option): printed without a stack, exit code 2. */
export class UserError extends DetailedError {
  override readonly name = 'UserError'
  readonly code: ExitCode = EXIT.badInput
}

/** A failure of the simulation (non-finite forces, constraints that do not converge): exit code 1. */
export class SimulationError extends DetailedError {
  override readonly name = 'SimulationError'
  readonly code: ExitCode = EXIT.failed
}
