import { existsSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { singleBandReport } from '../bands/barrierReport.ts'
import { loadBand } from '../bands/loadBand.ts'
import { EXIT, UserError } from '../errors.ts'
import { writeFileAtomic } from '../files/files.ts'
import { RUN_FILES } from '../files/runDirectory.ts'
import { sentence } from '../report/answer.ts'
import { renderBarrierReport } from '../report/barrierPage.ts'
import { barrierSentence } from '../report/barrierSentence.ts'
import type { TransportReport } from '../report/model.ts'
import { renderTransportReport } from '../report/page.ts'
import { loadRun } from '../run/loadRun.ts'
import { isStudy, loadStudy, type TransportRecord } from '../study/record.ts'
import { reportStudy } from '../study/study.ts'
import { reportStudyCase } from '../study/transport.ts'
import { analyseSystem, fitWindow } from '../transport/transport.ts'
import { transportReport } from '../transport/transportReport.ts'
import { command } from './command.ts'
import { fitOptions, speciesOf } from './msd.ts'
import { openInBrowser } from './output.ts'

export const reportCommand = command({
  usage: 'report <directory>',
  summary: 'write the self-contained HTML page of a run, a band, a study or a case of it',
  example: ['hoplite report runs/pvdf-700K', 'write runs/pvdf-700K/report.html'],
  positionals: {
    directory: { type: 'string', demandOption: true, describe: 'directory of a run, band, study or case' },
  },
  options: {
    ...fitOptions,
    open: { type: 'boolean', default: false, describe: 'open the page in the browser' },
  },
  async run(args, output) {
    const path = join(args.directory, RUN_FILES.report)
    const studyCase = studyCaseOf(args.directory)
    const ofStudy = studyCase !== null || isStudy(args.directory)
    const flag = Object.keys(fitOptions).find(name => args[name as keyof typeof fitOptions] !== undefined)
    if ((ofStudy || isBand(args.directory)) && flag !== undefined) {
      throw new UserError({
        message: `--${flag} has no effect on a ${ofStudy ? 'study' : 'band'}`,
        where: 'command line',
        hint: ofStudy
          ? 'its species and window are those of its recipes; give one of its runs instead'
          : 'it belongs to runs of molecular dynamics',
      })
    }
    const answer = studyCase
      ? transportPage(path, await reportStudyCase(studyCase.study, studyCase.name))
      : ofStudy
        ? (await reportStudy(loadStudy(args.directory), name => output.note(`analysing ${name}`))).sentence
        : await runPage(path, args)
    output.document({ report: path, sentence: answer })
    output.text(answer)
    output.text(`report: ${path}`)
    if (args.open && existsSync(path)) openInBrowser(path)
    return EXIT.done
  },
})

const isBand = (directory: string) => existsSync(join(directory, RUN_FILES.band))

/** Writes the page. @returns its sentence */
function transportPage(path: string, report: TransportReport): string {
  writeFileAtomic(path, renderTransportReport(report))
  return sentence(report)
}

/** The study of transport whose case a directory is. */
function studyCaseOf(directory: string): { study: TransportRecord; name: string } | null {
  const path = resolve(directory)
  const [parent, name] = [dirname(path), basename(path)]
  if (parent === path || !isStudy(parent)) return null
  const study = loadStudy(parent)
  if (study.kind !== 'transport') return null
  return study.cases.some(one => one.name === name) ? { study, name } : null
}

async function runPage(
  path: string,
  args: {
    directory: string
    species: string | undefined
    'fit-from_ps': number | undefined
    'fit-to_ps': number | undefined
  },
): Promise<string> {
  if (isBand(args.directory)) {
    const report = singleBandReport(loadBand(args.directory))
    writeFileAtomic(path, renderBarrierReport(report))
    return barrierSentence(report)
  }
  const run = loadRun(args.directory)
  const window = fitWindow([run], { from_ps: args['fit-from_ps'], to_ps: args['fit-to_ps'] })
  const system = await analyseSystem({ name: run.name, runs: [run] }, speciesOf([run], args.species), window)
  return transportPage(
    path,
    await transportReport([system], null, { title: run.name, commands: [run.manifest.command] }),
  )
}
