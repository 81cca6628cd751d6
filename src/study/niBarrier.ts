import { CASE_COLORS } from '../web/figure.ts'
import type { BarrierStudy, StudyCase } from './barrierStudy.ts'

/**
 * Ni²⁺ from the metal layer through a tetrahedral site into a lithium vacancy of Li0.5NiO2, bare and with nitrogen
 * coordinated to it: Zheng et al., Nano-Micro Lett. 2025, 17, 195, who report 2.83 eV and, with cyclised PAN, 3.36 eV.
 * The tethers of the host are calibrated on the first figure; nothing is fitted to the second.
 */
const ZHENG_2025 = { label: 'Zheng 2025', doi: null }

const BARE = 'bare'
const PAN = 'N-coordinated'
const STRENGTHS_EV = [0.46, 0.76] as const

const withStrength = (
  D_eV: number,
  rest: Pick<StudyCase, 'name' | 'key' | 'label' | 'role' | 'basis' | 'against'>,
): StudyCase => ({
  ...rest,
  color: null,
  status: 'calibrated',
  recipe: 'ni-pan.yaml',
  change: [[['overrides'], { bonds: [{ pattern: 'nitrogen-nickel', D_eV }] }]],
})

/** Lithium placed at random, but for what the hop needs: its vacancy, and the two neighbours of the tetrahedral site. */
const ORDERINGS = [1, 2, 3] as const
const orderingName = (of: string, seed: number) => `${of}, ordering ${seed}`
const ordering = (seed: number, of: typeof BARE | typeof PAN): StudyCase => ({
  name: orderingName(of, seed),
  key: `${of === BARE ? 'ni-bare' : 'ni-pan'}-ordering-${seed}`,
  label: `${of === BARE ? 'at the bare surface' : 'with nitrogen coordinated to it'}, another ordering of lithium`,
  color: null,
  role: 'sensitivity',
  status: 'calibrated',
  basis: 'lithium at random, but for the vacancy and the two neighbours of the tetrahedral site',
  recipe: of === BARE ? 'ni-bare.yaml' : 'ni-pan.yaml',
  change: [
    [['seed'], seed],
    [
      ['system', 'build', 'edits', 0, 'lithium'],
      {
        content: 0.5,
        ordering: 'random',
        keep: [
          { element: 'Li', layer: 5, near: [0.5, 0.744] },
          { element: 'Li', layer: 4, near: [0.625, 0.62] },
        ],
        vacate: [{ element: 'Li', layer: 4, near: [0.375, 0.62] }],
      },
    ],
  ],
  against: { case: of, tolerance_eV: null },
})

/** Barriers are `calibrated`, as they all rest on the tethers; what nitrogen adds is predicted. */
export const NI_BARRIER: BarrierStudy = {
  name: 'ni-barrier',
  title: 'Ni²⁺ at a coated cathode surface: barriers',
  question: 'Does nitrogen that coordinates Ni²⁺ hold it back from the lithium layer?',
  ionLabel: 'Ni²⁺',
  cases: [
    {
      name: BARE,
      key: 'ni-bare',
      label: 'at the bare surface',
      color: CASE_COLORS.bare,
      role: 'main',
      status: 'calibrated',
      basis: 'the tethers of the host are fitted to this barrier, for this ordering of lithium',
      recipe: 'ni-bare.yaml',
    },
    {
      name: PAN,
      key: 'ni-pan',
      label: 'with nitrogen of cyclised PAN coordinated to it',
      color: CASE_COLORS.nitrogen,
      role: 'main',
      status: 'calibrated',
      basis: 'rests on the calibrated bare barrier; what is predicted is the difference',
      recipe: 'ni-pan.yaml',
    },
    ...STRENGTHS_EV.map(D =>
      withStrength(D, {
        name: `N-coordinated, D ${D} eV`,
        key: `ni-pan-${D}`,
        label: `with an N–Ni bond of ${D} eV`,
        role: 'sensitivity',
        basis: 'strength of the N–Ni bond at an end of the xtb range',
        against: { case: PAN, tolerance_eV: null },
      }),
    ),
    withStrength(0, {
      name: 'unit without N–Ni bond',
      key: 'ni-pan-0',
      label: 'with the unit there but not coordinated',
      role: 'null-test',
      basis: null,
      against: { case: BARE, tolerance_eV: 0.01 },
    }),
    {
      name: '7 images',
      key: 'ni-bare-7-images',
      label: 'at the bare surface, 7 images',
      color: null,
      role: 'sensitivity',
      status: 'calibrated',
      basis: '7 images',
      recipe: 'ni-bare.yaml',
      change: [[['band', 'images'], 7]],
      against: { case: BARE, tolerance_eV: null },
      full: true,
    },
    ...ORDERINGS.flatMap(seed => [ordering(seed, BARE), ordering(seed, PAN)]),
  ],
  ranges: {
    [BARE]: {
      cases: [BARE, ...ORDERINGS.map(seed => orderingName(BARE, seed))],
      varied: 'three other orderings of lithium',
    },
    [PAN]: {
      cases: [PAN, ...STRENGTHS_EV.map(D => `N-coordinated, D ${D} eV`)],
      varied: 'N–Ni bonds of 0.46 to 0.76 eV',
    },
  },
  differences: [
    {
      name: 'N-coordinated less bare',
      of: PAN,
      minus: BARE,
      published: { value_eV: 0.53, ...ZHENG_2025 },
      status: 'predicted',
      basis: 'given the strength of the N–Ni bond from xtb',
      range: {
        pairs: [
          [PAN, BARE],
          ...STRENGTHS_EV.map(D => [`N-coordinated, D ${D} eV`, BARE] as const),
          ...ORDERINGS.map(seed => [orderingName(PAN, seed), orderingName(BARE, seed)] as const),
        ],
        varied: 'N–Ni bonds of 0.46 to 0.76 eV and three other orderings of lithium',
      },
    },
  ],
  published: [
    { case: BARE, barrier_eV: 2.83, ...ZHENG_2025 },
    { case: PAN, barrier_eV: 3.36, ...ZHENG_2025 },
  ],
  calibration: [
    {
      quantity: 'tethers of the host, k',
      value: '13.5 eV/Å²',
      status: 'calibrated',
      source: 'fitted to the bare Ni barrier of 2.83 eV (Zheng et al. 2025)',
      doi: null,
    },
    {
      quantity: 'strength of the N–Ni bond, D',
      value: '0.59 eV (0.46 to 0.76)',
      status: 'predicted',
      source: 'mean and range of four relaxed xtb binding energies of pyridine to five-coordinate nickel',
      doi: null,
    },
    {
      quantity: 'ordering of lithium',
      value: 'one of many',
      status: 'chosen',
      source:
        'the tethers are calibrated for this one; the bare barrier moves with it far more than the shift by nitrogen',
      doi: null,
    },
  ],
}
