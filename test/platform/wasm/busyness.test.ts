import { expect, it } from 'vitest'
import { watchBusyness } from '../../../src/platform/wasm/crew.ts'

/** Rounds that take so long together and alone, of which the calling thread waits for a part. */
function rounds({ together, waiting, alone }: { together: number; waiting: number; alone: number }) {
  let now = 0
  const busyness = watchBusyness(() => now)
  const modes: boolean[] = []
  return (count: number) => {
    for (let round = 0; round < count; round++) {
      modes.push(busyness.isAlone)
      busyness.begin()
      const [duration, waits] = busyness.isAlone ? [alone, 0] : [together, waiting]
      now += duration - waits
      busyness.wait()
      now += waits
      busyness.end()
    }
    return modes.filter(isAlone => isAlone).length / modes.length
  }
}

it('the calling thread shares the work while it hardly waits', () => {
  expect(rounds({ together: 1, waiting: 0.3, alone: 2 })(2000)).toBe(0)
})

it('the calling thread works alone if it would wait longer than it works', () => {
  expect(rounds({ together: 5, waiting: 4, alone: 2 })(2000)).toBeGreaterThan(0.7)
})

it('one long wait does not make the calling thread work alone', () => {
  expect(rounds({ together: 1, waiting: 0.6, alone: 2 })(2000)).toBeLessThan(0.06)
})
