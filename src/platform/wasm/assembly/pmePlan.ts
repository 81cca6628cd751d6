// Where the fields of a particle-mesh plan stand, in bytes; written by ../pme.ts. Addresses and numbers are i32 unless
// said otherwise.

export const N0: usize = 0
export const N1: usize = 4
export const N2: usize = 8
export const ORDER: usize = 12
/** Bytes from one row of the grid (along c) to the next, a multiple of 16. */
export const ROW: usize = 16
/** Bytes from one plane (b, c) of the grid to the next. */
export const PLANE: usize = 20
/** f32 [n0][n1][n2 and room for a spline that sticks out]. */
export const GRID: usize = 24
/** Axis plans of the transforms along a, b, c. */
export const AXIS0: usize = 28
export const AXIS1: usize = 32
export const AXIS2: usize = 36
/** f32 [n0/2+1][n1/4][n2][4]: half the influence function, four neighbours along b in a vector. */
export const INFLUENCE: usize = 40
/** f64 [n]: |b(m)|² along a, b, c. */
export const MODULI0: usize = 44
export const MODULI1: usize = 48
export const MODULI2: usize = 52
/** [N] where each atom stands in the grid: f32 fractions of a, b, c and charge, then i32 points of a, b, c. */
export const PLACES: usize = 56
/** f32 [N] e */
export const CHARGES: usize = 60
/** f64 [n0/2+1][8]: energy and virial of each plane, see `pmePlanes`. */
export const SUMS: usize = 64
/** f64 [9]: inverse of the cell matrix. */
export const INVERSE: usize = 72
/** f64: π²/α² */
export const DECAY: usize = 144
/** f64: half of C/(πV) */
export const PREFACTOR: usize = 152

export const PLACE_BYTES: usize = 32
export const SUMS_BYTES: usize = 64
