import { formatNumber } from '../format.ts'
import { type Figure, systemColors } from '../web/figure.ts'
import { doiLink, html, type Markup } from '../web/html.ts'
import type { EmbeddedMolecule } from '../web/payload.ts'
import { answer, curveKey, systemKey } from './answer.ts'
import type { TransportReport } from './model.ts'
import { calibrationTable, checklist, checkSummary, figureGrid, repeatSection } from './parts.ts'
import { alphaFigure, ionClusterFigure, rdfFigures, vanHoveFigure } from './plots/mechanism.ts'
import { msdFigures } from './plots/msd.ts'
import { convergenceFigure, nullFigure, thermoFigures } from './plots/trust.ts'
import { distinctDatasets, htmlDocument, pagePayload, type Section } from './shell.ts'
import { boxesSection, conditionsSection, temperatureSection } from './studySections.ts'
import { coordinationTable, mechanismTable, numbersTable } from './tables.ts'
import { boxView, embeddedMolecules } from './views.ts'

/** Returns the page of a run, a comparison or a study of transport, as one HTML document. */
export function renderTransportReport(report: TransportReport): string {
  const picture = msdFigures(report)
  const ofStudy = present([boxesSection(report), conditionsSection(report), temperatureSection(report)])
  const rdfs = rdfFigures(report)
  const motion = present([alphaFigure(report), vanHoveFigure(report), ionClusterFigure(report)])
  const certainty = present([nullFigure(report), convergenceFigure(report)])
  const logged = thermoFigures(report)
  const figures = [
    ...picture,
    ...ofStudy.flatMap(drawn => drawn.figures),
    ...rdfs,
    ...motion,
    ...certainty,
    ...logged,
  ]
  const molecules = embeddedMolecules(report)
  return htmlDocument({
    title: report.title,
    provenance: report.provenance,
    colors: systemColors(report.systems),
    answer: answer(report),
    sections: [
      pictureSection(report, picture),
      ...ofStudy.map(({ section }) => section),
      ...mechanismSection(report, rdfs, motion),
      ...boxSection(report, molecules),
      trustSection(report, certainty, logged),
      {
        id: 'calibrated',
        title: 'What is calibrated',
        lead: html`Calibrated: fitted to something. Chosen: decided by us. Predicted: came out by itself.`,
        body: html`${calibrationTable(null, report.calibration)}`,
      },
      {
        id: 'repeat',
        title: 'How to repeat it',
        lead: html`The same command, seeds and inputs give the same numbers.`,
        body: repeatSection(report.provenance, {
          rate: { head: 'ns/day', text: ({ rate_ns_per_day }) => formatNumber(rate_ns_per_day) },
          datasets: distinctDatasets(figures),
          structures: molecules.map(({ system }) => `${system} structure`),
        }),
      },
    ],
    payload: pagePayload(report, figures, { molecules }),
  })
}

function pictureSection(report: TransportReport, figures: readonly Figure[]): Section {
  return {
    id: 'picture',
    title: 'The picture',
    lead: html`How far ${report.speciesLabel} gets in a given time.${publishedConditions(report)}${overviewLink(report)}`,
    body: html`<ul class="key">${systemKey(report)}${curveKey(report)}</ul>${figureGrid(figures)}${numbersTable(report)}`,
  }
}

function mechanismSection(
  report: TransportReport,
  rdfs: readonly Figure[],
  motion: readonly Figure[],
): Section[] {
  if (rdfs.length + motion.length === 0) return []
  return [
    {
      id: 'mechanism',
      title: 'The mechanism',
      lead: html`What holds ${report.speciesLabel}: g(r) solid, running coordination n(r) dashed.`,
      body: html`<ul class="key">${systemKey(report)}</ul>${figureGrid(rdfs, 'small')}${figureGrid(motion, 'medium')}${coordinationTable(report)}${mechanismTable(report)}`,
    },
  ]
}

function boxSection(report: TransportReport, molecules: readonly EmbeddedMolecule[]): Section[] {
  if (molecules.length === 0) return []
  return [
    {
      id: 'box',
      title: 'The box',
      lead: html`The last frame.`,
      body: boxView(molecules, report.speciesLabel),
    },
  ]
}

function trustSection(
  { checks, comparison }: TransportReport,
  certainty: readonly Figure[],
  logged: readonly Figure[],
): Section {
  const blocks = logged.length > 0 && 'Bold lines below are means over blocks of time.'
  return {
    id: 'trust',
    title: 'Can I trust it?',
    lead: html`${checkSummary(checks)}. ${comparison?.method} ${blocks}`,
    body: html`${checklist(checks)}${figureGrid(certainty, 'medium')}${figureGrid(logged, 'small')}`,
  }
}

function present<T>(items: readonly (T | null)[]): T[] {
  return items.filter(item => item !== null)
}

function publishedConditions({ publishedRatio }: TransportReport): Markup | null {
  if (!publishedRatio?.conditions) return null
  return html` Published: ${doiLink(publishedRatio.doi, publishedRatio.label)}, ${publishedRatio.conditions}.`
}

/** A link from the page of a case to that of its study. */
function overviewLink({ study }: TransportReport): Markup | null {
  return study?.page == null
    ? null
    : html` This is the case ${study.name}; <a href="${study.page}">all cases side by side</a>.`
}
