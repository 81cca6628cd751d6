/**
 * Everything that the other entry points give, for programs in Node.
 *
 * @module
 */

export * from './analysis.ts'
export * from './construct.ts'
export * from './core.ts'
export * from './dynamics.ts'
export * from './files.ts'
export * from './neb.ts'
export * from './platform.ts'
export * from './potentials.ts'
export * from './report.ts'
export * from './runs.ts'
