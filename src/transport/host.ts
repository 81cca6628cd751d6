import ndarray from 'ndarray'
import { endToEnd } from '../analysis/chains.ts'
import { fractionalFreeVolume, vanDerWaalsRadii } from '../analysis/freeVolume.ts'
import { mean } from '../analysis/stats.ts'
import type { Frames } from '../analysis/structure.ts'
import { UserError } from '../errors.ts'
import type { Quantity } from '../report/model.ts'
import type { LoadedRun } from '../run/loadRun.ts'
import { none, overBoxes, rowsOf, sharesOverBoxes } from './quantity.ts'
import type { AnalysedSystem } from './transport.ts'

const CHAINS = rowsOf('Chains')
const FREE_VOLUME = rowsOf(
  'Free volume: outside van der Waals spheres (Bondi 1964; Li⁺ 0.76 Å, Shannon 1976)',
)
/** Radii of the probes, Å: 0 gives the geometric free volume; about 1 Å is needed by a small ion with its nearest charge. */
const PROBES_A = [0, 1] as const
/** Free volume changes little from frame to frame, and takes the most time. */
const FREE_VOLUME_FRAMES = 30
/** Six-fold Li⁺, Å: Shannon 1976, https://doi.org/10.1107/S0567739476001551; Bondi's 1.82 Å is of the neutral atom. */
const IONIC_RADII_A: Readonly<Record<string, number>> = { Li: 0.76, Na: 1.02 }

/** Motion of the chains and free volume of the host that the ions move through. */
export function hostOf(system: AnalysedSystem): Quantity[] {
  return [...chainRows(system), ...freeVolumeRows(system)]
}

function chainRows({ surveys, msds }: AnalysedSystem): Quantity[] {
  const chains = surveys.map(survey => survey.chains)
  if (!chains.every(motion => motion !== null)) return []
  const relaxations = chains.map(({ ends, count }, k) => {
    const pairs = Array.from({ length: count }, (_, chain) => [2 * chain, 2 * chain + 1])
    return endToEnd(ends, pairs, msds[k]!.frameInterval_ps).relaxation
  })
  const turned = chains.map(({ dihedrals }, k) => dihedrals.transitions(msds[k]!.frameInterval_ps))
  const times = relaxations.map(({ time_ps }) => time_ps)
  const isBound = relaxations.some(({ atLeast }) => atLeast)
  const angles = turned.every(found => found !== null)
    ? [
        CHAINS(
          'changes of a dihedral between sp³ atoms',
          '/ns',
          overBoxes(turned.map(found => found.rate_per_ns)),
        ),
        CHAINS('of these dihedrals, trans', '%', sharesOverBoxes(turned.map(found => found.trans))),
      ]
    : []
  return [
    CHAINS(
      'relaxation of the end-to-end vector',
      'ps',
      isBound ? { value: mean(times), bound: 'at least' } : overBoxes(times),
    ),
    ...angles,
  ]
}

function freeVolumeRows({ runs, surveys }: AnalysedSystem): Quantity[] {
  return PROBES_A.map(probe_A => {
    const name = probe_A === 0 ? 'geometric' : `for a probe of radius ${probe_A} Å`
    const found = runs.map((run, k) => freeVolume(run, surveys[k]!.frames, probe_A))
    const unknown = found.find(value => typeof value === 'string')
    const fractions = found.filter(value => typeof value === 'number')
    return FREE_VOLUME(name, '%', unknown === undefined ? sharesOverBoxes(fractions) : none(unknown))
  })
}

/** Mean over the frames, or the reason why there is none. */
function freeVolume(run: LoadedRun, frames: Frames, probe_A: number): number | string {
  try {
    const radii = vanDerWaalsRadii(run.structure.elements).map(
      (radius, atom) => ionRadius(run, atom) ?? radius,
    )
    return fractionalFreeVolume(thinned(frames), radii, { probe_A }).fraction
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
}

/** Radius of an atom that is an ion by itself. */
function ionRadius({ structure: { elements, types }, potential }: LoadedRun, atom: number) {
  const isIon = potential.types[types?.[atom] ?? '']?.ion ?? false
  return isIon ? IONIC_RADII_A[elements[atom]!] : undefined
}

function thinned({ positions, box }: Frames): Frames {
  const [count, atoms] = positions.shape as [number, number, number]
  const every = Math.ceil(count / FREE_VOLUME_FRAMES)
  const [perFrame, perAtom, perAxis] = positions.stride as [number, number, number]
  const kept = Math.ceil(count / every)
  return {
    positions: ndarray(
      positions.data,
      [kept, atoms, 3],
      [every * perFrame, perAtom, perAxis],
      positions.offset,
    ),
    box: 'matrix' in box ? box : box.filter((_, k) => k % every === 0),
  }
}
