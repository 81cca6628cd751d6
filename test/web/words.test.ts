import { describe, expect, it } from 'vitest'
import type { Displacements } from '../../src/web/live/messages.ts'
import { sentenceOf } from '../../src/web/live/words.ts'

const input = { speciesLabel: 'Li⁺', window: { from_ps: 2, to_ps: 12 } }
const settling = { name: 'warm', isProduction: false, from_ps: 1, time_ps: 2 }
const production = { name: 'produce', isProduction: true, from_ps: 3, time_ps: 20 }
const displacements: Displacements = {
  frames: 31,
  span_ps: 3,
  ions: 15,
  curve: { lag_ps: [0.1, 1.5], msd_A2: [0.6, 4.21], low_A2: [0.5, 2.9], high_A2: [0.7, 6.1] },
  exponent: null,
}

describe('the sentence of the live page', () => {
  it.each([
    [null, 0, null, 'Getting ready.'],
    [
      settling,
      1.5,
      null,
      'The box settles: stage “warm”, 0.5 of 2 ps. Displacements are followed afterwards.',
    ],
    [
      { ...settling, time_ps: null },
      1,
      null,
      'The box settles: stage “warm”. Displacements are followed afterwards.',
    ],
    [production, 3, null, 'Waiting for the first displacements of Li⁺.'],
    [
      production,
      6,
      displacements,
      'After 3 ps the mean-squared displacement of 15 Li⁺ is 4.2 Å² (95 %: 2.9–6.1) at a lag of 1.5 ps: too short for a diffusion coefficient.',
    ],
  ])('%#', (stage, time_ps, seen, sentence) => {
    expect(sentenceOf(input, { stage, time_ps, displacements: seen })).toBe(sentence)
  })

  it.each([
    ['ballistic', 'no diffusion coefficient can be read from it'],
    ['arrested', 'there is no diffusion coefficient'],
    ['sub-diffusive', 'no diffusion coefficient can be read from it'],
    ['diffusive', 'one short run of one box gives no diffusion coefficient'],
    ['undetermined', 'there is no diffusion coefficient'],
  ] as const)('%s: gives the exponent, and no diffusion coefficient', (verdict, words) => {
    const alpha_ci95 = [0.5, 0.74] as const
    const exponent = { alpha: 0.62, alpha_ci95, gamma: null, gamma_ci95: null, verdict }
    const seen = { stage: production, time_ps: 23, displacements: { ...displacements, exponent } }
    const sentence = sentenceOf(input, seen)
    expect(sentence).toContain(words)
    expect(sentence).toContain('the power 0.62 (95 %: 0.50–0.74) of the lag from 2 to 12 ps.')
    expect(sentence).not.toMatch(/too short|Å²\/ps/)
  })
})
