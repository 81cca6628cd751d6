/**
 * A made-up but realistic report of migration barriers: a rock-salt slab whose surface Li⁺ hops into a vacancy below,
 * bare and under a fragment of polymer. `node scripts/run.mjs test/report/barrierFixture.ts FILE` writes its page.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { orthorhombicBox } from '../../src/core/box.ts'
import { createTopology } from '../../src/core/topology.ts'
import type {
  BandGroup,
  BandMolecule,
  BandPath,
  BarrierCase,
  BarrierReport,
  CaseRole,
  NeighborDistance,
} from '../../src/report/barrierModel.ts'
import { renderBarrierReport } from '../../src/report/barrierPage.ts'
import { CASE_COLORS } from '../../src/web/figure.ts'

const SPACING_A = 2.05
const SITES = 6
const LAYERS = 5
const IMAGES = 9
const LENGTH_A = 3.12

/** From 0 over `barrier_eV` at `saddle` (a fraction of the way) to `reaction_eV`, flat at all three. */
function energyAt(share: number, barrier_eV: number, reaction_eV: number, saddle: number): number {
  const smooth = (t: number) => t * t * (3 - 2 * t)
  if (share <= saddle) return barrier_eV * smooth(share / saddle)
  return reaction_eV + (barrier_eV - reaction_eV) * smooth((1 - share) / (1 - saddle))
}

function bandPath(barrier_eV: number, reaction_eV: number): BandPath {
  const sampled = (count: number) => Array.from({ length: count }, (_, k) => k / (count - 1))
  const energy = (share: number) => energyAt(share, barrier_eV, reaction_eV, 0.5)
  const lengths = (shares: readonly number[]) => shares.map(share => share * LENGTH_A)
  const images = sampled(IMAGES)
  const curve = sampled(81)
  return {
    path_A: lengths(images),
    energies_eV: images.map(energy),
    curve: { path_A: lengths(curve), energies_eV: curve.map(energy) },
    saddle: { path_A: 0.5 * LENGTH_A, energy_eV: barrier_eV },
  }
}

/** –CF₂–CH₂–CF₂– lying above the surface, its lowest atom at `height_A`. */
function fragment(height_A: number) {
  const elements: string[] = []
  const positions: number[] = []
  const bonds: number[] = []
  const add = (element: string, position: readonly number[], to: number | null) => {
    if (to !== null) bonds.push(to, elements.length)
    elements.push(element)
    positions.push(...position)
    return elements.length - 1
  }
  let previous: number | null = null
  for (let k = 0; k < 3; k++) {
    const [x, y, z] = [4.9 + 1.27 * k, 6.2, height_A + 1.1 + (k % 2 ? 0.85 : 0)] as const
    previous = add('C', [x, y, z], previous)
    const reach = k % 2 ? 0.9 : 1.1
    for (const side of [-1, 1]) {
      add(k % 2 ? 'H' : 'F', [x, y + side * reach, z + (k % 2 ? 0.6 : -0.75)], previous)
    }
    if (k !== 1) add('H', [x + (k - 1) * 0.9, y, z + 0.6], previous)
  }
  return { elements, positions, bonds }
}

function molecule(height_A: number | null): { band: BandMolecule; neighbors: NeighborDistance[] } {
  const elements: string[] = []
  const positions: number[] = []
  const groups: BandGroup[] = []
  const vacancy = [3, 2, LAYERS - 2] as const
  const home = [2, 2, LAYERS - 1] as const
  let ion = -1
  for (let k = 0; k < LAYERS; k++) {
    for (let j = 0; j < SITES; j++) {
      for (let i = 0; i < SITES; i++) {
        if (i === vacancy[0] && j === vacancy[1] && k === vacancy[2]) continue
        const cation = (i + j + k) % 2 === 0
        const moving = i === home[0] && j === home[1] && k === home[2]
        if (moving) ion = elements.length
        elements.push(cation ? (moving || (i + 2 * k) % 4 < 2 ? 'Li' : 'Ni') : 'O')
        positions.push(i * SPACING_A, j * SPACING_A, 0.5 + k * SPACING_A)
        groups.push(moving ? 'moving' : k < 2 ? 'frozen' : 'host')
      }
    }
  }
  const top_A = 0.5 + (LAYERS - 1) * SPACING_A
  const extra = height_A === null ? null : fragment(top_A + height_A)
  const bonds = extra ? extra.bonds.map(atom => atom + elements.length) : []
  if (extra) {
    elements.push(...extra.elements)
    positions.push(...extra.positions)
    groups.push(...extra.elements.map((): BandGroup => 'adsorbate'))
  }
  const oxygens = elements.flatMap((element, k) => (element === 'O' ? [k] : []))
  const at = (atom: number, values: readonly number[]) => values.slice(3 * atom, 3 * atom + 3)
  const apart = (i: number, j: number, values: readonly number[]) =>
    Math.hypot(...at(i, values).map((value, c) => value - at(j, values)[c]!))
  const images = Array.from({ length: IMAGES }, (_, image) => {
    const share = image / (IMAGES - 1)
    const bow = Math.sin(Math.PI * share)
    const moved = [...positions]
    moved[3 * ion]! += share * SPACING_A + 0.25 * bow
    moved[3 * ion + 1]! += 0.35 * bow
    moved[3 * ion + 2]! += -share * SPACING_A + 0.25 * bow
    // Oxygens give way as the ion passes.
    for (const oxygen of oxygens) {
      const distance_A = apart(ion, oxygen, moved)
      if (groups[oxygen] !== 'host' || distance_A > 2.4) continue
      for (let c = 0; c < 3; c++) {
        moved[3 * oxygen + c]! += (0.12 * (positions[3 * oxygen + c]! - moved[3 * ion + c]!)) / distance_A
      }
    }
    return moved
  })
  const closest = (oxygen: number) => Math.min(...images.map(image => apart(ion, oxygen, image)))
  const neighbors = [...oxygens]
    .sort((a, b) => closest(a) - closest(b) || a - b)
    .slice(0, 5)
    .map(atom => ({
      neighbor: `O ${atom + 1}`,
      atom,
      distance_A: images.map(image => apart(ion, atom, image)),
    }))
  const edge_A = SITES * SPACING_A
  const band: BandMolecule = {
    structure: {
      elements,
      types: null,
      positions: Float64Array.from(positions),
      box: orthorhombicBox(edge_A, edge_A, 24),
      topology: createTopology(elements.length, bonds),
      charges: null,
      masses: null,
      velocities: null,
      frozen: Uint8Array.from(groups, group => (group === 'frozen' ? 1 : 0)),
    },
    images_A: images,
    groups,
    hostLabel: 'oxide',
  }
  return { band, neighbors }
}

function barrierCase(options: {
  readonly name: string
  readonly label: string
  readonly barrier_eV: number
  readonly role?: CaseRole
  readonly color?: string
  readonly height_A?: number | null
  readonly rest?: Partial<BarrierCase>
}): BarrierCase {
  const { name, label, barrier_eV, role = 'main', color = null, height_A = null, rest = {} } = options
  const { band, neighbors } = molecule(height_A)
  return {
    name,
    label,
    color,
    role,
    barrier_eV,
    reverse_barrier_eV: barrier_eV - 0.4,
    reaction_energy_eV: 0.4,
    status: 'predicted',
    basis: null,
    range: null,
    against: role === 'main' ? null : { case: 'bare', tolerance_eV: role === 'null-test' ? 0.01 : null },
    path: bandPath(barrier_eV, 0.4),
    converged: true,
    fmax_eV_per_A: 0.0087,
    fmaxWanted_eV_per_A: 0.01,
    forceCalls: 322,
    climbing: true,
    neighbors: role === 'main' ? neighbors : [],
    rate: null,
    molecule: role === 'main' ? band : null,
    ...rest,
  }
}

const DOI = '10.1039/d5eb00031a'

/** Three main cases, a variation, a counter-example and a null test, as `hoplite study li-barrier` makes it. */
export function barrierReport(): BarrierReport {
  const cases = [
    barrierCase({
      name: 'bare',
      label: 'at the bare surface',
      barrier_eV: 1.47,
      color: CASE_COLORS.bare,
      rest: {
        status: 'chosen',
        basis: 'charge of the migrating Li⁺ kept after seeing that the barrier matches',
        rate: { atoms: 1, prefactor_Hz: 6.3e12, hop_rate_Hz: 1.3e-12, temperature_K: 300 },
      },
    }),
    barrierCase({
      name: 'PVDF',
      label: 'under a PVDF unit',
      barrier_eV: 1.498,
      color: CASE_COLORS.pvdf,
      height_A: 3.2,
      rest: { range: { range_eV: [1.498, 1.539], varied: 'a height of 3.2–4.5 Å' } },
    }),
    barrierCase({
      name: 'dHF-PVDF',
      label: 'with dehydrofluorinated PVDF',
      barrier_eV: 1.06,
      color: CASE_COLORS.dehydrofluorinated,
      height_A: 1.2,
      rest: {
        status: 'chosen',
        basis: 'the O that is bonded was chosen after seeing results',
        range: { range_eV: [0.91, 1.2], varied: 'a charge transfer of 0.24–0.47 e' },
      },
    }),
    barrierCase({
      name: 'PVDF closer',
      label: 'under a PVDF unit 3.2 Å above',
      barrier_eV: 1.539,
      role: 'sensitivity',
      rest: { against: { case: 'PVDF', tolerance_eV: null } },
    }),
    barrierCase({
      name: 'C on the bottleneck O',
      label: 'with C on the O of the bottleneck',
      barrier_eV: 1.84,
      role: 'counter-example',
      rest: { against: { case: 'dHF-PVDF', tolerance_eV: null } },
    }),
    barrierCase({
      name: 'uncharged unit',
      label: 'under an uncharged unit 6 Å away',
      barrier_eV: 1.4702,
      role: 'null-test',
    }),
  ] as const
  return {
    title: 'Li⁺ at the NCM surface',
    question: 'Does the coating lower the barrier of Li⁺ between the surface and the layer below?',
    ionLabel: 'Li⁺',
    cases,
    differences: [
      {
        name: 'dHF-PVDF − PVDF',
        of: 'dHF-PVDF',
        minus: 'PVDF',
        value_eV: -0.438,
        range: { range_eV: [-0.588, -0.298], varied: 'a charge transfer of 0.24–0.47 e' },
        published: { value_eV: -0.41, label: 'Ye 2025', doi: DOI },
        status: 'chosen',
        basis: 'the O that is bonded was chosen after seeing results',
      },
    ],
    published: [
      { case: 'PVDF', barrier_eV: 1.51, label: 'Ye 2025', doi: DOI },
      { case: 'dHF-PVDF', barrier_eV: 1.1, label: 'Ye 2025', doi: DOI },
    ],
    checks: [
      {
        name: 'Bands converged',
        passed: true,
        detail: 'largest force 0.0087 eV/Å, below 0.01, in all 6 bands',
      },
      { name: 'Null test', passed: true, detail: 'an uncharged unit 6 Å away: +0.000 eV, at most 0.01' },
      { name: 'Lattice', passed: true, detail: 'a = 2.878 Å (fitted), c 0.3 % above the measured one' },
      {
        name: 'Sign does not hang on one choice',
        passed: false,
        detail: 'C on the O of the bottleneck raises the barrier to 1.84 eV',
      },
      { name: 'Second engine', passed: null, detail: 'LAMMPS is not installed here' },
    ],
    calibration: [
      {
        quantity: 'r₀ of Ni–O',
        value: '2.419 Å',
        status: 'calibrated',
        source: 'a(LiNiO₂) = 2.878 Å; the rest as published',
        doi: '10.1021/jp0611018',
      },
      {
        quantity: 'Stiffness of the tethers',
        value: '13.5 eV/Å²',
        status: 'calibrated',
        source: 'the published barrier of Ni at the bare surface, 2.83 eV',
        doi: null,
      },
      {
        quantity: 'Charge transfer to the oxide',
        value: '0.35 e',
        status: 'chosen',
        source: 'xtb: 0.24–0.47 e',
        doi: null,
      },
    ],
    provenance: {
      command: 'hoplite study li-barrier --out runs/li-barrier',
      date: '2026-02-03T08:15:00Z',
      hopliteVersion: '0.1.0',
      nodeVersion: 'v20.20.2',
      machine: { cpu: 'AMD EPYC 7763 64-Core Processor', cores: 4 },
      runs: cases.map(({ name, forceCalls }) => ({
        system: name,
        seed: 1,
        platformAsked: 'auto',
        platformRan: 'reference',
        precision: 'f64',
        fallbackReason: null,
        wallTime_s: 96,
        forceCalls,
      })),
      inputs: [
        {
          path: 'potentials/pmmcs-lno.yaml',
          sha256: '60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752',
        },
      ],
      recipes: [{ name: 'runs/li-bare.yaml', text: 'name: li-bare\nseed: 1\n' }],
    },
  }
}

/** One band by itself, as `hoplite report DIR` shows it: nothing published, nothing optional. */
export function singleBandReport(): BarrierReport {
  const full = barrierReport()
  const [bare] = full.cases
  return {
    ...full,
    title: 'Li⁺ hop',
    cases: [
      { ...bare, color: null, status: 'predicted', basis: null, rate: null, neighbors: [], molecule: null },
    ],
    differences: [],
    published: [],
    checks: [],
    provenance: { ...full.provenance, runs: full.provenance.runs.slice(0, 1) },
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(process.argv[2]!, renderBarrierReport(barrierReport()))
}
