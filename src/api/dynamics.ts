/**
 * Molecular dynamics: stages of a protocol, and minimisation. Runs in web pages.
 *
 * @module
 */

export {
  type DynamicsStage,
  type ProtocolEvent,
  type ProtocolOptions,
  type Snapshot,
  type Stage,
  stageStart,
} from '../dynamics/protocol.ts'
export { runProtocol } from '../dynamics/simulate.ts'
export { minimize } from '../relax/minimize.ts'
