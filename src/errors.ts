/** Exit codes of the command line; see docs. */
export const EXIT = { done: 0, failed: 1, badInput: 2, notConverged: 3, interrupted: 130 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export interface UserErrorDetail {
  /** What is wrong, in one sentence that a user can act on. */
  readonly message: string
  /** File, line and column, key, or atoms that it concerns. */
  readonly where?: string
  /** What would be right. */
  readonly hint?: string
}

/** A mistake in what the user gave (recipe, file, flag): printed without a stack, exit code 2. */
export class UserError extends Error {
  readonly where: string | undefined
  readonly hint: string | undefined
  readonly code: ExitCode = EXIT.badInput

  constructor(detail: UserErrorDetail) {
    super(detail.message)
    this.name = 'UserError'
    this.where = detail.where
    this.hint = detail.hint
  }
}

/** The simulation itself went wrong (non-finite forces, a constraint that cannot hold): exit code 1. */
export class SimulationError extends Error {
  readonly where: string | undefined
  readonly hint: string | undefined
  readonly code: ExitCode = EXIT.failed

  constructor(detail: UserErrorDetail) {
    super(detail.message)
    this.name = 'SimulationError'
    this.where = detail.where
    this.hint = detail.hint
  }
}
