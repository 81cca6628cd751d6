/**
 * Radial pair interactions. Each comes as two pure functions: the energy E (eV) and −(dE/dr)/r (eV/Å²), which times
 * the separation vector is the force. What both need (powers, exponentials) is computed once by the caller and handed
 * in. Cut-off treatment is composed on top.
 *
 * | form | equation | source |
 * |---|---|---|
 * | lennard-jones | E = 4ε[(σ/r)¹² − (σ/r)⁶] | Jones 1924, https://doi.org/10.1098/rspa.1924.0082 |
 * | buckingham | E = A e^{−r/ρ} − C/r⁶ | Buckingham 1938, https://doi.org/10.1098/rspa.1938.0173 |
 * | born | E = A e^{(σ−r)/ρ} − C/r⁶ + D/r⁸ (LAMMPS's sign of D) | Tosi & Fumi 1964, https://doi.org/10.1016/0022-3697(64)90160-X |
 * | morse | E = D[(1 − e^{−a(r−r₀)})² − 1] | Morse 1929, https://doi.org/10.1103/PhysRev.34.57 |
 * | inverse-twelfth | E = R/r¹² | Pedone et al. 2006, https://doi.org/10.1021/jp0611018, eq. 1 |
 */

/** @param s6 (σ/r)⁶ */
export function lennardJonesEnergy(s6: number, epsilon: number): number {
  return 4 * epsilon * s6 * (s6 - 1)
}

/** @param s6 (σ/r)⁶ @param inverseR2 1/r² */
export function lennardJonesForceOverR(s6: number, epsilon: number, inverseR2: number): number {
  return 24 * epsilon * s6 * (2 * s6 - 1) * inverseR2
}

/** @param repulsion A e^{−r/ρ} @param inverseR6 1/r⁶ */
export function buckinghamEnergy(repulsion: number, C: number, inverseR6: number): number {
  return repulsion - C * inverseR6
}

/** @param slope (A/ρ) e^{−r/ρ} @param inverseR 1/r @param inverseR6 1/r⁶ */
export function buckinghamForceOverR(slope: number, C: number, inverseR: number, inverseR6: number): number {
  return slope * inverseR - 6 * C * inverseR6 * inverseR * inverseR
}

/** @param repulsion A e^{(σ−r)/ρ} @param inverseR2 1/r² */
export function bornEnergy(repulsion: number, C: number, D: number, inverseR2: number): number {
  return repulsion - (C - D * inverseR2) * inverseR2 * inverseR2 * inverseR2
}

/** @param slope (A/ρ) e^{(σ−r)/ρ} @param inverseR 1/r */
export function bornForceOverR(slope: number, C: number, D: number, inverseR: number): number {
  const inverseR2 = inverseR * inverseR
  const inverseR8 = inverseR2 * inverseR2 * inverseR2 * inverseR2
  return slope * inverseR - (6 * C - 8 * D * inverseR2) * inverseR8
}

/** @param decay e^{−a(r−r₀)} */
export function morseEnergy(decay: number, D: number): number {
  return D * decay * (decay - 2)
}

/** @param decay e^{−a(r−r₀)} @param inverseR 1/r */
export function morseForceOverR(decay: number, D: number, a: number, inverseR: number): number {
  return 2 * D * a * decay * (decay - 1) * inverseR
}

/** @param inverseR6 1/r⁶ */
export function inverseTwelfthEnergy(inverseR6: number, R12: number): number {
  return R12 * inverseR6 * inverseR6
}

/** @param inverseR6 1/r⁶ @param inverseR2 1/r² */
export function inverseTwelfthForceOverR(inverseR6: number, R12: number, inverseR2: number): number {
  return 12 * R12 * inverseR6 * inverseR6 * inverseR2
}

/** Quintic switch: 1 at `from`, 0 at `to`, zero slope and curvature at both. */
export function switchValue(r: number, from: number, to: number): number {
  if (r <= from) return 1
  const x = (r - from) / (to - from)
  return 1 - x * x * x * (10 - x * (15 - 6 * x))
}

/** Derivative of the quintic switch, 1/Å. */
export function switchSlope(r: number, from: number, to: number): number {
  if (r <= from) return 0
  const x = (r - from) / (to - from)
  return (-30 * x * x * (1 - x) * (1 - x)) / (to - from)
}

/**
 * Energy and isotropic virial (each diagonal element) of a uniform Lennard-Jones fluid beyond the cut-off, per
 * ordered type pair, times the volume: Allen & Tildesley, Computer Simulation of Liquids (2017), eqs. 2.144–2.148.
 */
export function lennardJonesTail(
  epsilon: number,
  sigma: number,
  cutoff: number,
): { energyTimesVolume: number; virialTimesVolume: number } {
  const sigma6 = sigma ** 6
  const cutoff6 = cutoff ** 6
  const scale = (8 * Math.PI * epsilon * sigma6) / (9 * cutoff ** 9)
  return {
    energyTimesVolume: scale * (sigma6 - 3 * cutoff6),
    virialTimesVolume: 2 * scale * (2 * sigma6 - 3 * cutoff6),
  }
}
