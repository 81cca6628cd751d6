import { expect, it } from 'vitest'
import { orthorhombicBox } from '../../src/core/box.ts'
import { createState } from '../../src/core/state.ts'
import type { Evaluator } from '../../src/platform/platform.ts'
import { responsive } from '../../src/run/responsive.ts'

const state = createState([0, 0, 0], orthorhombicBox(9, 9, 9))

/** Computes for a millisecond without ever waiting for anything. */
const busy = (): Evaluator => ({
  ran: 'reference',
  backend: 'busy',
  fallbackReason: null,
  dispose: async () => {},
  forget: () => {},
  async evaluate() {
    const started = performance.now()
    while (performance.now() - started < 1);
    return { energy: -1, terms: {}, forces: new Float64Array(3), virial: new Float64Array(9) }
  },
})

/** Whether a timer of 50 ms is heard while evaluations follow each other for half a second. */
async function heard(next: () => Evaluator): Promise<boolean> {
  let fired = false
  const timer = setTimeout(() => {
    fired = true
  }, 50)
  const started = performance.now()
  while (!fired && performance.now() - started < 500) await next().evaluate(state)
  clearTimeout(timer)
  return fired
}

it('lets timers and signals through, also when evaluators come and go', async () => {
  const one = responsive(busy())
  expect(await heard(() => one)).toBe(true)
  expect(await heard(() => responsive(busy()))).toBe(true)
})

it('is needed: promises alone let nothing through', async () => {
  const one = busy()
  expect(await heard(() => one)).toBe(false)
})

it('changes nothing of what the evaluator says', async () => {
  const one = responsive(busy())
  expect(await one.evaluate(state)).toMatchObject({ energy: -1 })
  expect([one.ran, one.backend, one.fallbackReason]).toEqual(['reference', 'busy', null])
})
