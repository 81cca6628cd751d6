/**
 * A made-up but realistic report: two systems with two replicas each at 700 K, slopes near 3 Å²/ps, α near 0.9.
 * `node scripts/run.mjs test/report/fixture.ts FILE` writes its page.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { BoxSummary, PairRatios } from '../../src/analysis/boxes.ts'
import type { ComparedSystem } from '../../src/analysis/comparison.ts'
import { orthorhombicBox } from '../../src/core/box.ts'
import type { Structure } from '../../src/core/structure.ts'
import { createTopology } from '../../src/core/topology.ts'
import type {
  Molecule,
  MoleculeGroup,
  Quantity,
  Replica,
  SystemReport,
  TransportReport,
  VanHove,
} from '../../src/report/model.ts'
import { renderTransportReport } from '../../src/report/page.ts'

type Random = () => number

/** Park & Miller's generator: plenty for a picture, and the same everywhere. */
function createRandom(seed: number): Random {
  let state = seed
  return () => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
}

function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random())
}

const BOX_A = 19
const CHAINS = 6
const CHAIN_LENGTH = 18

function molecule(random: Random, doubleBonds: boolean): Molecule {
  const elements: string[] = []
  const positions: number[] = []
  const groups: MoleculeGroup[] = []
  const bonds: number[] = []
  const orders: number[] = []
  const add = (element: string, group: MoleculeGroup, position: readonly number[]) => {
    elements.push(element)
    groups.push(group)
    positions.push(...position)
    return elements.length - 1
  }
  const bond = (i: number, j: number, order = 1) => {
    bonds.push(i, j)
    orders.push(order)
  }
  const around = (center: readonly number[], distance: number) => {
    const direction = [gaussian(random), gaussian(random), gaussian(random)]
    const length = Math.hypot(...direction)
    return center.map((value, k) => value + (distance * direction[k]!) / length)
  }
  for (let chain = 0; chain < CHAINS; chain++) {
    let center = [3 + 6.5 * (chain % 3), 5 + 9 * Math.floor(chain / 3), 1]
    let previous = -1
    for (let k = 0; k < CHAIN_LENGTH; k++) {
      center = [
        center[0]! + (k % 2 ? 0.75 : -0.75) + 0.25 * gaussian(random),
        center[1]! + 0.5 * gaussian(random),
        center[2]! + 0.98,
      ]
      const carbon = add('C', 'host', center)
      const double = doubleBonds && k % 8 === 4
      if (previous >= 0) bond(previous, carbon, double ? 2 : 1)
      for (let side = 0; side < (double ? 1 : 2); side++) {
        bond(carbon, add(k % 2 ? 'F' : 'H', 'host', around(center, k % 2 ? 1.35 : 1.09)))
      }
      previous = carbon
    }
  }
  const trajectories: number[][] = []
  for (let pair = 0; pair < 15; pair++) {
    const home = [BOX_A * random(), BOX_A * random(), BOX_A * random()]
    const nitrogen = add('N', 'anion', home)
    for (let half = 0; half < 2; half++) {
      const center = around(home, 1.6)
      const sulfur = add('S', 'anion', center)
      bond(nitrogen, sulfur)
      for (const element of ['O', 'O', 'F']) bond(sulfur, add(element, 'anion', around(center, 1.45)))
    }
    const path = [...around(home, 3)]
    for (let k = 3; k < 3 * 200; k++) path.push(path[k - 3]! + 0.22 * gaussian(random))
    trajectories.push(path)
    add('Li', 'ion', path.slice(-3))
  }
  const structure: Structure = {
    elements,
    types: null,
    positions: Float64Array.from(positions),
    box: orthorhombicBox(BOX_A, BOX_A, BOX_A),
    topology: createTopology(elements.length, bonds, orders),
    charges: null,
    masses: null,
    velocities: null,
    frozen: null,
  }
  return {
    structure,
    groups,
    hostLabel: 'chains',
    trajectories_A: trajectories,
    trajectorySpan_ps: 12,
  }
}

const LAGS_PS = Array.from({ length: 400 }, (_, k) => 0.05 * (k + 1))

function replica(seed: number, slope: number, temperature_K: number): Replica {
  const random = createRandom(seed)
  const scale = 1 + 0.1 * gaussian(random)
  let wander = 0
  const msd_A2 = LAGS_PS.map(lag => {
    wander += 0.05 * Math.sqrt(lag) * gaussian(random)
    return scale * (slope * lag ** 0.9 * 1.25 + 2.2 * (1 - Math.exp(-lag / 0.2))) + wander
  })
  const time_ps = Array.from({ length: 600 }, (_, k) => k / 20)
  const noise = (mean: number, spread: number) => time_ps.map(() => mean + spread * gaussian(random))
  let drift = 0
  return {
    seed,
    slope_A2_per_ps: slope * scale,
    lag_ps: LAGS_PS,
    msd_A2,
    thermo: {
      time_ps,
      temperature_K: noise(temperature_K, 16),
      potential_eV: time_ps.map(time => -312 + 4 * Math.exp(-time / 2) + 0.8 * gaussian(random)),
      conserved_eV: time_ps.map(() => {
        drift += 0.004 * gaussian(random) + 0.0006
        return -241 + drift
      }),
      density_g_per_cm3: time_ps.map(time => 1.3 - 0.06 * Math.exp(-time / 3) + 0.006 * gaussian(random)),
      pressure_bar: noise(1, 900),
    },
  }
}

function boxesOf(boxes: number, slope: number, sdLog: number): BoxSummary {
  return {
    boxes,
    median: { value: slope, ci95: null },
    range: [slope * Math.exp(-1.5 * sdLog), slope * Math.exp(1.5 * sdLog)],
    geometricMean: { value: slope, ci95: [slope * Math.exp(-2 * sdLog), slope * Math.exp(2 * sdLog)] },
    sdLog: { value: sdLog, ci95: [0.7 * sdLog, 1.7 * sdLog] },
  }
}

/** Every box of one list against every other one of the other. */
export function pairRatios(above: readonly number[], below: readonly number[], factor: number): PairRatios {
  const ratios = above
    .flatMap((a, i) => below.flatMap((b, j) => (above === below && i === j ? [] : [a / b])))
    .sort((a, b) => a - b)
  const share = (counts: (ratio: number) => boolean) => ratios.filter(counts).length / ratios.length
  const atLeast = share(ratio => ratio >= factor)
  return {
    pairs: ratios.length,
    range90: [ratios[Math.floor(0.05 * ratios.length)]!, ratios[Math.floor(0.95 * ratios.length)]!],
    atLeast,
    atLeast_ci95: [0.4 * atLeast, 2 * atLeast],
    atMostInverse: share(ratio => ratio <= 1 / factor),
    ratios,
  }
}

/** Of ions that move by free diffusion with this mean-squared displacement. */
function vanHove(lag_ps: number, msd_A2: number): VanHove {
  const r_A = Array.from({ length: 80 }, (_, k) => 0.05 + 0.1 * k)
  const width = msd_A2 / 3
  return {
    lag_ps,
    r_A,
    density_per_A: r_A.map(
      r => 4 * Math.PI * r * r * (2 * Math.PI * width) ** -1.5 * Math.exp((-r * r) / (2 * width)),
    ),
  }
}

/** One of each kind: with and without interval, bound, note, number. */
function quantities(doubleBonds: boolean, shift: number): Quantity[] {
  const row = (group: string, name: string, unit: string, rest: Partial<Quantity>): Quantity => {
    return { group, name, unit, value: null, ci95: null, bound: null, note: null, ...rest }
  }
  const hops = 'Hops: places of 2 ps each'
  const chains = 'Chains'
  return [
    row(hops, 'hops seen', '', { value: 0, note: 'of 24 ions' }),
    row(hops, 'rate per ion', '/ns', { value: 0.32, bound: 'at most', note: '95 %, none seen' }),
    row(hops, 'length', 'Å', { note: 'none seen' }),
    row(chains, 'relaxation of the end-to-end vector', 'ps', { value: 100, bound: 'at least' }),
    row(chains, 'dihedrals in trans', '%', { value: 55.1 + shift, ci95: [53.2, 57] }),
    ...(doubleBonds ? [row(chains, 'only here', '', { value: 3 })] : []),
  ]
}

function system(options: {
  readonly name: string
  readonly label: string
  readonly slope: number
  readonly seeds: readonly number[]
  readonly doubleBonds: boolean
}): SystemReport {
  const { name, label, slope, seeds, doubleBonds } = options
  const random = createRandom(seeds[0]! * 7 + 1)
  const replicas = seeds.map(seed => replica(seed, slope, 700))
  const msd_A2 = LAGS_PS.map(
    (_, k) => replicas.reduce((sum, { msd_A2: msd }) => sum + msd[k]!, 0) / replicas.length,
  )
  const r_A = Array.from({ length: 160 }, (_, k) => 0.05 * (k + 1))
  const peak = (r: number, center: number, width: number) => Math.exp(-(((r - center) / width) ** 2))
  const rdf = (pair: string, center: number, height: number, number: number) => ({
    pair,
    r_A,
    g: r_A.map(
      r =>
        height * peak(r, center, 0.16) +
        (1 + 0.35 * peak(r, center + 2.3, 0.7)) / (1 + Math.exp((center + 1.1 - r) * 4)),
    ),
    n: r_A.map(r => number / (1 + Math.exp((center - r) * 14)) + 0.35 * Math.max(0, r - center - 0.9) ** 2),
  })
  const shift = doubleBonds ? 0.08 : 0
  const lengths = [6, 10, 15, 20, 25, 30]
  return {
    name,
    label,
    color: doubleBonds ? '#D55E00' : '#0072B2',
    atoms: doubleBonds ? 810 : 890,
    ions: 15,
    temperature_K: 700,
    chargeScale: 0.7,
    density_g_per_cm3: { value: 1.2987 + shift / 5, standardError: 0.0061, status: 'predicted' },
    replicas,
    mean: {
      lag_ps: LAGS_PS,
      msd_A2,
      low_A2: msd_A2.map(value => 0.87 * value),
      high_A2: msd_A2.map(value => 1.14 * value),
    },
    slope_A2_per_ps: { value: slope, ci95: [0.86 * slope, 1.15 * slope] },
    boxes: boxesOf(seeds.length, slope, 0.2),
    axisSlopes_A2_per_ps: [
      { value: 0.31 * slope, ci95: [0.2 * slope, 0.42 * slope] },
      { value: 0.36 * slope, ci95: [0.25 * slope, 0.46 * slope] },
      { value: 0.33 * slope, ci95: [0.21 * slope, 0.45 * slope] },
    ],
    fit: {
      from_ps: 2,
      to_ps: 12,
      method: 'ordinary least squares',
      other: { value: 3.1, ci95: [2.6, 3.7], method: 'generalised least squares' },
    },
    alpha: { value: 0.9 - shift, ci95: [0.84 - shift, 0.95 - shift] },
    gamma: { value: 0.93 - shift, ci95: [0.8 - shift, 1.06 - shift] },
    verdict: 'sub-diffusive',
    alphaCurve: {
      lag_ps: LAGS_PS,
      alpha: LAGS_PS.map(
        lag => 0.9 - shift - 0.35 * Math.exp(-(((Math.log(lag) + 1) / 1) ** 2)) + 0.015 * gaussian(random),
      ),
    },
    rdfs: [
      rdf('Li–O(FSI)', 1.95, 14 - 20 * shift, 2.85 - shift),
      rdf('Li–F(polymer)', 1.9, 3.2 + 10 * shift, 1.14 + shift),
      rdf('Li–Li', 3.1, 2.6, 1.3),
    ],
    coordination: [
      {
        pair: 'Li–O(FSI)',
        radius_A: 2.8,
        radiusFrom: 'first minimum',
        value: 2.85 - shift,
        ci95: [2.71, 2.98],
        residence: { time_ps: 140, ci95: null, atLeast: true },
        unbroken: { time_ps: 2.4, ci95: [2.1, 2.7], atLeast: false },
      },
      {
        pair: 'Li–F(polymer)',
        radius_A: 2.7,
        radiusFrom: 'first minimum',
        value: 1.14 + shift,
        ci95: [1.02, 1.29],
        residence: { time_ps: 5.2, ci95: null, atLeast: false },
        unbroken: null,
      },
      {
        pair: 'Li–Li',
        radius_A: 4.4,
        radiusFrom: 'chosen',
        value: 1.3,
        ci95: null,
        residence: null,
        unbroken: null,
      },
    ],
    ionClusters: { free: 0.11 + shift, contactPair: 0.34, aggregate: 0.55 - shift },
    vanHove: [4, 12].map(lag_ps => vanHove(lag_ps, slope * lag_ps)),
    mechanism: quantities(doubleBonds, shift),
    slopeVsLength: {
      length_ps: lengths,
      slope_A2_per_ps: lengths.map(length => slope * (1 + 0.9 / length)),
      low_A2_per_ps: lengths.map(length => slope * (0.86 - 1.6 / length)),
      high_A2_per_ps: lengths.map(length => slope * (1.15 + 3.4 / length)),
    },
    molecule: molecule(random, doubleBonds),
  }
}

const DOI = '10.1039/d5eb00031a'

/** A system as its comparison names it. */
export const comparedSystem = ({
  name,
  replicas,
  slope_A2_per_ps,
  alpha,
  verdict,
}: SystemReport): ComparedSystem => ({ name, boxes: replicas.length, slope_A2_per_ps, alpha, verdict })

/** Two systems compared, as `hoplite compare` and `hoplite study` make it. */
export function comparisonReport(): TransportReport {
  const seeds = { pvdf: [7, 8], dehydrofluorinated: [9, 10] }
  const systems = [
    system({ name: 'PVDF', label: 'PVDF', slope: 3.04, seeds: seeds.pvdf, doubleBonds: false }),
    system({
      name: 'dHF-PVDF',
      label: 'dehydrofluorinated PVDF',
      slope: 3.25,
      seeds: seeds.dehydrofluorinated,
      doubleBonds: true,
    }),
  ] as const
  return {
    title: 'Li⁺ in PVDF and dehydrofluorinated PVDF',
    species: 'Li',
    speciesLabel: 'Li⁺',
    systems,
    comparison: {
      numerator: comparedSystem(systems[1]),
      denominator: comparedSystem(systems[0]),
      ratio: { value: 1.07, ci95: [0.75, 1.53] },
      of: 'mean slopes',
      factor: 6,
      probabilities: { atLeast: 1e-6, atMostInverse: 1e-7 },
      meanSlopes: {
        value: 1.07,
        ci95: [0.75, 1.53],
        logarithm: { value: Math.log(1.07), standardError: 0.11, degreesOfFreedom: 3 },
        bootstrap_ci95: [0.78, 1.49],
        resampled: 'replicas, then ions',
        replicas: [2, 2],
        varianceFrom: 'replicas',
        method: 'Student t on the logarithm of the ratio',
      },
      geometricMeans: null,
      oneBox: pairRatios([3.4, 3.1], [3, 3.1], 6),
      sameMaterial: {
        pooled: pairRatios([3.4, 3.1], [3.1, 3.4], 6),
        numerator: null,
        denominator: null,
        logNormal: 1e-4,
      },
      nullRatio_ci95: [0.7, 1.42],
      method: 'Intervals: bootstrap over boxes and ions, 2000 draws.',
    },
    published: [
      { system: 'PVDF', slope_A2_per_ps: 0.2e-3, label: 'Ye 2025', doi: DOI },
      { system: 'dHF-PVDF', slope_A2_per_ps: 1.23e-3, label: 'Ye 2025', doi: DOI },
    ],
    publishedRatio: {
      value: 6.2,
      label: 'Ye 2025',
      doi: DOI,
      conditions: 'temperature and protocol not given',
    },
    study: null,
    checks: [
      { name: 'Temperature', passed: true, detail: '700.3 ± 0.6 K, set to 700 K' },
      { name: 'Conserved quantity', passed: true, detail: 'drift 0.012 meV per atom and ps, below 0.1' },
      { name: 'Densities', passed: true, detail: '1.299 and 1.315 g/cm³: 1.2 % apart, below 3 %' },
      {
        name: 'Diffusive regime',
        passed: false,
        detail: 'α excludes 1 in both systems: apparent slopes only',
      },
      { name: 'Slope has settled', passed: true, detail: 'last third of the trajectory moves it by 4 %' },
      { name: 'Ratio beyond chance', passed: false, detail: '1.07 lies inside the null interval 0.70–1.42' },
      { name: 'Second engine', passed: null, detail: 'LAMMPS is not installed here' },
    ],
    calibration: [
      {
        quantity: 'Charge scale of the ions',
        value: '0.7',
        status: 'calibrated',
        source: 'electronic continuum correction, n² = 2.02',
        doi: null,
      },
      {
        quantity: '–CH=CF– charges',
        value: '−0.476 … 0.443 e',
        status: 'calibrated',
        source: 'fitted to HF/6-31G* electrostatic potential',
        doi: null,
      },
      {
        quantity: 'PVDF bonded terms',
        value: 'as published',
        status: 'chosen',
        source: 'Byutner & Smith 2000',
        doi: '10.1021/ma9918295',
      },
      {
        quantity: 'Temperature',
        value: '700 K',
        status: 'chosen',
        source: 'hops are frequent enough to count',
        doi: null,
      },
      {
        quantity: 'Slopes, ratio, coordination',
        value: 'see above',
        status: 'predicted',
        source: 'this simulation',
        doi: null,
      },
    ],
    provenance: {
      command: 'hoplite study pvdf-transport --quick --out runs/pvdf-transport',
      date: '2026-01-15T09:30:00Z',
      hopliteVersion: '0.1.0',
      nodeVersion: 'v20.20.2',
      machine: { cpu: 'AMD EPYC 7763 64-Core Processor', cores: 4 },
      runs: systems.flatMap(({ name, replicas }) =>
        replicas.map(({ seed }) => ({
          system: name,
          seed,
          platformAsked: 'gpu',
          platformRan: 'simd',
          precision: 'f32 forces, f64 integration',
          fallbackReason: 'no GPU adapter was found',
          wallTime_s: 131 + seed,
          rate_ns_per_day: 19.7 + seed / 10,
        })),
      ),
      inputs: [
        {
          path: 'runs/pvdf.yaml',
          sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
        },
        {
          path: 'potentials/pvdf-lifsi.yaml',
          sha256: '60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752',
        },
      ],
      recipes: [{ name: 'runs/pvdf.yaml', text: 'temperature_K: 700\ntimestep_fs: 4\ncutoff_A: 9\n' }],
    },
  }
}

/** One run of one system, as `hoplite report DIR` shows it: no comparison, nothing optional measured. */
export function singleRunReport(): TransportReport {
  const full = comparisonReport()
  const [pvdf] = full.systems
  const bare: SystemReport = {
    ...pvdf,
    replicas: pvdf.replicas.slice(0, 1).map(only => ({ ...only, thermo: null })),
    mean: { ...pvdf.mean, low_A2: null, high_A2: null },
    axisSlopes_A2_per_ps: null,
    alphaCurve: null,
    rdfs: [],
    coordination: [],
    ionClusters: null,
    vanHove: [],
    mechanism: [],
    slopeVsLength: null,
    molecule: null,
  }
  return {
    ...full,
    title: 'Li⁺ in PVDF',
    systems: [bare],
    comparison: null,
    published: [],
    publishedRatio: null,
    checks: [],
    provenance: { ...full.provenance, runs: full.provenance.runs.slice(0, 1) },
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(process.argv[2]!, renderTransportReport(comparisonReport()))
}
