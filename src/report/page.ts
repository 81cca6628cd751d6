import { formatNumber } from '../format.ts'
import { systemColors } from '../web/figure.ts'
import { doiLink, html, type Markup } from '../web/html.ts'
import type { EmbeddedMolecule } from '../web/payload.ts'
import { boxesSection } from './boxesSection.ts'
import { conditionsSection, temperatureSection } from './conditionsSection.ts'
import { mechanismTable } from './mechanismTable.ts'
import type { TransportReport } from './model.ts'
import { embeddedMolecules } from './molecule.ts'
import { calibrationTable, checklist, checkSummary, figureGrid } from './parts.ts'
import { distinctDatasets, embedFigures, withoutSeries } from './payload.ts'
import { alphaFigure, ionClusterFigure, rdfFigures, vanHoveFigure } from './plots/mechanism.ts'
import { msdFigures } from './plots/msd.ts'
import { convergenceFigure, nullFigure, thermoFigures } from './plots/trust.ts'
import { repeatSection } from './repeat.ts'
import { pills, sceneView } from './sceneView.ts'
import { answer, curveKey, systemKey } from './sections.ts'
import { htmlDocument, type Section } from './shell.ts'
import { coordinationTable, numbersTable } from './tables.ts'

/** The page of a run, a comparison or a study of transport, as one HTML document. */
export function renderTransportReport(report: TransportReport): string {
  const picture = msdFigures(report)
  const rdfs = rdfFigures(report)
  const motion = present([alphaFigure(report), vanHoveFigure(report), ionClusterFigure(report)])
  const certainty = present([nullFigure(report), convergenceFigure(report)])
  const logged = thermoFigures(report)
  const ofStudy = present([boxesSection(report), conditionsSection(report), temperatureSection(report)])
  const figures = [
    ...picture,
    ...ofStudy.flatMap(drawn => drawn.figures),
    ...rdfs,
    ...motion,
    ...certainty,
    ...logged,
  ]
  const molecules = embeddedMolecules(report)

  const sections: Section[] = [
    {
      id: 'picture',
      title: 'The picture',
      lead: html`How far ${report.speciesLabel} gets in a given time.${publishedConditions(report)}${overviewLink(report)}`,
      body: html`<ul class="key">${systemKey(report)}${curveKey(report)}</ul>${figureGrid(picture)}${numbersTable(report)}`,
    },
    ...ofStudy.map(({ section }) => section),
    ...(rdfs.length + motion.length > 0
      ? [
          {
            id: 'mechanism',
            title: 'The mechanism',
            lead: html`What holds ${report.speciesLabel}: g(r) solid, running coordination n(r) dashed.`,
            body: html`<ul class="key">${systemKey(report)}</ul>${figureGrid(rdfs, 'small')}${figureGrid(motion, 'medium')}${coordinationTable(report)}${mechanismTable(report)}`,
          },
        ]
      : []),
    ...(molecules.length > 0
      ? [
          {
            id: 'box',
            title: 'The box',
            lead: html`The last frame.`,
            body: boxView(molecules, report.speciesLabel),
          },
        ]
      : []),
    {
      id: 'trust',
      title: 'Can I trust it?',
      lead: html`${checkSummary(report.checks)}. ${report.comparison?.method} ${
        logged.length > 0 && 'Bold lines below are means over blocks of time.'
      }`,
      body: html`${checklist(report.checks)}${figureGrid(certainty, 'medium')}${figureGrid(logged, 'small')}`,
    },
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
  ]
  return htmlDocument({
    title: report.title,
    provenance: report.provenance,
    colors: systemColors(report.systems),
    answer: answer(report),
    sections,
    payload: {
      title: report.title,
      ...embedFigures(figures),
      molecules,
      paths: [],
      report: withoutSeries(report),
    },
  })
}

function present<T>(items: readonly (T | null)[]): T[] {
  return items.filter(item => item !== null)
}

function publishedConditions({ publishedRatio }: TransportReport): Markup | null {
  if (!publishedRatio?.conditions) return null
  return html` Published: ${doiLink(publishedRatio.doi, publishedRatio.label)}, ${publishedRatio.conditions}.`
}

/** From the page of a case to that of its study. */
function overviewLink({ study }: TransportReport): Markup | null {
  return study?.page == null
    ? null
    : html` This is the case ${study.name}; <a href="${study.page}">all cases side by side</a>.`
}

function boxView(molecules: readonly EmbeddedMolecule[], speciesLabel: string): Markup {
  const span = molecules[0]!.trajectorySpan_ps
  const has = (test: (molecule: EmbeddedMolecule) => boolean) => molecules.some(test)
  const toggles = [
    { group: 'host', text: molecules[0]!.hostLabel, there: has(({ groups }) => groups.includes('host')) },
    { group: 'double', text: 'C=C', there: has(({ bondOrders }) => bondOrders.includes(2)) },
    { group: 'anion', text: 'anions', there: has(({ groups }) => groups.includes('anion')) },
    { group: 'ion', text: speciesLabel, there: has(({ groups }) => groups.includes('ion')) },
    {
      group: 'path',
      text: span === null ? 'paths' : `paths, ${formatNumber(span)} ps`,
      there: has(({ trajectories_A }) => trajectories_A.length > 0),
    },
    { group: 'cell', text: 'cell', there: true },
  ].filter(({ there }) => there)
  return sceneView({
    controls: html`${pills(
      'System',
      molecules.map(({ system }, k) => ({
        action: 'system',
        target: `${k}`,
        pressed: k === 0,
        content: html`${system}`,
      })),
    )}${pills(
      'What is shown',
      toggles.map(({ group, text }) => ({
        action: 'toggle',
        target: group,
        pressed: true,
        content: html`<span class="chip chip-${group}"></span>${text}`,
      })),
    )}`,
    description: molecules[0]!.description,
  })
}
