import { expect, it } from 'vitest'
import { orthorhombicBox } from '../../../src/core/box.ts'
import { fourierSeries } from '../../../src/platform/reference/torsionCurves.ts'
import { createTorsions } from '../../../src/platform/reference/torsions.ts'
import { randomSequence, STREAM } from '../../../src/rng.ts'

const ORDER = 6
const random = randomSequence(1, STREAM.build)
const draw = (count: number) => Float64Array.from({ length: count }, () => 2 * random.uniform() - 1)
/** Arms 0 1 2 at atom 6, arms 3 4 5 at atom 7; some torsions are written backwards, one comes twice. */
const quadruples = [0, 1, 2].flatMap(near =>
  [3, 4, 5].map(far => (near === 1 ? [far, 7, 6, near] : [near, 6, 7, far])),
)
quadruples.push([0, 6, 7, 3], [6, 7, 3, 8])
const count = quadruples.length
const coefficients = draw(count * 2 * (ORDER + 1))
const box = orthorhombicBox(12, 12, 12)
const base = [...[-2, 1, 0], ...[-2, -1, 1], ...[-2, 0, -1], ...[2, 1, 0], ...[2, -1, 1], ...[2, 0, -1]]
const noise = draw(27)
const positions = Float64Array.from([...base, -0.8, 0, 0, 0.8, 0, 0, 3, 2, 1], (x, k) => x + 0.3 * noise[k]!)
const term = createTorsions(Int32Array.from(quadruples.flat()), fourierSeries({ order: ORDER, coefficients }))

function evaluate(x: Float64Array, wantsVirial = true) {
  const into = { forces: new Float64Array(x.length), virial: new Float64Array(9) }
  return { energy: term(box, x, into, wantsVirial), ...into }
}

/** The angle by its definition, and the series term by term. */
function energyByDefinition(x: Float64Array): number {
  const between = (a: number, b: number) => [0, 1, 2].map(c => x[3 * b + c]! - x[3 * a + c]!)
  const cross = ([a, b, c]: number[], [d, e, f]: number[]) => [
    b! * f! - c! * e!,
    c! * d! - a! * f!,
    a! * e! - b! * d!,
  ]
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, k) => sum + value * b[k]!, 0)
  return quadruples.reduce((sum, [i, j, k, l], torsion) => {
    const [b1, b2, b3] = [between(i!, j!), between(j!, k!), between(k!, l!)]
    const [m, n] = [cross(b1, b2), cross(b2, b3)]
    const phi = Math.atan2(Math.hypot(...b2) * dot(b1, n), dot(m, n))
    const at = torsion * 2 * (ORDER + 1)
    for (let order = 0; order <= ORDER; order++) {
      sum += coefficients[at + order]! * Math.cos(order * phi)
      sum += coefficients[at + ORDER + 1 + order]! * Math.sin(order * phi)
    }
    return sum
  }, 0)
}

it('torsions that share arms have the sum of single torsions', () => {
  const { energy, forces } = evaluate(positions)
  expect(energy).toBeCloseTo(energyByDefinition(positions), 11)
  positions.forEach((_, k) => {
    const at = (shift: number) => energyByDefinition(positions.map((x, n) => (n === k ? x + shift : x)))
    const [a, b, c, d] = [at(-2e-4), at(-1e-4), at(1e-4), at(2e-4)]
    expect(forces[k]!).toBeCloseTo(-(a! - 8 * b! + 8 * c! - d!) / 1.2e-3, 7)
  })
})

it('finds the nearest image of arms and axes across the faces of the cell', () => {
  const whole = evaluate(positions)
  const scattered = evaluate(positions.map((x, k) => x + 12 * ((k * 7) % 5)))
  expect(scattered.energy).toBeCloseTo(whole.energy, 11)
  whole.forces.forEach((f, k) => {
    expect(scattered.forces[k]!).toBeCloseTo(f, 10)
  })
  whole.virial.forEach((v, k) => {
    expect(scattered.virial[k]!).toBeCloseTo(v, 10)
  })
})

it('forces of torsions do not depend on whether the virial is wanted', () => {
  expect(evaluate(positions, false).forces).toEqual(evaluate(positions).forces)
})
