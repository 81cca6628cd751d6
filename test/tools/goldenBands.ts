import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import { sha256File } from '../../src/files/files.ts'
import { hopliteOf, KILLER } from './goldenRuns.ts'

/*
 * Directories of bands and of a barrier study that were left half done, with the end results, by any checkout of hoplite:
 *
 *   node scripts/run.mjs test/tools/goldenBands.ts CHECKOUT OUT
 *
 * test/golden/bands was written by the checkout 6f527d7. Every file is compressed, and names of folders are replaced.
 */

export const GOLDEN_BANDS = join(import.meta.dirname, '../golden/bands')
const ROOT = resolve(import.meta.dirname, '../..')
/** Hash of the band that the study comes to; the band itself is large. */
export const BAND_SHA256 = 'ni-pan-band.sha256'
/** In kept files: the folder of the directories, and that of the checkout. */
const [HERE, CHECKOUT] = ['@HERE@', '@CHECKOUT@']

/** Lithium in bulk LiNiO2 into a vacancy: 71 atoms. */
const BAND = `name: hop
system:
  potential: ${CHECKOUT}/potentials/pmmcs-lno.yaml
  build:
    crystal: { prototype: layered, a_A: 2.878, c_A: 14.232, z_oxygen: 0.23670, metals: { Ni: 1 } }
    types: { Li: Li, Ni: Ni3, O: O }
    repeat: [3, 2, 1]
hop: { ion: { element: Li, near: [0.33, 0, 0] }, to: { element: Li, near: [0.66, 0, 0] } }
charges: { neutralize: [Ni3] }
interactions: { cutoff_A: 6, coulomb: ewald, coulomb_accuracy: 1.0e-5 }
band: { images: 5 }
`

/** Files of a band that has ended, and of one that has not. */
const ENDED = ['manifest.json', 'structure.extxyz', 'band.extxyz', 'results.json']
const OPEN = ['manifest.json', 'structure.extxyz', 'band-checkpoint.json', 'ends-checkpoint.json']

/** Brings the kept directories back to where they can be resumed. */
export function bringBack(folder: string): void {
  for (const file of readdirSync(GOLDEN_BANDS, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.gz')) continue
    const text = gunzipSync(readFileSync(join(GOLDEN_BANDS, file))).toString()
    const path = join(folder, file.slice(0, -'.gz'.length))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text.replaceAll(HERE, folder).replaceAll(CHECKOUT, ROOT))
  }
}

function keep(from: string, to: string, files: readonly string[], replaced: [string, string][]): void {
  for (const file of readdirSync(from).filter(name => files.includes(name))) {
    mkdirSync(to, { recursive: true })
    const text = readFileSync(join(from, file), 'utf8')
    writeFileSync(
      join(to, `${file}.gz`),
      gzipSync(
        replaced.reduce((all, [path, word]) => all.replaceAll(path, word), text),
        { level: 9 },
      ),
    )
  }
}

function makeAll(checkout: string, out: string): void {
  const work = join(out, 'work')
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work, { recursive: true })
  const killer = join(work, 'killer.mjs')
  writeFileSync(killer, KILLER)
  const replaced: [string, string][] = [
    [work, HERE],
    [checkout, CHECKOUT],
  ]
  const recipe = join(work, 'hop.yaml')
  writeFileSync(recipe, BAND.replaceAll(CHECKOUT, checkout))
  keep(work, out, ['hop.yaml'], replaced)
  const run = (args: string[], checkpoints?: number) =>
    hopliteOf(
      checkout,
      [...args, '--quiet'],
      checkpoints === undefined ? [] : ['--import', killer],
      checkpoints === undefined ? {} : { CHECKPOINTS: `${checkpoints}`, FILE: 'band-checkpoint.json' },
    )
  const band = (name: string, checkpoints?: number, ...flags: string[]) => {
    const directory = join(work, name)
    run(['neb', recipe, '--threads', '1', ...flags, '--out', directory], checkpoints)
    keep(directory, join(out, name), checkpoints === undefined && flags.length === 0 ? ENDED : OPEN, replaced)
  }
  band('whole')
  band('killed', 4)
  band('stopped', undefined, '--max-time', '0.001s')

  const study = join(work, 'study')
  run(['study', 'ni-barrier', '--out', study])
  keep(study, join(out, 'study'), ['study.json', 'ni-bare.yaml', 'ni-pan.yaml'], replaced)
  keep(join(study, 'ni-bare'), join(out, 'study/ni-bare'), ENDED, replaced)
  const half = join(work, 'half/ni-pan')
  run(['neb', join(study, 'ni-pan.yaml'), '--threads', '1', '--out', half], 1)
  keep(half, join(out, 'study/ni-pan'), OPEN, replaced)
  keep(study, join(out, 'study-whole'), ['results.json'], replaced)
  writeFileSync(join(out, 'study-whole', BAND_SHA256), sha256File(join(study, 'ni-pan/band.extxyz')))
  rmSync(work, { recursive: true })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [checkout, out] = process.argv.slice(2).map(path => resolve(path)) as [string, string]
  makeAll(checkout, out)
}
