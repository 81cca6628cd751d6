import '../page.css'
import './live.css'
import { mean } from '../../analysis/stats.ts'
import { createPlacement } from '../../core/molecules.ts'
import { unpack } from '../../files/packed.ts'
import { formatNumber, unbroken } from '../../format.ts'
import { byId, onColorChange } from '../theme.ts'
import { BACKEND_CHOICES, type BackendChoice, type LiveInput, type Settings, temperatureOf } from './input.ts'
import type { Command, Displacements, Report } from './messages.ts'
import { plotMsd, plotTemperature } from './plots.ts'
import { createLiveView } from './view.ts'
import { sentenceOf } from './words.ts'

/** Time between two updates of numbers and plots, ms. */
const DRAW_MS = 400

type State = 'loading' | 'running' | 'paused' | 'ended' | 'failed'

/** The latest messages of a run, and its temperatures. */
interface Told {
  stage: Extract<Report, { kind: 'stage' }> | null
  progress: Extract<Report, { kind: 'progress' }> | null
  displacements: Displacements | null
  readonly time_ps: number[]
  readonly temperature_K: number[]
  /** Time at which the production began; null before it. */
  counted_ps: number | null
}

const pause = byId('pause') as HTMLButtonElement
const backend = byId('backend') as HTMLSelectElement
const seed = byId('seed') as HTMLInputElement
const temperatures = [...document.querySelectorAll<HTMLButtonElement>('[data-temperature]')]

function write(id: string, text: string): void {
  byId(id).textContent = text
}

const stateNow = () => document.documentElement.dataset.state as State

const PAUSE: Partial<Record<State, string>> = { paused: 'Continue', ended: 'Run on' }

function enter(state: State): void {
  document.documentElement.dataset.state = state
  pause.textContent = PAUSE[state] ?? 'Pause'
  pause.disabled = state === 'loading' || state === 'failed'
}

function fail(message: string, hint: string | null = null): void {
  const alarm = byId('alarm')
  alarm.textContent = hint === null ? message : `${message} (${hint})`
  alarm.hidden = false
  write('sentence', 'The run has failed.')
  enter('failed')
}

function settings(input: LiveInput): Settings {
  const chosen = temperatures.find(button => button.getAttribute('aria-pressed') === 'true')
  const temperature_K = chosen ? Number(chosen.dataset.temperature) : temperatureOf(input)
  const asked = Number(seed.value)
  const isSeed = seed.value !== '' && Number.isSafeInteger(asked) && asked >= 0
  if (!isSeed) seed.value = String(input.seed)
  return {
    backend: backend.value as BackendChoice,
    temperature_K,
    seed: isSeed ? asked : input.seed,
  }
}

/** Takes the choices of a link: `?backend=simd&temperature=500&seed=2`. */
function readAddress(): void {
  const asked = new URLSearchParams(location.search)
  const name = asked.get('backend')
  if (BACKEND_CHOICES.some(choice => choice === name)) backend.value = name!
  if (asked.has('seed')) seed.value = asked.get('seed')!
  const wanted = temperatures.find(({ dataset }) => dataset.temperature === asked.get('temperature'))
  if (wanted) press(wanted)
}

function press(pressed: HTMLButtonElement): void {
  for (const button of temperatures) button.setAttribute('aria-pressed', String(button === pressed))
}

function drawNumbers(input: LiveInput, { stage, progress, displacements, ...told }: Told): void {
  const time_ps = progress?.time_ps ?? 0
  write('sentence', unbroken(sentenceOf(input, { stage, time_ps, displacements })))
  write('time', progress ? `${time_ps.toFixed(2)} ps` : '–')
  write('stage', stage ? `stage “${stage.name}”, step ${progress?.step ?? 0}` : '')
  const rate = progress?.steps_per_s ?? null
  if (rate !== null) {
    write('speed', `${formatNumber(rate)} steps/s`)
    write('rate', `${formatNumber(progress!.ns_per_day!)} ns/day`)
  }
  const since = told.counted_ps ?? Number.POSITIVE_INFINITY
  const counted = told.temperature_K.filter((_, k) => told.time_ps[k]! > since)
  const last = told.temperature_K.at(-1)
  write('kelvin', last === undefined ? '–' : `${last.toFixed(0)} K`)
  write('mean-kelvin', counted.length > 1 ? `mean ${mean(counted).toFixed(1)} K of production` : '')
}

/** Takes a message of a run: notes it, or shows it at once. */
function hear(report: Report, told: Told, view: ReturnType<typeof createLiveView>): void {
  switch (report.kind) {
    case 'running': {
      const { ran, backend: flavour, adapter, remarks } = report
      write('running', `${ran} (${flavour})`)
      write('adapter', adapter ?? '')
      write('remarks', remarks.join('; '))
      byId('remarks').hidden = remarks.length === 0
      enter('running')
      break
    }
    case 'stage':
      told.stage = report
      if (report.isProduction) told.counted_ps = report.from_ps
      break
    case 'thermo':
      // A stage begins where the last one has ended.
      if (report.time_ps === told.time_ps.at(-1)) break
      told.time_ps.push(report.time_ps)
      told.temperature_K.push(report.temperature_K)
      break
    case 'positions':
      view.show(report.positions, report.box)
      break
    case 'progress':
      told.progress = report
      break
    case 'displacements':
      told.displacements = report
      break
    case 'end':
      enter('ended')
      break
    case 'failed':
      fail(report.message, report.hint)
      break
  }
}

/** Starts a run in a worker of its own. */
function begin(input: LiveInput, view: ReturnType<typeof createLiveView>) {
  const chosen = settings(input)
  const told: Told = {
    stage: null,
    progress: null,
    displacements: null,
    time_ps: [],
    temperature_K: [],
    counted_ps: null,
  }
  let isDrawn = false
  const worker = new Worker('engine.js')
  const say = (command: Command) => worker.postMessage(command)

  function draw(): void {
    if (isDrawn) return
    isDrawn = true
    if (stateNow() !== 'failed') drawNumbers(input, told)
    plotMsd(told.displacements?.curve ?? null)
    plotTemperature(told, chosen.temperature_K, told.counted_ps)
  }

  worker.onmessage = ({ data }: MessageEvent<Report>) => {
    isDrawn = false
    hear(data, told, view)
  }
  worker.onerror = event => fail(event.message || 'the program that computes could not be loaded')
  byId('alarm').hidden = true
  for (const id of ['speed', 'running', 'kelvin']) write(id, '–')
  for (const id of ['rate', 'adapter', 'mean-kelvin']) write(id, '')
  byId('remarks').hidden = true
  view.forget()
  view.show(
    Float32Array.from(createPlacement(input.system.topology)(input.state.box, input.state.positions)),
    input.state.box.matrix,
  )
  enter('loading')
  draw()
  say({ kind: 'start', input, settings: chosen })
  const timer = setInterval(draw, DRAW_MS)

  return {
    say,
    redraw(): void {
      isDrawn = false
      draw()
    },
    end(): void {
      clearInterval(timer)
      worker.terminate()
    },
  }
}

async function open(): Promise<void> {
  const response = await fetch('input.json')
  if (!response.ok) throw new Error(`hoplite serve answers ${response.status} ${response.statusText}`)
  const input = unpack(await response.text()) as LiveInput
  readAddress()
  const view = createLiveView(input)
  let run = begin(input, view)
  const restart = () => {
    run.end()
    run = begin(input, view)
  }
  byId('restart').addEventListener('click', restart)
  backend.addEventListener('change', restart)
  seed.addEventListener('change', restart)
  for (const button of temperatures) {
    button.addEventListener('click', () => {
      press(button)
      restart()
    })
  }
  pause.addEventListener('click', () => {
    const state = stateNow()
    run.say({ kind: state === 'ended' ? 'longer' : state === 'paused' ? 'resume' : 'pause' })
    enter(state === 'running' ? 'paused' : 'running')
    run.redraw()
  })
  onColorChange(() => {
    view.recolor()
    run.redraw()
  })
}

open().catch(error => fail(error instanceof Error ? error.message : String(error)))
