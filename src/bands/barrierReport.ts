import { minimumImage } from '../core/box.ts'
import type { BandGroup, BarrierCase, BarrierReport, NeighborDistance } from '../report/barrierModel.ts'
import type { CalibrationRow, Check } from '../report/model.ts'
import { provenance } from '../run/machine.ts'
import { bandCalibrationRows, type LoadedBand } from './loadBand.ts'

/** Texts of a report about a band that are not in its directory. */
export type CaseContext = Pick<
  BarrierCase,
  'name' | 'label' | 'color' | 'role' | 'status' | 'basis' | 'range' | 'against'
>

export interface BarrierContext extends Omit<BarrierReport, 'cases' | 'provenance'> {
  /** Command lines without the program, the first one first. */
  readonly commands: readonly (readonly string[])[]
}

export interface ReportedBand {
  readonly band: LoadedBand
  readonly context: CaseContext
}

/** Everything that the page shows of some bands. */
export function barrierReport(
  bands: readonly [ReportedBand, ...ReportedBand[]],
  { commands, ...context }: BarrierContext,
): BarrierReport {
  const [first, ...rest] = bands.map(barrierCase)
  const loaded = bands.map(({ band }) => band)
  const told = new Set(context.calibration.map(({ quantity }) => quantity))
  const isNew = ({ quantity }: CalibrationRow) => !told.has(quantity)
  return {
    ...context,
    cases: [first!, ...rest],
    checks: [...context.checks, ...bandChecks(bands)],
    calibration: [...context.calibration, ...bandCalibrationRows(loaded).filter(isNew)],
    provenance: provenance(
      commands,
      bands.map(({ band, context: { name } }) => ({
        system: name,
        run: band,
        own: {
          precision: band.manifest.precision === 'f64' ? 'f64' : 'f32 forces',
          forceCalls: band.results.force_calls + band.results.preparation_force_calls,
        },
      })),
    ),
  }
}

/** The page of a single band. */
export function singleBandReport(band: LoadedBand): BarrierReport {
  const ion = movingAtom(band)
  const ionLabel = band.band.structure.elements[ion]!
  const tethered = (band.recipe.tethers?.stiffness_eV_per_A2 ?? 0) > 0
  return barrierReport(
    [
      {
        band,
        context: {
          name: band.name,
          label: 'along this path',
          color: null,
          role: 'main',
          status: tethered ? 'chosen' : 'predicted',
          basis: tethered
            ? 'rests on the tethers that the recipe sets, whatever they were fitted to'
            : 'given the parameters below',
          range: null,
          against: null,
        },
      },
    ],
    {
      title: `Migration of ${ionLabel}: ${band.name}`,
      question: `How high is the barrier of ${ionLabel} on this path?`,
      ionLabel,
      differences: [],
      published: [],
      commands: [band.manifest.command],
      calibration: [],
      checks: [],
    },
  )
}

function barrierCase({ band: loaded, context }: ReportedBand): BarrierCase {
  const { band, barrier, results, recipe } = loaded
  const { structure, images, energies_eV, path_A } = band
  const base = energies_eV[0]!
  const ion = movingAtom(loaded)
  const adsorbate = new Set(results.adsorbate)
  const { vibrations } = results
  // A dozen variations would look alike: their numbers are enough.
  const isShown = context.role === 'main' || context.role === 'counter-example'
  return {
    ...context,
    barrier_eV: barrier.barrier_eV,
    reverse_barrier_eV: barrier.reverse_barrier_eV,
    reaction_energy_eV: barrier.reaction_energy_eV,
    path: {
      path_A,
      energies_eV: energies_eV.map(energy => energy - base),
      curve: {
        path_A: barrier.curve.path_A,
        energies_eV: barrier.curve.energies_eV.map(energy => energy - base),
      },
      saddle: { path_A: barrier.saddle.path_A, energy_eV: barrier.saddle.energy_eV - base },
    },
    converged: results.converged,
    fmax_eV_per_A: results.fmax_eV_per_A,
    fmaxWanted_eV_per_A: recipe.band.fmax_eV_per_A,
    forceCalls: results.force_calls,
    climbing: recipe.band.climb,
    neighbors: isShown ? neighborDistances(loaded, ion) : [],
    rate: vibrations && {
      atoms: vibrations.atoms,
      prefactor_Hz: vibrations.prefactor_THz * 1e12,
      hop_rate_Hz: vibrations.rate_Hz,
      temperature_K: vibrations.temperature_K,
    },
    molecule: isShown
      ? {
          structure,
          images_A: images,
          groups: structure.elements.map((_, i): BandGroup => {
            if (i === ion) return 'moving'
            if (adsorbate.has(i)) return 'adsorbate'
            return structure.frozen?.[i] ? 'frozen' : 'host'
          }),
          hostLabel: 'oxide',
        }
      : null,
  }
}

/** The ion that the recipe names, or the atom that moves furthest. */
function movingAtom({ results, band }: LoadedBand): number {
  if (results.ion !== null) return results.ion
  const [first, last] = [band.images[0]!, band.images.at(-1)!]
  const moved = band.structure.elements.map((_, i) =>
    Math.hypot(...[0, 1, 2].map(c => last[3 * i + c]! - first[3 * i + c]!)),
  )
  return moved.indexOf(Math.max(...moved))
}

/** Atoms that come this near to the ion at its ends or at the saddle are its neighbours, Å. */
const NEIGHBOR_A = 2.4

function neighborDistances({ band }: LoadedBand, ion: number): NeighborDistance[] {
  const { structure, images, energies_eV } = band
  const saddle = energies_eV.indexOf(Math.max(...energies_eV))
  const watched = [0, saddle, images.length - 1]
  const distanceIn = (image: Float64Array, atom: number) => {
    const d = Float64Array.from([0, 1, 2], c => image[3 * atom + c]! - image[3 * ion + c]!)
    minimumImage(structure.box, d)
    return Math.hypot(...d)
  }
  const anions = new Set(['O', 'N', 'F', 'S', 'Cl'])
  return structure.elements.flatMap((element, atom) => {
    if (atom === ion || !anions.has(element)) return []
    if (!watched.some(k => distanceIn(images[k]!, atom) < NEIGHBOR_A)) return []
    return [
      {
        neighbor: `${element} ${atom + 1}`,
        atom,
        distance_A: images.map(image => distanceIn(image, atom)),
      },
    ]
  })
}

/** The curve may rise this far above the climbing image before the path counts as badly resolved, eV. */
const CURVE_ABOVE_EV = 0.01

function bandChecks(bands: readonly ReportedBand[]): Check[] {
  const named = bands.map(({ band, context }) => ({ ...band, name: context.name }))
  const open = named.filter(({ results }) => !results.converged)
  const warned = named.filter(({ results }) => results.converged && results.warnings.length > 0)
  const overshoot = named.filter(
    ({ barrier, band }) => barrier.saddle.energy_eV - Math.max(...band.energies_eV) > CURVE_ABOVE_EV,
  )
  const charged = named.filter(({ results }) =>
    results.notes.some(note => note.includes('uniform background')),
  )
  const list = (some: readonly { name: string }[]) => some.map(({ name }) => name).join(', ')
  return [
    {
      name: 'bands and ends converged',
      passed: open.length === 0,
      detail:
        open.length === 0
          ? `all ${named.length}, judged by the largest force on any atom of any image and of the climbing one`
          : `not converged: ${list(open)}`,
    },
    {
      name: 'paths without surprises',
      passed: warned.length === 0,
      detail:
        warned.length === 0
          ? 'no intermediate minimum, no image below both ends, saddle not next to an end'
          : warned.map(({ name, results }) => `${name}: ${results.warnings.join('; ')}`).join('. '),
    },
    {
      name: 'curve no higher than the climbing image',
      passed: overshoot.length === 0,
      detail:
        overshoot.length === 0
          ? `within ${CURVE_ABOVE_EV} eV in all bands`
          : `the saddle is not resolved in ${list(overshoot)}`,
    },
    {
      name: 'cells neutral',
      passed: charged.length === 0,
      detail: charged.length === 0 ? 'no uniform background anywhere' : `charged: ${list(charged)}`,
    },
  ]
}
