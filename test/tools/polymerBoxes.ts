import { join, resolve } from 'node:path'
import { prepareSinglePoint } from '../../src/run/singlePoint.ts'

const ROOT = resolve(import.meta.dirname, '../..')

/** A box of 890 atoms, PVDF and LiFSI: cut-off 9 Å, particle-mesh Ewald at 1e-4, charges scaled by 0.7. */
const polymerBox = (file: string) =>
  prepareSinglePoint({
    file: join(ROOT, file),
    potential: join(ROOT, 'potentials/pvdf-lifsi.yaml'),
    interactions: { cutoff_A: 9, coulomb: 'pme', coulomb_accuracy: 1e-4 },
    charges: { scale: 0.7 },
    constants: 'codata2018',
  })

/** In the middle of a run at 700 K. */
export const hotPvdf = () => polymerBox('test/golden/boxes/pvdf-hot.extxyz')
/** As shipped. */
export const shippedPvdf = () => polymerBox('structures/pvdf-700K-1.extxyz')
