/** Signatures of the non-bonded kernels: every argument is a number, addresses in bytes. What they mean stands in `assembly/`. */
type Numbers = (...args: number[]) => number

type PairKernels = {
  readonly [K in `${'lj' | 'ljCoulomb' | 'general'}${'' | 'Masked'}${'Force' | 'Energy'}`]: Numbers
}
type SpecialKernels = { readonly [K in `${'excluded' | 'scaled'}Pairs${'Force' | 'Energy'}`]: Numbers }

export interface NonbondedExports extends PairKernels, SpecialKernels {
  readonly wrapAtoms: Numbers
  readonly sortAtoms: Numbers
  readonly boundClusters: Numbers
  readonly placeFrames: Numbers
  readonly fillClusters: Numbers
  readonly linkSpecialPairs: Numbers
  readonly buildList: Numbers
  readonly pruneList: Numbers
  readonly gatherPositions: Numbers
  readonly keepPositions: Numbers
  readonly clearPart: Numbers
  readonly addForces: Numbers
  readonly gatherFractions: Numbers
  readonly fullRows: Numbers
}
