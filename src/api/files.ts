/**
 * Structure, trajectory and band files.
 *
 * @module
 */

export { type BandFile, readBandFile } from '../files/bandFiles.ts'
export { readStructureFile, writeStructureFile } from '../files/structureFile.ts'
export { boxOfCell, loadTrajectory, readFrames } from '../files/trajectory.ts'
