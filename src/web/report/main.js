import '../page.css'
import { createBandScene } from './bandScene.js'
import { bandText, csv, saveFile } from './download.js'
import { downloadFigure, drawFigures, recolorFigures, resizeFigures } from './figures.js'
import { createScene } from './scene.js'
import { byId } from './theme.js'

/** @type {import('../payload.ts').Payload} */
const payload = JSON.parse(byId('payload').textContent ?? '')
const { molecules, paths } = payload
const datasets = new Map(payload.datasets.map(dataset => [dataset.id, dataset]))
/** @type {import('../figure.ts').Figure[]} */
const figures = payload.figures.flatMap(figure => {
  const dataset = datasets.get(figure.dataset)
  return dataset ? [{ ...figure, dataset }] : []
})
const band = paths.length > 0 ? createBandScene(paths) : null
const scene = molecules.length > 0 ? createScene(molecules) : band
scene?.select(0)

const drawn = afterFirstPaint().then(() => drawFigures(figures))

/** @type {Record<string, (target: string, button: HTMLElement) => void>} */
const actions = {
  csv(target) {
    const dataset = datasets.get(target)
    if (dataset) saveFile(`${dataset.id}.csv`, 'text/csv', csv(dataset))
  },
  json() {
    const { title, report } = payload
    const everything = { title, report, datasets: payload.datasets, molecules, paths }
    saveFile('report.json', 'application/json', JSON.stringify(everything))
  },
  extxyz(target) {
    const files = [
      ...molecules.map(({ system, extxyz }) => ({ system, text: () => extxyz })),
      ...paths.map(path => ({ system: path.system, text: () => bandText(path) })),
    ]
    const file = files[Number(target)]
    if (!file) return
    saveFile(`${file.system.replace(/[^\w.-]+/g, '-')}.extxyz`, 'chemical/x-xyz', file.text())
  },
  svg: target => saveFigure(target, 'svg'),
  png: target => saveFigure(target, 'png'),
  load: () => scene?.load(),
  play: () => band?.play(),
  system(target, button) {
    for (const other of document.querySelectorAll('[data-action="system"]')) {
      other.setAttribute('aria-pressed', String(other === button))
    }
    scene?.select(Number(target))
  },
  toggle(target, button) {
    const visible = button.getAttribute('aria-pressed') !== 'true'
    button.setAttribute('aria-pressed', String(visible))
    scene?.toggle(target, visible)
  },
}

/** @param {string} id @param {'svg' | 'png'} format */
function saveFigure(id, format) {
  const figure = figures.find(candidate => candidate.id === id)
  if (figure) drawn.then(() => downloadFigure(figure, format))
}

document.addEventListener('click', event => {
  const button = event.target instanceof Element && event.target.closest('[data-action]')
  if (!(button instanceof HTMLElement)) return
  actions[button.dataset.action ?? '']?.(button.dataset.target ?? '', button)
})

function recolor() {
  recolorFigures(figures)
  scene?.recolor()
}

/** Text and cards come first: once the second frame begins the first one has been painted. */
function afterFirstPaint() {
  return new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve))))
}

/** @param {boolean} onPaper */
function print(onPaper) {
  document.documentElement.classList.toggle('light', onPaper)
  recolor()
  resizeFigures(figures)
  band?.resize()
}

drawn.then(() => {
  document.documentElement.dataset.ready = 'true'
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', recolor)
  addEventListener('resize', () => scene?.resize())
  addEventListener('beforeprint', () => print(true))
  addEventListener('afterprint', () => print(false))
})
