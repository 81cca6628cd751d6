import { formatFixed, formatRange, formatSigned, unbroken } from '../format.ts'
import { html, type Markup } from '../web/html.ts'
import { placement } from './answer.ts'
import {
  type BarrierCase,
  type BarrierDifference,
  type BarrierReport,
  caseColors,
  type SensitivityRange,
} from './barrierModel.ts'
import { barrierSentence, casesOf } from './barrierSentence.ts'
import {
  convergenceTable,
  differencesTable,
  hopsTable,
  nullTable,
  otherCasesTable,
  resultRows,
} from './barrierTables.ts'
import {
  answerBlock,
  calibrationTable,
  card,
  checklist,
  checkSummary,
  figureGrid,
  repeatSection,
} from './parts.ts'
import { barrierFigure, energyFigure } from './plots/barrier.ts'
import { neighborFigures } from './plots/neighbors.ts'
import { distinctDatasets, htmlDocument, pagePayload, type Section } from './shell.ts'
import { bandView, embeddedPaths } from './views.ts'

/** Number of bars and headings that fit into a figure of the usual height. */
const ROWS_THAT_FIT = 8

/** Returns the page of a nudged elastic band, or of a study of several, as one HTML document. */
export function renderBarrierReport(report: BarrierReport): string {
  const { ionLabel, cases } = report
  const rows = cases.length + new Set(cases.map(({ role }) => role)).size - 1
  const picture = [energyFigure(report), barrierFigure(report)]
  const distances = neighborFigures(report)
  const figures = [...picture, ...distances]
  const paths = embeddedPaths(report)
  const sections: Section[] = [
    {
      id: 'picture',
      title: 'The picture',
      lead: html`${report.question}`,
      body: html`${pictureKey(report)}${figureGrid(picture, rows > ROWS_THAT_FIT ? 'tall' : '')}${differencesTable(report)}`,
    },
    ...(paths.length + distances.length > 0
      ? [
          {
            id: 'mechanism',
            title: 'The mechanism',
            lead: html`How ${ionLabel} gets through${distances.length > 0 && ', and its distances to its neighbours on the way'}.`,
            body: html`${bandView(paths, report)}${figureGrid(distances, 'small')}`,
          },
        ]
      : []),
    {
      id: 'trust',
      title: 'Can I trust it?',
      lead: html`${checkSummary(report.checks)}. ${bandSummary(report)}`,
      body: html`${checklist(report.checks)}${nullTable(report)}${otherCasesTable(report)}${convergenceTable(report)}${hopsTable(report)}`,
    },
    {
      id: 'calibrated',
      title: 'What is calibrated',
      lead: html`Calibrated: fitted to something. Chosen: decided by us; where that was after seeing results, the row says so. Predicted: came out by itself.`,
      body: html`${calibrationTable('Results', resultRows(report))}${calibrationTable('What they rest on', report.calibration)}`,
    },
    {
      id: 'repeat',
      title: 'How to repeat it',
      lead: html`The same command, seeds and inputs give the same numbers.`,
      body: repeatSection(report.provenance, {
        rate: { head: 'Force calls', text: ({ forceCalls }) => String(forceCalls) },
        datasets: distinctDatasets(figures),
        structures: paths.map(({ system }) => `${system} band`),
      }),
    },
  ]
  return htmlDocument({
    title: report.title,
    provenance: report.provenance,
    colors: caseColors(cases),
    answer: barrierAnswer(report),
    sections,
    payload: pagePayload(report, figures, { paths }),
  })
}

function bandSummary({ cases }: BarrierReport): Markup {
  const open = cases.filter(({ converged }) => !converged).length
  if (open === 0) return html`${cases.length === 1 ? 'The band' : `All ${cases.length} bands`} converged.`
  return html`<strong class="bad">${open} of ${cases.length} bands not converged.</strong>`
}

/** The generated sentence, a card for every main barrier and difference, and what failed. */
function barrierAnswer(report: BarrierReport): Markup {
  const cards = [
    ...report.cases.flatMap((item, k) => (item.role === 'main' ? [barrierCard(report, item, k)] : [])),
    // The first difference answers the question; the table below has all of them.
    ...report.differences.slice(0, 1).map(differenceCard),
  ]
  return answerBlock(barrierSentence(report), cards, report.checks)
}

function barrierCard(report: BarrierReport, item: BarrierCase, k: number): Markup {
  const { name, barrier_eV, reverse_barrier_eV, range, status, converged } = item
  const published = report.published.filter(candidate => candidate.case === name)
  return card({
    title: html`<span class="swatch system-${k}"></span>${name}, barrier`,
    body: html`${energy(formatFixed(barrier_eV))}${
      !converged && html`<div class="interval bad">✗ not converged</div>`
    }${rangeLine(range)}${published.map(
      ({ barrier_eV: value, label }) =>
        html`<div class="aside">published: ${formatFixed(value)} eV, ${label}</div>`,
    )}`,
    status,
    aside: `back: ${formatFixed(reverse_barrier_eV)} eV`,
  })
}

function differenceCard({ name, value_eV, range, published, status }: BarrierDifference): Markup {
  const verdict = published && range ? ` ${placement(published.value_eV, range.range_eV)}` : ''
  return card({
    title: html`${name}, difference`,
    body: html`${energy(formatSigned(value_eV))}${rangeLine(range)}${
      published && html`<div class="aside">published: ${formatSigned(published.value_eV)} eV${verdict}</div>`
    }`,
    status,
    aside: published?.label ?? '',
  })
}

function energy(value: string): Markup {
  return html`<div class="value">${value}<span class="unit"> eV</span></div>`
}

function rangeLine(range: SensitivityRange | null): Markup {
  if (!range) return html`<div class="interval">nothing varied</div>`
  return html`<div class="interval">${unbroken(`${formatRange(range.range_eV)} eV over ${range.varied}`)}</div>`
}

/** The key of colours and marks. */
function pictureKey(report: BarrierReport): Markup {
  const ranged = report.cases.some(({ range }) => range)
  return html`<ul class="key">${caseKey(report)}<li><span class="mark-image"></span>image</li>
<li><span class="mark-saddle"></span>saddle</li>${
    ranged && html`<li><span class="mark-whisker"></span>range when varied</li>`
  }${report.published.length > 0 && html`<li><span class="line line-dashed"></span>published</li>`}</ul>`
}

function caseKey(report: BarrierReport): Markup[] {
  const main = casesOf(report, 'main')
  return (main.length > 0 ? main : report.cases).map(
    item =>
      html`<li class="system-${report.cases.indexOf(item)}"><span class="line"></span>${item.name}</li>`,
  )
}
