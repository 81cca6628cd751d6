import type { Force } from '../../core/force.ts'
import type { System } from '../../core/system.ts'
import type { Backend, Kernel, KernelInput, ResidentArray } from './backends.ts'
import {
  type BondedTable,
  createBondedTable,
  type Harmonic,
  isBonded,
  LANES,
  type Section,
  type SpecialTerms,
} from './bondedTable.ts'
import { horner, literal } from './pairKernel.ts'

/** Positions as fractions of a frame in [−½, ½], each as the sum of two numbers in single precision. */
export interface BondedPositions {
  /** [clusters, 16] a, b, c of four atoms at a time, 4 a's first; the last four columns are not read. */
  readonly highs: KernelInput
  /** Rounding errors of `highs`, laid out alike. */
  readonly lows: KernelInput
  /** Row of `lows` at which they begin. Default: 0. */
  readonly firstLow?: number
  /** [N] slot of each atom: row slot/4, column slot mod 4. */
  readonly slots: KernelInput
}

export interface GpuBonded {
  /** The terms that it computes. */
  readonly forces: readonly Force[]
  /**
   * Computes forces and leaves them on the device.
   * @param matrix lattice vectors of the frame, row by row, Å
   * @param images boxes that the frame holds along each of its vectors; 1 where it is a box or a whole fraction of one
   * @returns [N, 3] eV/Å
   */
  launch(
    positions: BondedPositions,
    matrix: readonly number[],
    images: readonly [number, number, number],
  ): Promise<ResidentArray>
  /** Number of times that the kernel was compiled: again where arrays have other sizes or frames hold other numbers of boxes. */
  readonly statistics: { readonly compilations: number }
  dispose(): void
}

/**
 * Computes forces of bonds, angles, dihedrals and impropers, gathered by atom; energies and virial are left to reference.
 * @param special pairs that are to be gathered with them
 * @returns null for a system without such terms
 */
export function createGpuBonded(
  system: System,
  backend: Backend,
  special?: SpecialTerms | null,
): GpuBonded | null {
  const { atomCount } = system
  const forces = system.forces.filter(isBonded)
  const table = createBondedTable(atomCount, forces, special)
  if (!table) return null
  const { sections, slices, parameterWidth, longest } = table
  const written = (values: Float32Array, width: number) => {
    const array = backend.array(width, values.length / width)
    array.write(values)
    return array
  }
  const tables = [
    written(table.starts, slices),
    written(table.entries, LANES),
    written(table.parameters, parameterWidth),
  ]
  const statistics = { compilations: 0 }
  /** Kernels by the sizes of arrays and images: a box under pressure may change between two. */
  const compiled = new Map<string, Kernel>()

  function kernelFor(positions: readonly KernelInput[], images: readonly number[], firstLow: number): Kernel {
    const sizes = positions.flatMap(({ width, height }) => [width, height])
    const fitting = [...sizes, ...images, firstLow].join()
    const known = compiled.get(fitting)
    if (known) return known
    const kernel = backend.kernel({
      name: `${[...new Set(sections.map(({ kind }) => kind))].join(', ')} forces`,
      source: bondedSource(table!, images, firstLow),
      arrays: BONDED_ARRAYS.length,
      numbers: BONDED_NUMBERS.length,
      components: 3,
      output: [atomCount],
      longestLoop: longest,
    })
    compiled.set(fitting, kernel)
    statistics.compilations++
    return kernel
  }

  return {
    forces,
    launch({ highs, lows, firstLow = 0, slots }, matrix, images) {
      const positions = [highs, lows, slots]
      return kernelFor(positions, images, firstLow).launch([...positions, ...tables], bondedNumbers(matrix))
    },
    statistics,
    dispose() {
      for (const kernel of compiled.values()) kernel.dispose()
      compiled.clear()
      for (const array of tables) array.dispose()
    },
  }
}

/** Arrays of the kernel, in order. */
export const BONDED_ARRAYS = ['highs', 'lows', 'slots', 'starts', 'entries', 'parameters'] as const

const AXES = ['A', 'B', 'C'] as const
const COMPONENTS = ['x', 'y', 'z'] as const
const MATRIX = ['ax', 'ay', 'az', 'bx', 'by', 'bz', 'cx', 'cy', 'cz'] as const
/** Numbers of the kernel, in order: what is on steps of the lattice vectors of the frame, Å, and the rest. */
export const BONDED_NUMBERS = [...MATRIX.map(m => `coarse_${m}`), ...MATRIX.map(m => `fine_${m}`)] as const

/** @param matrix of the frame, row by row, Å */
export function bondedNumbers(matrix: readonly number[]): number[] {
  const coarse = matrix.map(value => Math.round(value * 32) / 32)
  return [...coarse, ...matrix.map((value, k) => value - coarse[k]!)]
}

/**
 * Source of the kernel that returns the force of all terms on each atom, eV/Å.
 * @param images boxes that the frame holds along each of its vectors
 * @param firstLow row of `lows` at which they begin
 */
export function bondedSource(table: BondedTable, images: readonly number[], firstLow = 0): string {
  const section = ({ kind, place, width }: Section, index: number) => {
    const partners = Array.from({ length: width - 1 }, (_, k) => `p${k}`)
    const body = [
      ...partners.flatMap((name, k) => atom(name, `entries[at + ${k}][lane]`, firstLow)),
      `const row = entries[at + ${width - 1}][lane];`,
      ...TERMS[kind](place, images, table),
    ]
    return `  const start${index} = starts[${index}][slice];
  const count${index} = entries[start${index}][lane];
  for (let k${index} = 0; k${index} < count${index}; k${index}++) {
    const at = start${index} + 1 + ${width} * k${index};
${body.map(line => `    ${line}`).join('\n')}
  }`
  }
  return `function (${[...BONDED_ARRAYS, ...BONDED_NUMBERS].join(', ')}) {
  const self = this.thread.x;
  const slice = Math.floor(self * ${1 / LANES});
  const lane = self - slice * ${LANES};
${MATRIX.map(m => `  const ${m} = coarse_${m} + fine_${m};`).join('\n')}
${atom('own', 'self', firstLow)
  .map(line => `  ${line}`)
  .join('\n')}
  let sumx = 0;
  let sumy = 0;
  let sumz = 0;
${table.sections.map(section).join('\n')}
  return [sumx, sumy, sumz];
}`
}

/** Steps of the larger part of a position: differences, by whole frames too, are exact. */
const POSITION_STEPS = 2 ** 24

/** Reads where an atom is: pA, which is on steps, and the rest pLowA, and so on. */
const atom = (name: string, index: string, firstLow: number) => [
  // On webgl2 gpu.js trips over what it makes of elements as indices.
  `const ${name}Index = ${index};`,
  `const ${name}Slot = slots[${name}Index];`,
  `const ${name}Row = Math.floor(${name}Slot * 0.25);`,
  `const ${name}Lane = ${name}Slot - 4 * ${name}Row;`,
  ...AXES.flatMap((axis, k) => [
    `const ${name}High${axis} = highs[${name}Row][${name}Lane + ${4 * k}];`,
    `const ${name}${axis} = Math.floor(${name}High${axis} * ${POSITION_STEPS}) * ${1 / POSITION_STEPS};`,
    `const ${name}Low${axis} = (${name}High${axis} - ${name}${axis}) + lows[${name}Row + ${firstLow}][${name}Lane + ${4 * k}];`,
  ]),
]

/** Difference of two atoms as fractions of the frame, nearest image in the box: vHighA, on steps, vLowA, and so on. */
const fractions = (v: string, from: string, to: string, images: readonly number[]) =>
  AXES.flatMap((axis, k) => {
    const n = images[k]!
    const s = `${v}${axis}`
    const image = [
      `const ${s}Any = ${to}${axis} - ${from}${axis};`,
      `const ${s}Near = ${s}Any - Math.floor(${s}Any + 0.5);`,
    ]
    const low = `${to}Low${axis} - ${from}Low${axis}`
    if (n === 1) return [...image, `const ${v}High${axis} = ${s}Near;`, `const ${v}Low${axis} = ${low};`]
    const box = Math.round(POSITION_STEPS / n) / POSITION_STEPS
    return [
      ...image,
      `const ${s}Boxes = Math.floor(${s}Near * ${n} + 0.5);`,
      `const ${v}High${axis} = ${s}Near - ${s}Boxes * ${box};`,
      `const ${v}Low${axis} = ${low} - ${s}Boxes * ${literal(1 / n - box)};`,
    ]
  })

/** v = x_to − x_from, Å, nearest image in the box. */
const separation = (v: string, from: string, to: string, images: readonly number[]) => [
  ...fractions(v, from, to, images),
  ...AXES.map(axis => `const ${v}${axis} = ${v}High${axis} + ${v}Low${axis};`),
  ...COMPONENTS.map(c => `const ${v}${c} = ${v}A * a${c} + ${v}B * b${c} + ${v}C * c${c};`),
]

const dot = (u: string, v: string) => `(${u}x * ${v}x + ${u}y * ${v}y + ${u}z * ${v}z)`

const cross = (result: string, u: string, v: string) => [
  `const ${result}x = ${u}y * ${v}z - ${u}z * ${v}y;`,
  `const ${result}y = ${u}z * ${v}x - ${u}x * ${v}z;`,
  `const ${result}z = ${u}x * ${v}y - ${u}y * ${v}x;`,
]

/** Adds a sum of vectors, each with a factor, to the force. */
const add = (...parts: readonly (readonly [factor: string, vector: string])[]) =>
  COMPONENTS.map(c => `sum${c} += ${parts.map(([factor, v]) => `${factor} * ${v}${c}`).join(' + ')};`)

type TermSource = (place: Section['place'], images: readonly number[], table: BondedTable) => string[]

/** Source lines that add the force of one entry to its atom; the formulas of reference/bonded.ts and reference/torsions.ts. */
const TERMS: Readonly<Record<Section['kind'], TermSource>> = {
  'harmonic bond': (_, images) => [
    ...stretch(images, 1),
    'const pull = parameters[row][0] * stretch / r;',
    ...add(['pull', 'v']),
  ],
  'morse bond': (_, images) => [
    ...stretch(images, 2),
    'const h = -0.5 * parameters[row][1] * stretch;',
    // e^2h − 1 = 2 e^h sinh h loses no digits at small h.
    'const h2 = h * h;',
    `let sinh = h * (1 + h2 * ${1 / 6} * (1 + h2 * 0.05 * (1 + h2 * ${1 / 42})));`,
    'if (h2 > 0.25) { sinh = 0.5 * (Math.exp(h) - Math.exp(-h)); }',
    'const pull = -2 * parameters[row][0] * Math.exp(3 * h) * sinh / r;',
    ...add(['pull', 'v']),
  ],
  angle: (place, images) => {
    const [centre, ...ends] = place === 'outer' ? ['p0', 'own', 'p1'] : ['own', 'p0', 'p1']
    return [
      ...separation('u', centre!, ends[0]!, images),
      ...separation('v', centre!, ends[1]!, images),
      ...cross('w', 'u', 'v'),
      `const uu = ${dot('u', 'u')};`,
      `const vv = ${dot('v', 'v')};`,
      `const normal = Math.sqrt(${dot('w', 'w')});`,
      ...excess('normal', dot('u', 'v'), 1),
      // A straight angle's gradient has no direction.
      `const scale = parameters[row][0] * excess / Math.max(normal, ${STRAIGHT} * Math.sqrt(uu * vv));`,
      ...cross('du', 'u', 'w'),
      ...(place === 'outer'
        ? ['const pullU = -scale / uu;', ...add(['pullU', 'du'])]
        : [
            ...cross('dv', 'w', 'v'),
            'const pullU = scale / uu;',
            'const pullV = scale / vv;',
            ...add(['pullU', 'du'], ['pullV', 'dv']),
          ]),
    ]
  },
  series: (place, images, { harmonics }) => torsion(place, images, series(harmonics)),
  'harmonic improper': (place, images) =>
    torsion(place, images, [
      ...excess('Math.abs(sine)', 'cosine', 1),
      'let slope = parameters[row][0] * excess;',
      'if (sine < 0) { slope = -slope; }',
      'if (sine === 0) { slope = 0; }',
    ]),
  'special pair': (_, images, { special }) => [
    ...separation('v', 'own', 'p0', images),
    `const r2 = ${dot('v', 'v')};`,
    ...special,
    ...add(['-force', 'v']),
  ],
}

/** Sine below which an angle is straight, as in reference/bonded.ts. */
const STRAIGHT = 1e-8

/** Steps of what is to be multiplied exactly: 12 bits hold fractions to a quarter of a frame, and 16 Å. */
const [FRACTION_STEPS, STEPS_PER_A] = [2 ** 14, 2 ** 8]
const onSteps = (x: string, steps: number) => `Math.floor(${x} * ${steps} + 0.5) * ${1 / steps}`

/**
 * v, its length r, and r − r₀ as (r² − r₀²)/(r + r₀). Stiff bonds are nearly r₀ long, so r² takes two numbers: products
 * of what is on steps, and their sums, are exact, and what is left is small.
 * @param column of r₀, and r₀² in two numbers
 */
const stretch = (images: readonly number[], column: number) => [
  ...fractions('v', 'own', 'p0', images),
  ...AXES.flatMap(axis => [
    `const coarse${axis} = ${onSteps(`(vHigh${axis} + vLow${axis})`, FRACTION_STEPS)};`,
    `const fine${axis} = (vHigh${axis} - coarse${axis}) + vLow${axis};`,
  ]),
  ...COMPONENTS.flatMap(c => {
    const sum = (part: (axis: string) => string) => AXES.map(part).join(' + ')
    const [coarse, rest] = [
      sum(axis => `coarse${axis} * coarse_${axis.toLowerCase()}${c}`),
      sum(axis => {
        const m = `${axis.toLowerCase()}${c}`
        return `(coarse${axis} * fine_${m} + fine${axis} * ${m})`
      }),
    ]
    return [
      `const exact${c} = ${coarse};`,
      `const rest${c} = ${rest};`,
      `const v${c} = exact${c} + rest${c};`,
      `const step${c} = ${onSteps(`v${c}`, STEPS_PER_A)};`,
      `const small${c} = (exact${c} - step${c}) + rest${c};`,
    ]
  }),
  `const r = Math.sqrt(${dot('v', 'v')});`,
  `const large = ${dot('step', 'step')} - parameters[row][${column + 1}];`,
  `const beyond = large + (2 * ${dot('step', 'small')} + ${dot('small', 'small')} - parameters[row][${column + 2}]);`,
  `const stretch = beyond / (r + parameters[row][${column}]);`,
]

/**
 * (atan(t)/t − 1)/t² as a polynomial in t², highest power first: least error for |t| ≤ 1, 4e-9 in the angle. Math.atan2 is
 * not used as WGSL asks for 4096 ulp of it and no more.
 */
const ARCTANGENT = [
  -0.0016024141, 0.010025549, -0.029446354, 0.056127182, -0.082897498, 0.10910275, -0.14255462, 0.1999762,
  -0.33333263,
]
const QUARTER = Math.fround(Math.PI / 2)
const HALF = Math.fround(Math.PI)

/**
 * An angle in [0, π] less another that is given in two numbers: what is large is subtracted first, and exactly.
 * @param y not negative
 */
const excess = (y: string, x: string, column: number) => [
  `const right = ${x};`,
  `const up = ${y};`,
  'let ratio = 0;',
  'let base = 0;',
  'let baseLow = 0;',
  'if (up < Math.abs(right)) {',
  '  ratio = up / right;',
  `  if (right < 0) { base = ${HALF}; baseLow = ${literal(Math.PI - HALF)}; }`,
  '}',
  'if (up >= Math.abs(right)) {',
  `  if (up > 0) { ratio = -right / up; base = ${QUARTER}; baseLow = ${literal(Math.PI / 2 - QUARTER)}; }`,
  '}',
  'const square = ratio * ratio;',
  `const bend = ratio + ratio * square * ${horner(ARCTANGENT, 'square')};`,
  `const excess = (base - parameters[row][${column}]) + (bend + (baseLow - parameters[row][${column + 1}]));`,
]

/** Torsion i–j–k–l: F = x_i − x_j, G = x_j − x_k, H = x_l − x_k; a and b along F×G and H×G. @param slope finds dE/dφ */
function torsion(place: Section['place'], images: readonly number[], slope: readonly string[]): string[] {
  const [i, j, k, l] = place === 'outer' ? ['own', 'p0', 'p1', 'p2'] : ['p0', 'own', 'p1', 'p2']
  return [
    ...separation('f', j!, i!, images),
    ...separation('g', k!, j!, images),
    ...separation('h', k!, l!, images),
    ...cross('m', 'f', 'g'),
    ...cross('n', 'h', 'g'),
    // Three atoms on a line would give 0/0.
    `const perM = 1 / Math.sqrt(Math.max(${dot('m', 'm')}, ${COLLINEAR}));`,
    `const perN = 1 / Math.sqrt(Math.max(${dot('n', 'n')}, ${COLLINEAR}));`,
    `const g2 = ${dot('g', 'g')};`,
    'const length = Math.sqrt(g2);',
    `const cosine = ${dot('m', 'n')} * perM * perN;`,
    `const sine = -length * ${dot('f', 'n')} * perM * perN;`,
    ...slope,
    'const pullM = slope * perM * perM;',
    ...(place === 'outer'
      ? ['const along = pullM * length;', ...add(['along', 'm'])]
      : [
          'const pullN = slope * perN * perN;',
          `const alongM = -pullM * (g2 + ${dot('f', 'g')}) / length;`,
          `const alongN = pullN * ${dot('h', 'g')} / length;`,
          ...add(['alongM', 'm'], ['alongN', 'n']),
        ]),
  ]
}

/** Å⁴ */
const COLLINEAR = 1e-24

/** dE/dφ, each cos nφ and sin nφ from those before it by turning through φ. */
function series(harmonics: readonly Harmonic[]): string[] {
  const highest = harmonics.at(-1)!.n
  const lines = ['const c1 = cosine;', 'const s1 = sine;']
  for (let n = 2; n <= highest; n++) {
    lines.push(`const c${n} = c${n - 1} * cosine - s${n - 1} * sine;`)
    lines.push(`const s${n} = s${n - 1} * cosine + c${n - 1} * sine;`)
  }
  const terms = harmonics.map(
    ({ n, part }, c) => `parameters[row][${c}] * ${part === 'cosine' ? 'c' : 's'}${n}`,
  )
  return [...lines, `const slope = ${terms.join(' + ')};`]
}
