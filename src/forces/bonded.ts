/**
 * Energies of bonds, angles and dihedrals and their derivatives. Lengths in Å, angles in radians, energies in eV.
 *
 * | term | equation | source |
 * |---|---|---|
 * | harmonic | E = ½k(x − x₀)² | |
 * | morse bond | E = D(1 − e^{−a(r−r₀)})² | Morse 1929, https://doi.org/10.1103/PhysRev.34.57 |
 * | Fourier | E = Σₙ aₙ cos nφ + bₙ sin nφ | OPLS: Jorgensen et al. 1996, https://doi.org/10.1021/ja9621760, eq. 4 |
 */

export function harmonicEnergy(x: number, k: number, x0: number): number {
  return 0.5 * k * (x - x0) * (x - x0)
}

export function harmonicSlope(x: number, k: number, x0: number): number {
  return k * (x - x0)
}

export function morseBondEnergy(r: number, D: number, a: number, r0: number): number {
  const rise = 1 - Math.exp(-a * (r - r0))
  return D * rise * rise
}

export function morseBondSlope(r: number, D: number, a: number, r0: number): number {
  const decay = Math.exp(-a * (r - r0))
  return 2 * D * a * decay * (1 - decay)
}

/** Adds k[1 + cos(nφ − δ)] to the Fourier coefficients [a₀…a_order, b₀…b_order] that start at `offset`. */
export function addCosine(
  coefficients: Float64Array,
  offset: number,
  order: number,
  k: number,
  n: number,
  delta: number,
): void {
  coefficients[offset]! += k
  coefficients[offset + n]! += k * Math.cos(delta)
  coefficients[offset + order + 1 + n]! += k * Math.sin(delta)
}

/**
 * Adds an OPLS torsion to the Fourier coefficients at `offset`:
 * E = V₁/2(1+cos φ) + V₂/2(1−cos 2φ) + V₃/2(1+cos 3φ) + V₄/2(1−cos 4φ).
 */
export function addOpls(
  coefficients: Float64Array,
  offset: number,
  order: number,
  V: readonly number[],
): void {
  V.forEach((value, k) => {
    if (value !== 0) addCosine(coefficients, offset, order, value / 2, k + 1, k % 2 === 0 ? 0 : Math.PI)
  })
}
