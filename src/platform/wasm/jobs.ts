/**
 * The board on which threads find their work. Jobs are numbered from 0 on for as long as the memory lives and stand in
 * a ring of slots; a thread takes the next number, makes the calls in its slot, and counts the job as done. A thread
 * that sees the number of issued jobs grow also sees their slots.
 */
export interface Board {
  readonly control: Int32Array
  /** [SLOTS][SLOT_LENGTH]: number of calls, duration in ms, then per call: kernel, number of arguments, arguments. */
  readonly slots: Float64Array
  /** A failed call: kernel, length of the error text, and its character codes. */
  readonly complaint: Int32Array
}

/** Data that a thread of a crew gets when it starts. */
export interface CrewData {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  readonly board: Board
}

/** One call of a compiled kernel. */
export interface Call {
  readonly kernel: string
  readonly args: readonly number[]
}

export type Functions = Readonly<Record<string, (...args: number[]) => unknown>>

export const SLOTS = 128
const SLOT_LENGTH = 128
const COMPLAINT_LENGTH = 256
const CONTROL_BYTES = 64
const BOARD_BYTES = CONTROL_BYTES + 8 * SLOTS * SLOT_LENGTH + 4 * COMPLAINT_LENGTH

/** Places in `control`. Numbers of jobs may wrap around: only differences and equality count. */
export const ISSUED = 0
export const TAKEN = 1
export const DONE = 2
export const FAILED = 3
/** Not 0: the thread that hands out the jobs does them all by itself. */
export const ALONE = 4
/** Number of jobs done by other threads. */
export const HELPED = 5

/** @param shared true where other threads use the board */
export function newBoard(shared: boolean): Board {
  const buffer = shared ? new SharedArrayBuffer(BOARD_BYTES) : new ArrayBuffer(BOARD_BYTES)
  const complaint = CONTROL_BYTES + 8 * SLOTS * SLOT_LENGTH
  return {
    control: new Int32Array(buffer, 0, CONTROL_BYTES / 4),
    slots: new Float64Array(buffer, CONTROL_BYTES, SLOTS * SLOT_LENGTH),
    complaint: new Int32Array(buffer, complaint, COMPLAINT_LENGTH),
  }
}

/** Returns the kernels' names by number, the same in every thread that has instantiated the same module. */
export const numbered = (exports: Functions): readonly string[] => Object.keys(exports).toSorted()

const slotOf = (job: number) => (job & (SLOTS - 1)) * SLOT_LENGTH

/** @throws RangeError when the calls do not fit into a slot */
export function writeJob(
  { slots }: Board,
  job: number,
  calls: readonly Call[],
  names: readonly string[],
): void {
  const numbers = calls.reduce((sum, { args }) => sum + 2 + args.length, 2)
  if (numbers > SLOT_LENGTH) throw new RangeError(`a job of ${numbers} numbers`)
  const from = slotOf(job)
  let at = from + 2
  for (const { kernel, args } of calls) {
    slots[at++] = names.indexOf(kernel)
    slots[at++] = args.length
    for (const arg of args) slots[at++] = arg
  }
  slots[from] = calls.length
}

/** Returns the duration of a finished job, ms. */
export const durationOf = ({ slots }: Board, job: number): number => slots[slotOf(job) + 1]!

/** Takes one job and does it. @returns false when none is left to take */
export function takeJob(board: Board, kernels: readonly ((...args: number[]) => unknown)[]): boolean {
  const { control, slots } = board
  for (;;) {
    const job = Atomics.load(control, TAKEN)
    if (job === Atomics.load(control, ISSUED)) return false
    // Another thread may have taken it meanwhile.
    if (Atomics.compareExchange(control, TAKEN, job, (job + 1) | 0) !== job) continue
    const slot = slotOf(job)
    const from = performance.now()
    let at = slot + 2
    try {
      for (let call = slots[slot]!; call > 0; call--) {
        const kernel = kernels[slots[at]!]!
        const end = at + 2 + slots[at + 1]!
        kernel(...slots.subarray(at + 2, end))
        at = end
      }
    } catch (error) {
      complain(board, slots[at]!, error)
    }
    slots[slot + 1] = performance.now() - from
    const done = (Atomics.add(control, DONE, 1) + 1) | 0
    if (done === Atomics.load(control, ISSUED)) Atomics.notify(control, DONE)
    return true
  }
}

function complain({ control, complaint }: Board, kernel: number, error: unknown): void {
  const text = String(error).slice(0, COMPLAINT_LENGTH - 2)
  complaint.set([kernel, text.length, ...Array.from(text, (_, k) => text.charCodeAt(k))])
  Atomics.store(control, FAILED, 1)
}

/** Returns the error text of a failed kernel with its name; of the last one where several have failed. */
export const complaintOf = ({ complaint }: Board, names: readonly string[]): string =>
  `the kernel ${names[complaint[0]!] ?? '?'} failed: ${String.fromCharCode(...complaint.subarray(2, 2 + complaint[1]!))}`
