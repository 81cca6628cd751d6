import { describe, expect, it } from 'vitest'
import { bandWarnings } from '../../src/neb/warnings.ts'

const CHECK = { climb: true, fmax_eV_per_A: 0.01, endpoints_fmax_eV_per_A: 0.005 }

function warningsOf(energies_eV: number[], extra: Record<string, unknown> = {}) {
  const imageFmax_eV_per_A = energies_eV.map(() => 0.001)
  const band = {
    energies_eV,
    path_A: energies_eV.map((_, image) => image),
    tangentForces_eV_per_A: energies_eV.map(() => 0),
    imageFmax_eV_per_A,
    fmax_eV_per_A: 0.001,
    converged: true,
    climbing: null,
    iteration: 9,
    setbacks: [],
    lost: false,
  }
  return bandWarnings({ ...band, ...extra }, CHECK)
}

const flags = (energies: number[], extra?: Record<string, unknown>) =>
  warningsOf(energies, extra).map(warning => warning.flag)

describe('a relaxed band', () => {
  it('has nothing to say when all is well', () => {
    expect(flags([0, 0.2, 0.5, 0.3, 0.1])).toEqual([])
  })

  it('names the image below both ends', () => {
    const [warning] = warningsOf([0.1, 0.5, -0.2, 0.4, 0.2])
    expect(warning).toMatchObject({ flag: 'below-both-ends', images: [2] })
    expect(warning!.message).toContain('image 3 of 5 lies 0.300 eV below both ends')
  })

  it('names a minimum between two barriers, but not a ripple', () => {
    const [warning] = warningsOf([0, 0.5, 0.2, 0.3, 0.1])
    expect(warning).toMatchObject({ flag: 'intermediate-minimum', images: [2] })
    expect(warning!.message).toContain('0.100 eV deep')
    expect(flags([0, 0.5, 0.495, 0.499, 0.1])).not.toContain('intermediate-minimum')
  })

  it('says that one image between the ends tells no saddle from a minimum', () => {
    expect(flags([0, 0.4, 0.1])).toEqual(['single-image'])
  })

  it('says which end is not relaxed, with its force', () => {
    const [warning] = warningsOf([0, 0.2, 0.5, 0.3, 0.1], { imageFmax_eV_per_A: [0, 0, 0, 0, 0.2] })
    expect(warning).toMatchObject({ flag: 'end-not-relaxed', images: [4] })
    expect(warning!.message).toContain(
      'final end (image 5 of 5) is not relaxed: its largest force is 0.2000 eV/Å',
    )
  })

  it('says when the highest image is an end or next to one', () => {
    expect(flags([0, 0.5, 0.4, 0.3, 0.1])).toEqual(['saddle-next-to-end'])
    expect(flags([0, 0.1, 0.2, 0.3, 0.4])).toEqual(['no-saddle'])
    expect(flags([0, 0.4, 0.1])).not.toContain('saddle-next-to-end')
  })

  it('says when the path rises above the climbing image, which then sits on a lower saddle or in a dip', () => {
    const climbing = { image: 2, fmax_eV_per_A: 0.001 }
    const energies = [0, 0.25, 0.3, 0.25, 0]
    const uphill = [0, -0.3, 0, 0.1, 0]
    // Between images 2 and 3: E(u) = 0.25 + 0.3u − 0.45u² + 0.2u³, at most 0.3125 where u = 0.5.
    const [warning] = warningsOf(energies, { climbing, tangentForces_eV_per_A: uphill })
    expect(warning).toMatchObject({ flag: 'saddle-between-images', images: [1, 2] })
    expect(warning!.message).toContain('rises 0.013 eV above its highest image between images 2 and 3 of 5')
    expect(flags(energies, { climbing, tangentForces_eV_per_A: [0, -0.1, 0, 0.1, 0] })).toEqual([])
    expect(flags(energies, { tangentForces_eV_per_A: uphill })).toEqual([])
  })

  it('says when it has not converged, and where the force is', () => {
    const imageFmax_eV_per_A = [0, 0.02, 0.3, 0.1, 0]
    const [warning] = warningsOf([0, 0.2, 0.5, 0.3, 0.1], {
      imageFmax_eV_per_A,
      fmax_eV_per_A: 0.3,
      converged: false,
    })
    expect(warning).toMatchObject({ flag: 'not-converged', images: [2] })
    expect(warning!.message).toContain('0.3000 eV/Å, on image 3 of 5')
  })
})
