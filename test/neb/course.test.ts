import { describe, expect, it } from 'vitest'
import {
  astray,
  beginClimb,
  type Course,
  climber,
  follow,
  type Sighting,
  setOut,
  takeBack,
} from '../../src/neb/course.ts'

/** Five images on a straight line of a length. */
function band(length_A: number) {
  return {
    images: [0, 1, 2, 3, 4].map(i => Float64Array.of((i * length_A) / 4, 0, 0)),
    energies_eV: [-10, -9.8, -9.5, -9.7, -10],
    forces: [0, 1, 2, 3, 4].map(() => new Float64Array(3)),
  }
}

function seen(iteration: number, fmax: number, extra: Partial<Sighting> & { steepest?: number } = {}) {
  const { steepest = 0.4, ...rest } = extra
  const sighting: Sighting = {
    iteration,
    stage: 'plain',
    band: band(4),
    forces: {
      // No iteration lowers the forces at the ends.
      fmax_eV_per_A: [99, 0.01, 0.02, fmax, 99],
      tangentForces_eV_per_A: [0, -steepest, 0.1, 0.3, 0],
    },
    ...rest,
  }
  return sighting
}

const climbing = { stage: 'climbing' as const }
const fresh = () => setOut(band(4), 0.1, false)
const followed = (course: Course, ...sightings: Sighting[]) => sightings.reduce(follow, course)

/** The force of every iteration from one on, and what is wrong when one is reached. */
function judged(course: Course, first: number, forces: readonly number[], extra: Partial<Sighting> = {}) {
  let now = course
  for (const [k, fmax] of forces.entries()) {
    const sighting = seen(first + k, fmax, extra)
    const setback = astray(now, sighting)
    if (setback) return { course: now, setback }
    now = follow(now, sighting)
  }
  return { course: now, setback: null }
}
const always = (fmax: number, iterations = 20) => Array.from({ length: iterations }, () => fmax)

describe('a band goes astray', () => {
  it('when its forces explode and stay so, on the image that feels the largest', () => {
    const course = followed(fresh(), seen(0, 2), seen(1, 1))
    expect(judged(course, 2, always(5.9)).setback).toBeNull()
    expect(judged(course, 2, always(6.1)).setback).toEqual({
      iteration: 7,
      stage: 'plain',
      reason: 'force',
      image: 3,
      fmax_eV_per_A: 6.1,
      height_eV: 0.5,
      length_A: 4,
    })
  })

  it('not when forces only overshoot, however often', () => {
    const course = followed(fresh(), seen(0, 2))
    const overshoot = [...always(50, 5), 5.9]
    expect(judged(course, 1, [...overshoot, ...overshoot, ...overshoot]).setback).toBeNull()
    expect(judged(course, 1, [...overshoot, ...always(50, 6)]).setback).toMatchObject({ iteration: 12 })
  })

  it('not when forces stay small, or no steeper than the path', () => {
    expect(judged(followed(fresh(), seen(0, 0.1)), 1, always(2.9)).setback).toBeNull()
    expect(judged(followed(fresh(), seen(0, 0.1)), 1, always(3.1)).setback).toMatchObject({ iteration: 6 })
    const steep = followed(fresh(), seen(0, 0.1, { steepest: 40 }))
    expect(judged(steep, 1, always(119)).setback).toBeNull()
    expect(judged(steep, 1, always(121)).setback).toMatchObject({ iteration: 6 })
  })

  it('by the forces that its stage began with, not those of another', () => {
    const plain = followed(fresh(), seen(0, 50))
    expect(judged(plain, 1, always(149)).setback).toBeNull()
    expect(judged(beginClimb(plain, band(4)), 1, [0.1, ...always(4)], climbing).setback).toMatchObject({
      iteration: 7,
      stage: 'climbing',
    })
  })

  it('no earlier for having been gone on with from a checkpoint', () => {
    const { course } = judged(followed(fresh(), seen(0, 1)), 1, always(9, 4))
    const again = followed(course, seen(4, 9))
    expect(again).toEqual(course)
  })

  it('when the path grows out of all proportion', () => {
    const course = followed(fresh(), seen(0, 1))
    expect(astray(course, seen(1, 1, { band: band(19) }))).toBeNull()
    expect(astray(course, seen(1, 1, { band: band(21) }))).toMatchObject({ reason: 'length', length_A: 21 })
  })

  it('when it climbs for long and comes no nearer to a saddle', () => {
    const course = followed(beginClimb(fresh(), band(4)), seen(7, 0.3, climbing), seen(9, 0.2, climbing))
    expect(astray(course, seen(109, 0.25, climbing))).toBeNull()
    expect(astray(course, seen(110, 0.19, climbing))).toBeNull()
    expect(astray(course, seen(110, 0.25, climbing))).toMatchObject({ reason: 'standstill', iteration: 110 })
    expect(astray(course, seen(110, 0.25))).toBeNull()
  })
})

describe('a band that is taken back', () => {
  it('returns to the plain band with the lowest force', () => {
    const best = band(3)
    const course = followed(fresh(), seen(0, 2), seen(1, 0.5, { band: best }), seen(2, 0.7))
    expect(course.retreat).toBe(best)
    const climb = beginClimb(course, best)
    expect(followed(climb, seen(3, 0.2, climbing)).retreat).toBe(best)
  })

  it('climbs again from smaller forces, until it is at rest before', () => {
    let course = beginClimb(fresh(), band(4))
    const tried: number[] = []
    while (!course.lost) {
      tried.push(course.climbFrom_eV_per_A)
      const runaway = judged(course, 0, [1, ...always(9)], climbing)
      course = takeBack(runaway.course, runaway.setback!, 0.01)
    }
    expect(tried).toEqual([0.1, expect.closeTo(0.03, 9), 0.01])
    expect(course.setbacks).toHaveLength(3)
    expect(astray(course, seen(2, 1e9))).toBeNull()
  })

  it('relaxes by FIRE if it was plain, and is lost when that runs away, too', () => {
    const first = judged(followed(fresh(), seen(0, 1)), 1, always(9))
    const once = takeBack(first.course, first.setback!, 0.01)
    expect(once).toMatchObject({ steady: true, lost: false, climbFrom_eV_per_A: 0.1 })
    const second = judged(once, first.setback!.iteration, [1, ...always(9)])
    // It has as long to come back as it had before.
    expect(second.setback!.iteration).toBe(first.setback!.iteration + 6)
    expect(takeBack(second.course, second.setback!, 0.01)).toMatchObject({ lost: true })
  })
})

describe('the climbing image', () => {
  it('is the highest, none where an end is', () => {
    expect(climber([0, 0.3, 0.5, 0.2, 0.1], null, false)).toBe(2)
    expect(climber([0, 0.3, 0.5, 0.2, 0.6], 2, false)).toBeNull()
  })

  it('gives way to one that is clearly higher, at once, and to any other when the band is at rest', () => {
    const slightly = [0, 0.5, 0.3, 0.51, 0]
    expect(climber(slightly, 1, false)).toBe(1)
    expect(climber(slightly, 1, true)).toBe(3)
    expect(climber([0, 0.5, 0.3, 0.53, 0], 1, false)).toBe(3)
  })
})
