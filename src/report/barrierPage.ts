import { html, type Markup } from '../web/html.ts'
import type { BarrierReport } from './barrierModel.ts'
import { bandView, barrierAnswer, pictureKey } from './barrierSections.ts'
import {
  convergenceTable,
  differencesTable,
  hopsTable,
  nullTable,
  otherCasesTable,
  resultRows,
} from './barrierTables.ts'
import { caseColors } from './caseLook.ts'
import { embeddedPaths } from './molecularPath.ts'
import { calibrationTable, checklist, checkSummary, figureGrid } from './parts.ts'
import { distinctDatasets, embedFigures, withoutSeries } from './payload.ts'
import { barrierFigure, energyFigure } from './plots/barrier.ts'
import { neighborFigures } from './plots/neighbors.ts'
import { repeatSection } from './repeat.ts'
import { htmlDocument, type Section } from './shell.ts'

/** More bars and headings than this need a taller figure. */
const ROWS_THAT_FIT = 8

/** The page of a nudged elastic band, or of a study of several, as one HTML document. */
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
    payload: {
      title: report.title,
      ...embedFigures(figures),
      molecules: [],
      paths,
      report: withoutSeries(report),
    },
  })
}

function bandSummary({ cases }: BarrierReport): Markup {
  const open = cases.filter(({ converged }) => !converged).length
  if (open === 0) return html`${cases.length === 1 ? 'The band' : `All ${cases.length} bands`} converged.`
  return html`<strong class="bad">${open} of ${cases.length} bands not converged.</strong>`
}
