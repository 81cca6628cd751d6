/**
 * A made-up study with twelve boxes of each system and seven other conditions, one of them with the published ratio
 * inside its interval. `node scripts/run.mjs test/report/studyFixture.ts FILE` writes its page.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type {
  Activation,
  Condition,
  StudyOverview,
  SystemReport,
  TransportReport,
} from '../../src/report/model.ts'
import { renderTransportReport } from '../../src/report/page.ts'
import { comparedSystem, comparisonReport, pairRatios } from './fixture.ts'

const QUANTILES = [-1.65, -1.1, -0.75, -0.45, -0.2, 0, 0.1, 0.3, 0.55, 0.85, 1.2, 1.8]
const SD = 0.85

function manyBoxes(system: SystemReport, typical: number): SystemReport {
  const slopes = QUANTILES.map(z => typical * Math.exp(SD * z))
  return {
    ...system,
    temperature_K: 298,
    chargeScale: 1,
    slope_A2_per_ps: { value: 1.4 * typical, ci95: [0.7 * typical, 2.6 * typical] },
    replicas: slopes.map((slope_A2_per_ps, k) => ({
      ...system.replicas[k % 2]!,
      seed: 100 + k,
      slope_A2_per_ps,
    })),
    boxes: {
      boxes: slopes.length,
      median: { value: slopes[5]!, ci95: [slopes[2]!, slopes[9]!] },
      range: [slopes[0]!, slopes[11]!],
      geometricMean: { value: typical, ci95: [0.58 * typical, 1.72 * typical] },
      sdLog: { value: SD, ci95: [0.6, 1.44] },
    },
  }
}

function condition(
  name: string,
  low: number,
  value: number,
  high: number,
  more: Partial<Condition> = {},
): Condition {
  const side = (system: string, slope: number) => ({
    name: system,
    boxes: 4,
    slope_A2_per_ps: { value: slope, ci95: [0.6 * slope, 1.5 * slope] as const },
    alpha: { value: 0.62, ci95: [0.5, 0.74] as const },
    verdict: 'sub-diffusive' as const,
  })
  return {
    name,
    page: `${name}/report.html`,
    temperature_K: 500,
    chargeScale: 0.7,
    degree: null,
    placement: null,
    ...comparisonReport().comparison!,
    numerator: side('dHF-PVDF', 0.38 * value),
    denominator: side('PVDF', 0.38),
    color: '#D55E00',
    borrowedFrom: null,
    ratio: { value, ci95: [low, high] },
    of: 'geometric means',
    factor: 6,
    probabilities: { atLeast: 0.004, atMostInverse: 0.0001 },
    ofPublished: true,
    publishedInside: low <= 6.2 && high >= 6.2,
    oneInside: low <= 1 && high >= 1,
    ...more,
  }
}

function activation(system: string, color: string, energy: number): Activation {
  const at = (temperature_K: number) => 0.4 * Math.exp((-energy / 8.617e-5) * (1 / temperature_K - 1 / 500))
  const line = (temperature_K: readonly number[]) => ({
    temperature_K,
    value: temperature_K.map(at),
    low: temperature_K.map(T => 0.75 * at(T)),
    high: temperature_K.map(T => 1.33 * at(T)),
  })
  return {
    system,
    color,
    conditions: 'charge scale 0.7',
    points: [300, 400, 500, 700].map((temperature_K, k) => ({
      temperature_K,
      value: at(temperature_K) * (1 + 0.1 * (k % 2)),
      ci95: [0.6 * at(temperature_K), 1.6 * at(temperature_K)],
      case: `${temperature_K}K`,
      boxes: 4,
      verdict: 'sub-diffusive',
    })),
    of: 'geometric means',
    energy_eV: { value: energy, ci95: [energy - 0.04, energy + 0.04] },
    pStraight: 0.31,
    measured_K: [300, 700],
    line: line([300, 350, 400, 500, 600, 700]),
    outside: {
      line: line([300, 299, 298]),
      asked_K: 298,
      value: { value: at(298), ci95: [0.7 * at(298), 1.4 * at(298)] },
    },
    leftOut_K: [],
  }
}

export const overview: StudyOverview = {
  name: '298K',
  page: null,
  conditions: [
    condition('298K', 0.78, 1.52, 3.01, { temperature_K: 298, chargeScale: 1 }),
    condition('500K', 0.81, 1.16, 1.61),
    condition('temperature-300K', 0.3, 1.06, 7.97, { temperature_K: 300 }),
    condition('charges-q1', 0.1, 0.4, 0.95, { chargeScale: 1 }),
    condition('degree-d0.83', 1.9, 3.4, 6.9, {
      degree: 0.83,
      placement: 'random',
      borrowedFrom: '500K',
    }),
  ],
  absent: [
    { name: 'no-anion', reason: 'not run' },
    { name: 'conjugation', reason: 'not run' },
    { name: 'charges-q0.8', reason: '3 of 8 runs have finished, none of a second system' },
  ],
  activations: [activation('PVDF', '#0072B2', 0.31), activation('dHF-PVDF', '#D55E00', 0.28)],
}

/** A study's page. */
export function studyReport(): TransportReport {
  const report = comparisonReport()
  const [pvdf, dhf] = report.systems
  const systems = [manyBoxes(pvdf, 1.4e-3), manyBoxes(dhf!, 2.1e-3)] as const
  const [below, above] = systems.map(({ replicas }) => replicas.map(box => box.slope_A2_per_ps)) as [
    number[],
    number[],
  ]
  const ratio = { value: 1.52, ci95: [0.78, 3.01] as const }
  return {
    ...report,
    systems,
    comparison: {
      ...report.comparison!,
      numerator: { ...comparedSystem(systems[1]), slope_A2_per_ps: systems[1].boxes.geometricMean! },
      denominator: { ...comparedSystem(systems[0]), slope_A2_per_ps: systems[0].boxes.geometricMean! },
      ratio,
      of: 'geometric means',
      probabilities: { atLeast: 2e-4, atMostInverse: 1e-6 },
      meanSlopes: {
        ...report.comparison!.meanSlopes,
        value: 1.9,
        ci95: [0.7, 5.1],
        bootstrap_ci95: [0.8, 4.2],
      },
      geometricMeans: { ...ratio, logarithm: null, bootstrap_ci95: [0.8, 2.9], pValue: 0.26 },
      oneBox: pairRatios(above, below, 6),
      sameMaterial: {
        pooled: pairRatios(below, below, 6),
        numerator: pairRatios(above, above, 6),
        denominator: pairRatios(below, below, 6),
        logNormal: 0.075,
      },
    },
    study: overview,
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(process.argv[2]!, renderTransportReport(studyReport()))
}
