import { expect, it } from 'vitest'
import {
  DONE,
  type Functions,
  ISSUED,
  newBoard,
  numbered,
  TAKEN,
  takeJob,
  writeJob,
} from '../../../src/platform/wasm/jobs.ts'

it('numbers of jobs may wrap around', () => {
  const board = newBoard(true)
  const seen: number[] = []
  const kernels: Functions = { note: value => seen.push(value!) }
  const names = numbered(kernels)
  const first = 2 ** 31 - 3
  for (const place of [ISSUED, TAKEN, DONE]) Atomics.store(board.control, place, first)
  for (let k = 0; k < 6; k++) {
    writeJob(board, (first + k) | 0, [{ kernel: 'note', args: [k] }], names)
    Atomics.add(board.control, ISSUED, 1)
  }
  while (takeJob(board, [kernels.note!])) {}
  expect(seen).toEqual([0, 1, 2, 3, 4, 5])
  expect(board.control[DONE]).toBe(board.control[ISSUED])
})

it('a job that is too long is refused before it is written', () => {
  const board = newBoard(false)
  const before = board.slots.slice()
  const calls = [{ kernel: 'note', args: new Array<number>(200).fill(1) }]
  expect(() => writeJob(board, 0, calls, ['note'])).toThrow(RangeError)
  expect(board.slots).toEqual(before)
})

it('the layout of jobs is that in the programs of other tests', async () => {
  const program = new URL('./crewPrograms/takeNumber.mjs', import.meta.url).href
  const places: Record<'ISSUED' | 'TAKEN', number> = await import(program)
  expect([places.ISSUED, places.TAKEN]).toEqual([ISSUED, TAKEN])
})
