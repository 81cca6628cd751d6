/** A potential of rock salt, its numbers made up for tests. */
export const SALT = `name: salt
energy_unit: eV
mixing: geometric
special: { pair: [0, 0, 0], coulomb: [0, 0, 0] }
sources: { made: { citation: made up for this test } }
types:
  Li: { class: Li, element: Li, mass_g_per_mol: 6.94, charge_e: 0.7, ion: true, epsilon: 0.01, sigma_A: 2, source: made }
  F: { class: F, element: F, mass_g_per_mol: 19, charge_e: -0.7, ion: true, epsilon: 0.01, sigma_A: 2.5, source: made }
`
