/**
 * Standard atomic weights, g/mol, in order of atomic number: IUPAC 2021, abridged to five figures
 * (https://doi.org/10.1515/pac-2019-0603); the mass number of the longest-lived isotope for elements without one.
 */
export const ATOMIC_WEIGHTS: Readonly<Record<string, number>> = {
  H: 1.008,
  He: 4.0026,
  Li: 6.94,
  Be: 9.0122,
  B: 10.81,
  C: 12.011,
  N: 14.007,
  O: 15.999,
  F: 18.998,
  Ne: 20.18,
  Na: 22.99,
  Mg: 24.305,
  Al: 26.982,
  Si: 28.085,
  P: 30.974,
  S: 32.06,
  Cl: 35.45,
  Ar: 39.948,
  K: 39.098,
  Ca: 40.078,
  Sc: 44.956,
  Ti: 47.867,
  V: 50.941,
  Cr: 51.996,
  Mn: 54.938,
  Fe: 55.845,
  Co: 58.933,
  Ni: 58.693,
  Cu: 63.546,
  Zn: 65.38,
  Ga: 69.723,
  Ge: 72.63,
  As: 74.922,
  Se: 78.971,
  Br: 79.904,
  Kr: 83.798,
  Rb: 85.468,
  Sr: 87.62,
  Y: 88.906,
  Zr: 91.224,
  Nb: 92.906,
  Mo: 95.95,
  Tc: 97,
  Ru: 101.07,
  Rh: 102.91,
  Pd: 106.42,
  Ag: 107.87,
  Cd: 112.41,
  In: 114.82,
  Sn: 118.71,
  Sb: 121.76,
  Te: 127.6,
  I: 126.9,
  Xe: 131.29,
  Cs: 132.91,
  Ba: 137.33,
  La: 138.91,
  Ce: 140.12,
  Pr: 140.91,
  Nd: 144.24,
  Pm: 145,
  Sm: 150.36,
  Eu: 151.96,
  Gd: 157.25,
  Tb: 158.93,
  Dy: 162.5,
  Ho: 164.93,
  Er: 167.26,
  Tm: 168.93,
  Yb: 173.05,
  Lu: 174.97,
  Hf: 178.49,
  Ta: 180.95,
  W: 183.84,
  Re: 186.21,
  Os: 190.23,
  Ir: 192.22,
  Pt: 195.08,
  Au: 196.97,
  Hg: 200.59,
  Tl: 204.38,
  Pb: 207.2,
  Bi: 208.98,
  Po: 209,
  At: 210,
  Rn: 222,
  Fr: 223,
  Ra: 226,
  Ac: 227,
  Th: 232.04,
  Pa: 231.04,
  U: 238.03,
}

const SYMBOLS = Object.keys(ATOMIC_WEIGHTS)

/** True for chemical symbols and for X, the symbol of sites that are no element. */
export function isElement(symbol: string): boolean {
  return symbol === 'X' || symbol in ATOMIC_WEIGHTS
}

/** Symbol of an atomic number; X for 0, undefined beyond uranium. */
export function symbolOfAtomicNumber(atomicNumber: number): string | undefined {
  return atomicNumber === 0 ? 'X' : SYMBOLS[atomicNumber - 1]
}

/** Standard atomic weight, g/mol; 1 for X, which keeps the dynamics of such a site defined. */
export function atomicWeight(symbol: string): number {
  return ATOMIC_WEIGHTS[symbol] ?? 1
}

/** Largest difference between a mass in a file and the standard weight of its element, g/mol. */
const LARGEST_DIFFERENCE = 0.5
/** Limits of hydrogen-mass repartitioning, g/mol: the mass of an H, and the mass that an atom gives to its H. */
const HEAVIEST_HYDROGEN = 5
const LIGHTENED_BY_AT_MOST = 9.5

/**
 * The element of an atom type, from its mass and, after hydrogen-mass repartitioning, from a label such as `HC`.
 * Repartitioned masses are near to those of other elements (H of 4 g/mol to He, CH of 9 g/mol to Be), so a label that
 * explains the mass by repartitioning has priority over the nearest weight.
 * @param label name of the type in the file's comment; null if there is none
 * @returns X when no element fits
 */
export function elementOfMass(mass: number, label: string | null): string {
  const nearest = SYMBOLS.reduce((best, symbol) =>
    Math.abs(ATOMIC_WEIGHTS[symbol]! - mass) < Math.abs(ATOMIC_WEIGHTS[best]! - mass) ? symbol : best,
  )
  const distance = Math.abs(ATOMIC_WEIGHTS[nearest]! - mass)
  // Many programs write Si and Cl as `SI` and `CL`: these are no sulfur or carbon with a repartitioned mass.
  const spelledOut = label?.toUpperCase().startsWith(nearest.toUpperCase()) ?? false
  const named = label === null || spelledOut ? null : symbolInLabel(label)
  if (named !== null && isRepartitioned(named, mass)) return named
  return distance <= LARGEST_DIFFERENCE ? nearest : 'X'
}

function isRepartitioned(symbol: string, mass: number): boolean {
  const weight = ATOMIC_WEIGHTS[symbol]!
  if (symbol === 'H') return mass > weight && mass <= HEAVIEST_HYDROGEN
  return (
    ['C', 'N', 'O', 'S', 'P', 'Si'].includes(symbol) && mass < weight && weight - mass <= LIGHTENED_BY_AT_MOST
  )
}

/** Element at the start of a label: Li of `Li+`, H of `HC`, C of `CF3`; null if there is none. */
function symbolInLabel(label: string): string | null {
  const [, two = '', one = ''] = /^([A-Z][a-z])|^([A-Z])/.exec(label) ?? []
  if (two in ATOMIC_WEIGHTS) return two
  const first = one || two.slice(0, 1)
  return first in ATOMIC_WEIGHTS ? first : null
}

/** Number of atoms of each element, in order of appearance. */
export function composition(elements: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const element of elements) counts[element] = (counts[element] ?? 0) + 1
  return counts
}
