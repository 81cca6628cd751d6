/*
 * Records in WebAssembly memory that TypeScript and the kernels share. TypeScript writes and reads them by name
 * (`Arena.write`, `Arena.read`). The kernels have the same offsets from assembly/layout.ts, which git ignores: `npm run wasm`
 * writes it from RECORDS and CONSTANTS below, before it compiles (test/tools/wasm.ts).
 */

type NumberType = 'i32' | 'f32' | 'f64'

export interface Field {
  readonly type: NumberType
  readonly count: number
  /** Bytes from the beginning of the record. */
  readonly offset: number
}

export interface RecordLayout<Name extends string = string> {
  readonly fields: Readonly<Record<Name, Field>>
  /** Length of the record. */
  readonly bytes: number
}

const BYTES = { i32: 4, f32: 4, f64: 8 } as const

/** A field of a record in the making: its alignment is that of its type unless another is given, bytes. */
interface Member {
  readonly type: NumberType
  readonly count: number
  readonly align: number
}

const member =
  (type: NumberType) =>
  (count = 1, align: number = BYTES[type]): Member => ({ type, count, align })
const [i32, f32, f64] = [member('i32'), member('f32'), member('f64')]
/** Members of one type, one number each. */
const each = <Name extends string>(make: () => Member, ...names: Name[]): Record<Name, Member> =>
  Object.fromEntries(names.map(name => [name, make()])) as Record<Name, Member>

/** Fields one after another, each at the next multiple of its alignment. @param align of the record's length, bytes */
function record<Name extends string>(members: Readonly<Record<Name, Member>>, align = 4): RecordLayout<Name> {
  let end = 0
  const fields = {} as Record<Name, Field>
  for (const name of Object.keys(members) as Name[]) {
    const { type, count, align } = members[name]
    const offset = Math.ceil(end / align) * align
    fields[name] = { type, count, offset }
    end = offset + BYTES[type] * count
  }
  return { fields, bytes: Math.ceil(end / align) * align }
}

/** Highest degree of a fitted polynomial. */
export const MAX_DEGREE = 40
const VECTOR = 16
const CACHE_LINE = 64

/** Parameters of the pair kernels; the row of a pair of types stands in assembly/potential.ts. Lengths in Å, energies in eV. */
export const NONBONDED = record({
  ...each(f32, 'cutoff2', 'coulombCutoff2'),
  /** The polynomials' variable is t = scale·r² + offset, −1 ≤ t ≤ 1 within the Coulomb cut-off. */
  ...each(f32, 'variableScale', 'variableOffset'),
  ...each(f32, 'forceShift', 'energyShift'),
  /** R⁻⁶ and R⁻¹² at the cut-off R where energies are shifted, else 0. */
  ...each(f32, 'shift6', 'shift12'),
  /** Values of a general row: number of exponentials, flag of switching, number of vectors. */
  ...each(i32, 'exponentials', 'degree', 'isSwitched', 'rowVectors'),
  /** Coefficients, highest power first. */
  forcePolynomial: f32(MAX_DEGREE + 1, CACHE_LINE),
  powerOfTwo: f32(6),
  energyPolynomial: f32(MAX_DEGREE + 1, CACHE_LINE),
  /** Addresses; `rowBytes` is the length of the rows of one cluster. */
  ...each(i32, 'clusters', 'rows', 'rowBytes', 'rowOffsets', 'laneMasks'),
  /** Growth of the box since the list was built. */
  scale: f64(),
})

/** Sums that a pair kernel adds to, eV. */
export const SUMS = record(each(f64, 'pair', 'coulomb', 'xx', 'xy', 'xz', 'yy', 'yz', 'zz'))

/** Workspace of the pair kernels. */
export const PAIR_WORK = record({
  sums: f64(8),
  /** Sums over the pairs of one entry, in the order of SUMS, four lanes each. */
  entrySums: f32(32),
  /** Pair energies and values of a polynomial, a vector for each atom of the i cluster. */
  ...each(() => f32(16), 'energies', 'smooth'),
  /** Coordinates and charges of the i cluster, a vector for each atom. */
  ...each(() => f32(16), 'x', 'y', 'z', 'q'),
})

/** Workspace of the kernels of special pairs; entries of the list of far fours follow. */
export const SPECIAL_WORK = record(
  {
    sums: f64(8),
    /** Sums over one stretch of pairs, in the order of SUMS, four lanes each. */
    stretchSums: f32(32),
    energies: f32(4),
    /** Number of fours with a pair beyond the polynomials' range: such pairs are left out. */
    farCount: i32(),
  },
  VECTOR,
)
/** Arrays of the special pairs of one kernel, addresses: see `special` in assembly/special.ts. */
export const SPECIAL_PAIRS = record(each(i32, 'pairs', 'apart', 'translations', 'coefficients'))
/** A four with a pair beyond the polynomials' range: its first pair, and a bit for each pair within the range. */
export const FAR = record(each(i32, 'first', 'near'))

/** Input of `buildList`: addresses, unless they are counts; see clusters/clusters.ts for what the arrays hold. */
export const SEARCH = record({
  reach2: f32(),
  ...each(i32, 'coordinates', 'bounds', 'slabs', 'columnsPerSlab', 'columns'),
  ...each(i32, 'columnBounds', 'slabBounds', 'allBounds', 'shiftCount', 'shifts'),
  ...each(i32, 'blockOf', 'origins', 'heads', 'next', 'links', 'found', 'masks'),
  ...each(i32, 'entries', 'entryCapacity', 'plain', 'plainCapacity'),
  ...each(i32, 'maskedEntries', 'maskedEntryCapacity', 'masked', 'maskedCapacity'),
  ...each(i32, 'touched', 'isFull'),
})

/** Output of `buildList`: lengths, and 1, or 0 where an array is too short and the lengths say what would be needed. */
export const LIST_COUNTS = record(each(i32, 'entries', 'plain', 'maskedEntries', 'masked', 'fits'))
/** Output of `pruneList`. */
export const KEPT = record(each(i32, 'entries', 'js'))

/** An entry of a list: an i cluster, its range of j clusters, and what is added to the i coordinates for their frame and image. */
export const ENTRY = record(
  { ...each(i32, 'cluster', 'from', 'to', 'shift'), ...each(f64, 'x', 'y', 'z') },
  VECTOR,
)

/** A special pair as the search meets it: its j cluster, the image, the bit of the pair in a mask. */
export const LINK = record(each(i32, 'cluster', 'shift', 'bit'))

/** Input of `fullRows`: addresses and counts. */
export const FULL_LIST = record(
  each(
    i32,
    'entries',
    'entryCount',
    'js',
    'maskedEntries',
    'maskedEntryCount',
    'maskedJs',
    'imageOfShift',
    'clusterCount',
  ),
)

/** Input of `gatherFractions`: columns turn a position, Å, into fractions of the frame; frames along each axis of the box. */
export const FRAME = record({ toFractions: f64(9), perBox: f64(3) })

/** A cell: lattice vectors row by row, Å, and the inverse, 1/Å. */
export const CELL = record({ matrix: f64(9), inverse: f64(9) })

/** Plan of transforms of one length: `passes` records of PASS follow. */
export const AXIS_PLAN = record(each(i32, 'length', 'passes'))
/** A pass of a transform: its radix, and the address of its factors e^{−2πi jp/rm}, j = 1…r−1, as pairs of f32, p after p. */
export const PASS = record(each(i32, 'radix', 'factors'))

/** Particle-mesh Ewald of one system. */
export const MESH = record({
  ...each(i32, 'n0', 'n1', 'n2', 'order'),
  /** Bytes from one row of the grid (along c) to the next, a multiple of 16, and from one plane (b, c) to the next. */
  ...each(i32, 'row', 'plane'),
  /** Address of f32 [n0][n1][n2 and room for a spline that sticks out]. */
  grid: i32(),
  /** Addresses of the axis plans along a, b, c. */
  ...each(i32, 'axis0', 'axis1', 'axis2'),
  /** Address of f32 [n0/2+1][n1/4][n2][4]: half the influence function, four neighbours along b in a vector. */
  influence: i32(),
  /** Addresses of f64 [n]: |b(m)|² along a, b, c. */
  ...each(i32, 'moduli0', 'moduli1', 'moduli2'),
  /** Addresses: records of PLACE, one per atom; charges f32 [N], e; records of PLANE_SUMS, n0/2 + 1. */
  ...each(i32, 'places', 'charges', 'sums'),
  inverse: f64(9),
  /** π²/α², Å² */
  decay: f64(),
  /** Half of C/(πV). */
  prefactor: f64(),
})
/** An atom on the grid: fractions of its grid step, charge, and grid point. */
export const PLACE = record({ fractions: f32(3), charge: f32(), points: i32(3) }, VECTOR)
/** Energy, eV, and Σ w·mᵢmⱼ of a plane of frequencies. */
export const PLANE_SUMS = record(each(f64, 'energy', 'aa', 'ab', 'ac', 'bb', 'bc', 'cc', 'spare'))

/** Records by the name that assembly/layout.ts gives them. */
export const RECORDS = {
  Nonbonded: NONBONDED,
  Sums: SUMS,
  PairWork: PAIR_WORK,
  SpecialWork: SPECIAL_WORK,
  SpecialPairs: SPECIAL_PAIRS,
  Far: FAR,
  Search: SEARCH,
  ListCounts: LIST_COUNTS,
  Kept: KEPT,
  Entry: ENTRY,
  Link: LINK,
  FullList: FULL_LIST,
  Frame: FRAME,
  Cell: CELL,
  AxisPlan: AXIS_PLAN,
  Pass: PASS,
  Mesh: MESH,
  Place: PLACE,
  PlaneSums: PLANE_SUMS,
} as const satisfies Readonly<Record<string, RecordLayout>>

/** Clusters of a patch: forces are cleared and summed in pages of memory. */
export const PATCH = 64
/** Bits of `wants` of `pmePlanes`. */
export const WANT_ENERGY = 1
export const WANT_VIRIAL = 2
/** A mask in which every pair of atoms of two clusters counts: bit 4i + j. */
export const EVERY_PAIR = 0xffff
/** Charge of a lane without an atom in a full list; charges of atoms are far smaller. */
export const NO_ATOM = 1e30
/** A real and an imaginary vector of four transforms, bytes. */
export const COMPLEX_BYTES = 32
/** Coordinates and charges of a cluster, x4 y4 z4 q4, or its forces; bytes. */
export const CLUSTER_BYTES = 64

/** Constants by the name that assembly/layout.ts gives them, with their type there. */
export const CONSTANTS = {
  PATCH: { type: 'i32', value: PATCH },
  WANT_ENERGY: { type: 'i32', value: WANT_ENERGY },
  WANT_VIRIAL: { type: 'i32', value: WANT_VIRIAL },
  EVERY_PAIR: { type: 'i32', value: EVERY_PAIR },
  NO_ATOM: { type: 'f32', value: NO_ATOM },
  COMPLEX_BYTES: { type: 'usize', value: COMPLEX_BYTES },
} as const
