import { SimulationError, UserError } from '../../errors.ts'
import { openBackend } from './backends.ts'
import { runLive } from './live.ts'
import type { Command, Report } from './messages.ts'

/*
 * The web worker that computes. It makes one run, begun by a message of the page; the page ends the worker to end the run.
 */

/** Longest time without a look at messages of the page, apart from one evaluation, ms. */
const EVENTS_MS = 20

const channel = new MessageChannel()
let turned = performance.now()
let halted: Promise<void> | null = null
let goOn = () => {}
let extend = () => {}

function tell(report: Report): void {
  const transfer = report.kind === 'positions' ? [report.positions.buffer] : []
  postMessage(report, { transfer })
}

/** Lets messages be handled. A timer would take 4 ms or more in a browser; a message to itself does not. */
const turn = () =>
  new Promise<void>(resolve => {
    channel.port1.onmessage = () => resolve()
    channel.port2.postMessage(null)
  })

async function gate(): Promise<boolean> {
  if (performance.now() - turned > EVENTS_MS) {
    await turn()
    turned = performance.now()
  }
  if (!halted) return false
  await halted
  return true
}

const more = () =>
  new Promise<void>(resolve => {
    extend = resolve
  })

async function start({ input, settings }: Extract<Command, { kind: 'start' }>): Promise<void> {
  try {
    const { running, ...opened } = await openBackend(settings.backend, input)
    tell({ kind: 'running', ...running })
    await runLive({ ...opened, settings, tell, gate, more })
  } catch (error) {
    const known = error instanceof UserError || error instanceof SimulationError
    const place = known && error.where !== undefined ? `${error.where}: ` : ''
    const message = error instanceof Error ? error.message : String(error)
    tell({ kind: 'failed', message: place + message, hint: known ? (error.hint ?? null) : null })
  }
}

function resume(): void {
  halted = null
  goOn()
}

addEventListener('message', ({ data }: MessageEvent<Command>) => {
  if (data.kind === 'start') void start(data)
  else if (data.kind === 'resume') resume()
  else if (data.kind === 'pause') {
    halted ??= new Promise(resolve => {
      goOn = resolve
    })
  } else {
    // The order to pause may have come when the run was at its end already.
    resume()
    extend()
  }
})
