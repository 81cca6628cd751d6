/**
 * Complementary error function for x ≥ 0 by W. J. Cody's rational Chebyshev approximations
 * (Math. Comp. 1969, 23, 631, https://doi.org/10.1090/S0025-5718-1969-0247736-4); relative error below 1e-15.
 * @param gaussian e^{−x²}, a parameter because every caller needs that factor anyway
 */
export function erfcFromGaussian(x: number, gaussian: number): number {
  if (x < 0.46875) {
    const y = x * x
    const above =
      (((0.18577770618460315 * y + 3.1611237438705655) * y + 113.86415415105016) * y + 377.485237685302) * y +
      3209.3775891384694
    const below =
      (((y + 23.601290952344122) * y + 244.02463793444417) * y + 1282.6165260773723) * y + 2844.236833439171
    return 1 - (x * above) / below
  }
  if (x < 4) {
    const above =
      (((((((2.1531153547440383e-8 * x + 0.5641884969886701) * x + 8.883149794388377) * x +
        66.11919063714163) *
        x +
        298.6351381974001) *
        x +
        881.952221241769) *
        x +
        1712.0476126340707) *
        x +
        2051.0783778260716) *
        x +
      1230.3393547979972
    const below =
      (((((((x + 15.744926110709835) * x + 117.6939508913125) * x + 537.1811018620099) * x +
        1621.3895745666903) *
        x +
        3290.7992357334597) *
        x +
        4362.619090143247) *
        x +
        3439.3676741437216) *
        x +
      1230.3393548037495
    return (gaussian * above) / below
  }
  const y = 1 / (x * x)
  const above =
    ((((0.016315387137302097 * y + 0.30532663496123236) * y + 0.36034489994980445) * y +
      0.12578172611122926) *
      y +
      0.016083785148742275) *
      y +
    0.0006587491615298378
  const below =
    ((((y + 2.568520192289822) * y + 1.8729528499234673) * y + 0.5279051029514285) * y +
      0.06051834131244132) *
      y +
    0.0023352049762686918
  return (gaussian * (0.5641895835477563 - (y * above) / below)) / x
}

/** erfc(x) for any real x. */
export function erfc(x: number): number {
  const value = erfcFromGaussian(Math.abs(x), Math.exp(-x * x))
  return x < 0 ? 2 - value : value
}

/**
 * LAMMPS's approximation of erfc for x ≥ 0, with an error up to 1.5e-7: Abramowitz & Stegun, Handbook of Mathematical
 * Functions (1964), eq. 7.1.26. Used only for comparisons with LAMMPS that must agree more closely than this error.
 */
export function erfcOfLammps(x: number, gaussian: number): number {
  const t = 1 / (1 + 0.3275911 * x)
  return (
    t *
    (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) *
    gaussian
  )
}
