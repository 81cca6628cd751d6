import ndarray, { type NdArray } from 'ndarray'
import {
  type Carrier,
  coatingResistance,
  collectiveConductivity,
  havenRatio,
  nernstEinstein,
  totalDipole,
} from '../analysis/conductivity.ts'
import { fitSlope } from '../analysis/diffusion.ts'
import { type Estimate, positiveInterval } from '../analysis/estimate.ts'
import { type MeanSquaredDisplacement, meanSquaredDisplacement, type Trajectory } from '../analysis/msd.ts'
import { exponent, type Verdict } from '../analysis/regime.ts'
import { mean } from '../analysis/stats.ts'
import { formatNumber } from '../format.ts'
import type { Quantity } from '../report/model.ts'
import { ionLabel } from '../run/groups.ts'
import { productionColumn } from '../run/loadRun.ts'
import { none, rowsOf } from './quantity.ts'
import type { ChargedMotion } from './survey.ts'
import type { AnalysedSystem } from './transport.ts'

const ROWS = rowsOf('Conductivity: from mean slopes over the fit window and formal charges')
/** Thickness of a coating, nm: the middle of what Shi et al. made, and its ends. */
const COATING_nm = { middle: 2, thin: 1, thick: 3 }
/** Group of the resistance; its title names a measured value of another coating. */
const COATING = rowsOf(
  `Resistance of a coating of ${COATING_nm.middle} nm: thickness / conductivity; not ours: 3–9 Ω cm² for 1–3 nm of sPPSLi/PVP at 3.4 × 10⁻⁸ S/cm (Shi et al., J. Mater. Chem. A 2025, 13, 2600)`,
)

/** Conductivity with ions taken as independent and as they move together, Haven ratio and resistance of a coating. */
export function conductionOf(system: AnalysedSystem): Quantity[] {
  const { surveys } = system
  const label = ionLabel(system.species)
  const charged = surveys.map(survey => survey.charged)
  if (!charged.every(motion => motion !== null)) {
    return [ROWS('ions independent', 'S/cm', none(`${label} is no ion by itself`))]
  }
  const carriers = carriersOf(system, charged)
  const [followed] = carriers
  const conditions = {
    volume_A3: mean(surveys.map(({ volume_A3 }) => volume_A3)),
    temperature_K: mean(system.runs.map(run => mean(productionColumn(run, 'temperature_K')))),
  }
  const sigma = nernstEinstein([allIons(system, charged)], conditions)
  const own = nernstEinstein([followed], conditions)
  const verdicts = carriers.map(({ verdict }) => verdict)
  // The MSD of ions that rattle is concave: its slope comes down to that of diffusion.
  const isSlowing = verdicts.every(verdict => verdict === 'sub-diffusive' || verdict === 'arrested')
  const apparent = verdicts.every(verdict => verdict === 'diffusive') ? null : 'apparent'
  const alone = carriers.length === 1 ? `${label} alone` : null
  const note = joined(isSlowing ? 'apparent, above that of diffusion' : apparent, alone)
  const noteOfResistance = joined(isSlowing ? 'apparent, below that of diffusion' : apparent, alone)
  const together = collectiveOf(system, charged)
  const collective =
    typeof together === 'string' ? together : collectiveConductivity(slopeOf(system, together), conditions)
  return [
    ROWS('ions independent (Nernst–Einstein)', 'S/cm', { ...measured(sigma), note }),
    ...(carriers.length > 1 ? [ROWS(`of this, ${label}`, 'S/cm', { ...measured(own), note })] : []),
    ROWS(
      'ions together (collective)',
      'S/cm',
      typeof collective === 'string' ? none(collective) : { ...measured(collective), note: apparent },
    ),
    ROWS('Haven ratio', '', haven(sigma, collective, apparent)),
    COATING('ions independent', 'Ω cm²', resistance(sigma, noteOfResistance)),
  ]
}

const joined = (...notes: readonly (string | null)[]) =>
  notes.filter(note => note !== null).join('; ') || null

const measured = (sigma: Estimate) => ({ value: sigma.value, ci95: positiveInterval(sigma) })

type FittedCarrier = Carrier & { readonly verdict: Verdict }

/**
 * All ions as one kind, of unit charge, that moves |z| times as far: Σ N z² MSD in one fit, whose error knows that cations
 * and anions are fast in the same boxes.
 */
function allIons(system: AnalysedSystem, charged: readonly ChargedMotion[]): Carrier {
  const msds = charged.map(({ all, charges_e }, k) => displacement(system, k, scaled(all, charges_e)))
  return { charge_e: 1, ions: msds[0]!.ions, slope_A2_per_ps: slopeOf(system, msds) }
}

function scaled(positions: NdArray<Float32Array>, charges_e: readonly number[]): Trajectory {
  if (charges_e.every(charge => Math.abs(charge) === 1)) return positions
  const [frames, ions] = positions.shape as [number, number, number]
  const result = ndarray(new Float32Array(frames * ions * 3), [frames, ions, 3])
  for (let frame = 0; frame < frames; frame++) {
    for (let ion = 0; ion < ions; ion++) {
      for (let axis = 0; axis < 3; axis++)
        result.set(frame, ion, axis, Math.abs(charges_e[ion]!) * positions.get(frame, ion, axis))
    }
  }
  return result
}

/** The followed species first, then the others by their charge: of equal charges the mean is what counts. */
function carriersOf(
  system: AnalysedSystem,
  charged: readonly ChargedMotion[],
): [FittedCarrier, ...FittedCarrier[]] {
  const { msds } = system
  const carrier = (charge_e: number, list: readonly MeanSquaredDisplacement[]): FittedCarrier => ({
    charge_e,
    ions: list[0]!.ions,
    slope_A2_per_ps: slopeOf(system, list),
    verdict: exponent(list, windowOf(system)).verdict,
  })
  const [{ charges_e }] = charged as readonly [ChargedMotion]
  const others = charges_e.slice(msds[0]!.ions)
  const kinds = [...new Set(others)].map(charge_e => {
    const [from, to] = [others.indexOf(charge_e), others.lastIndexOf(charge_e) + 1]
    return carrier(
      charge_e,
      charged.map(({ counterions }, k) => displacement(system, k, part(counterions, from, to))),
    )
  })
  return [carrier(charges_e[0]!, msds), ...kinds]
}

/** MSDs of the boxes' total dipoles, or why there are none. */
function collectiveOf(
  system: AnalysedSystem,
  charged: readonly ChargedMotion[],
): MeanSquaredDisplacement[] | string {
  const net = charged[0]!.charges_e.reduce((sum, charge) => sum + charge, 0)
  if (net !== 0) return `not defined: the ions carry ${net} e together`
  return charged.map(({ all, charges_e }, k) => displacement(system, k, totalDipole(all, charges_e)))
}

const windowOf = ({ transport }: AnalysedSystem) => ({
  fitFrom_ps: transport.fit_from_ps,
  fitTo_ps: transport.fit_to_ps,
})

const slopeOf = (system: AnalysedSystem, msds: readonly MeanSquaredDisplacement[]): Estimate =>
  fitSlope(msds, { ...windowOf(system), weighting: system.transport.weighting }).slope_A2_per_ps

const displacement = ({ msds, transport }: AnalysedSystem, k: number, positions: Trajectory) =>
  meanSquaredDisplacement(positions, {
    frameInterval_ps: msds[k]!.frameInterval_ps,
    maximumLag_ps: transport.fit_to_ps,
  })

function part(positions: Trajectory, from: number, to: number): Trajectory {
  const { data, shape, stride, offset } = positions
  return ndarray(data, [shape[0]!, to - from, 3], stride, offset + from * stride[1]!)
}

function haven(independent: Estimate, collective: Estimate | string, note: string | null) {
  if (typeof collective === 'string') return none('not defined')
  if (!(independent.value > 0 && collective.value > 0)) return none('a slope is not positive')
  const { value, ci95 } = havenRatio(independent, collective)
  return { value, ci95, note }
}

function resistance(sigma: Estimate, note: string | null) {
  if (!(sigma.value > 0)) return none('the slope is not positive')
  const text = (thickness_nm: number) => formatNumber(coatingResistance(thickness_nm, sigma).value, 2)
  const range = `${text(COATING_nm.thin)}–${text(COATING_nm.thick)} for ${COATING_nm.thin}–${COATING_nm.thick} nm`
  return { ...coatingResistance(COATING_nm.middle, sigma), note: joined(range, note) }
}
