import '../page.css'
import type { Figure } from '../figure.ts'
import type { Payload } from '../payload.ts'
import { byId, onColorChange } from '../theme.ts'
import { createBandScene } from './bandScene.ts'
import { createBoxScene } from './boxScene.ts'
import { bandText, csv, saveFile } from './download.ts'
import { downloadFigure, drawFigures, recolorFigures, resizeFigures } from './figures.ts'

/*
 * The program of a report page: draws figures and 3D views from the payload, and answers its buttons.
 */

const payload: Payload = JSON.parse(byId('payload').textContent ?? '')
const { molecules, paths } = payload
const datasets = new Map(payload.datasets.map(dataset => [dataset.id, dataset]))
const figures: readonly Figure[] = payload.figures.flatMap(figure => {
  const dataset = datasets.get(figure.dataset)
  return dataset ? [{ ...figure, dataset }] : []
})
const [first, ...others] = paths
const band = first ? createBandScene([first, ...others]) : null
const scene = molecules.length > 0 ? createBoxScene(molecules) : band
scene?.select(0)

const drawn = afterFirstPaint().then(() => drawFigures(figures))

/** By `data-action` of a button; `target` is its `data-target`. */
const actions: Readonly<Record<string, (target: string, button: HTMLElement) => void>> = {
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

function saveFigure(id: string, format: 'svg' | 'png'): void {
  const figure = figures.find(candidate => candidate.id === id)
  if (figure) void drawn.then(() => downloadFigure(figure, format))
}

document.addEventListener('click', event => {
  const button = event.target instanceof Element && event.target.closest('[data-action]')
  if (!(button instanceof HTMLElement)) return
  actions[button.dataset.action ?? '']?.(button.dataset.target ?? '', button)
})

function recolor(): void {
  recolorFigures(figures)
  scene?.recolor()
}

/** Text and cards come first: once the second frame begins, the first one has been painted. */
function afterFirstPaint(): Promise<void> {
  return new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve))))
}

function print(onPaper: boolean): void {
  document.documentElement.classList.toggle('light', onPaper)
  scene?.load()
  recolor()
  resizeFigures(figures)
  band?.resize()
}

void drawn.then(() => {
  document.documentElement.dataset.ready = 'true'
  onColorChange(recolor)
  addEventListener('resize', () => band?.resize())
  addEventListener('beforeprint', () => print(true))
  addEventListener('afterprint', () => print(false))
})
