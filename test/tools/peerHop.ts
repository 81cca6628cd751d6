import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { minimumImage } from '../../src/core/box.ts'
import type { Structure } from '../../src/core/structure.ts'
import { parseLammpsData } from '../../src/files/lammpsData.ts'
import { writeStructureFile } from '../../src/files/structureFile.ts'

/** Puts the Li hop of test/bench/neb into a folder, as LAMMPS's inputs and as hoplite's: li-hop.yaml and both ends. */
export function writePeerHop(folder: string): void {
  cpSync(join(import.meta.dirname, '../bench/neb'), folder, { recursive: true })
  writeEnds(folder)
}

/** The end points as hoplite reads them: Co frozen. */
function writeEnds(folder: string): void {
  const file = join(folder, 'licoo2_vac_ini.data')
  const { structure } = parseLammpsData(readFileSync(file, 'utf8'), file)
  const initial: Structure = {
    ...structure,
    frozen: Uint8Array.from(structure.elements, element => (element === 'Co' ? 1 : 0)),
  }
  const positions = initial.positions.slice()
  const [, ...rows] = readFileSync(join(folder, 'licoo2_vac_fin.coords'), 'utf8').trim().split('\n')
  for (const row of rows) {
    const [id, ...to] = row.split(/\s+/).map(Number) as [number, number, number, number]
    const at = 3 * (id - 1)
    const step = Float64Array.from(to, (x, c) => x - positions[at + c]!)
    minimumImage(initial.box, step)
    step.forEach((d, c) => {
      positions[at + c]! += d
    })
  }
  writeStructureFile(join(folder, 'initial.vasp'), initial)
  writeStructureFile(join(folder, 'final.vasp'), { ...initial, positions })
}
