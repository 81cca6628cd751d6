/**
 * Analysis of trajectories given as arrays: mean-squared displacement, slopes, structure, conductivity. Runs in web pages.
 *
 * @module
 */

export { backbones, createDihedralRecord, endToEnd, rotatingDihedrals } from '../analysis/chains.ts'
export { type IonClusters, ionClusters } from '../analysis/clusters.ts'
export { type Collector, createCollector } from '../analysis/collect.ts'
export { type Comparison, compareSystems, slopeRatio } from '../analysis/comparison.ts'
export {
  coatingResistance,
  collectiveConductivity,
  havenRatio,
  nernstEinstein,
  totalDipole,
} from '../analysis/conductivity.ts'
export { createContactRecord } from '../analysis/contacts.ts'
export { fitSlope } from '../analysis/diffusion.ts'
export type { Estimate, Measured } from '../analysis/estimate.ts'
export { finiteSizeShift, viscosityForShift } from '../analysis/finiteSize.ts'
export { fractionalFreeVolume, vanDerWaalsRadii } from '../analysis/freeVolume.ts'
export { detectHops, vanHoveSelf } from '../analysis/hops.ts'
export { meanSquaredDisplacement, removeDrift } from '../analysis/msd.ts'
export { coordinationNumber, firstMinimum, radialDistribution } from '../analysis/structure.ts'
export { exponent, systemTransport, verdict } from '../analysis/transport.ts'
