/**
 * Analysis of trajectories given as arrays: mean-squared displacement, slopes, structure, conductivity. Runs in web pages.
 *
 * @module
 */

export { backbones, createDihedralRecord, endToEnd, rotatingDihedrals } from '../analysis/chains.ts'
export { type Comparison, compareSystems, slopeRatio } from '../analysis/comparison.ts'
export {
  coatingResistance,
  collectiveConductivity,
  havenRatio,
  nernstEinstein,
  totalDipole,
} from '../analysis/conductivity.ts'
export { createContactRecord, type IonClusters, ionClusters } from '../analysis/contacts.ts'
export { finiteSizeShift, fitSlope, viscosityForShift } from '../analysis/diffusion.ts'
export type { Estimate, Measured } from '../analysis/estimate.ts'
export { fractionalFreeVolume, vanDerWaalsRadii } from '../analysis/freeVolume.ts'
export { detectHops, vanHoveSelf } from '../analysis/hops.ts'
export {
  type Collector,
  createCollector,
  type MeanSquaredDisplacement,
  meanSquaredDisplacement,
  removeDrift,
  type Trajectory,
} from '../analysis/msd.ts'
export { type Exponents, exponent, type Verdict, verdict } from '../analysis/regime.ts'
export { coordinationNumber, firstMinimum, radialDistribution } from '../analysis/structure.ts'
export { systemTransport } from '../analysis/transport.ts'
