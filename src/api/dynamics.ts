/**
 * Molecular dynamics: stages of a protocol, and minimisation. Runs in web pages.
 *
 * @module
 */

export { type ProtocolEvent, type ProtocolOptions, type Snapshot, stageStart } from '../dynamics/contract.ts'
export type { Stage } from '../dynamics/protocol.ts'
export { runProtocol } from '../dynamics/simulate.ts'
export { minimize } from '../relax/minimize.ts'
