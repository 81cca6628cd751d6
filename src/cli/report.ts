import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT, UserError } from '../errors.ts'
import { writeFileAtomic } from '../io/files.ts'
import { RUN_FILES } from '../io/runDirectory.ts'
import { renderTransportReport } from '../report/page.ts'
import { sentence } from '../report/sentence.ts'
import { isStudyDirectory, reportStudy } from '../studies/pvdfTransport.ts'
import { loadRun } from '../workflow/loadRun.ts'
import { analyseSystem, fitWindow } from '../workflow/transport.ts'
import { transportReport } from '../workflow/transportReport.ts'
import { openInBrowser } from './browser.ts'
import { command } from './command.ts'
import { fitOptions, speciesOf } from './msd.ts'

export const reportCommand = command({
  usage: 'report <directory>',
  summary: 'the self-contained HTML page of a run or a study',
  example: ['hoplite report runs/pvdf-700K', 'writes runs/pvdf-700K/report.html'],
  positionals: { directory: { type: 'string', demandOption: true, describe: 'run or study directory' } },
  options: { ...fitOptions, open: { type: 'boolean', default: false, describe: 'show it in the browser' } },
  async run(args, output) {
    const path = join(args.directory, RUN_FILES.report)
    const isStudy = isStudyDirectory(args.directory)
    const flag = Object.keys(fitOptions).find(name => args[name as keyof typeof fitOptions] !== undefined)
    if (isStudy && flag !== undefined) {
      throw new UserError({
        message: `--${flag} has no effect on a study`,
        where: 'command line',
        hint: 'its species and window are those of its recipes; give one of its runs instead',
      })
    }
    const report = isStudy ? await reportStudy(args.directory) : await reportRun(args)
    writeFileAtomic(path, renderTransportReport(report))
    output.document({ report: path, sentence: sentence(report) })
    output.text(sentence(report))
    output.text(`report: ${path}`)
    if (args.open && existsSync(path)) openInBrowser(path)
    return EXIT.done
  },
})

async function reportRun(args: {
  directory: string
  species: string | undefined
  'fit-from_ps': number | undefined
  'fit-to_ps': number | undefined
}) {
  const run = await loadRun(args.directory)
  const window = fitWindow([run], { from_ps: args['fit-from_ps'], to_ps: args['fit-to_ps'] })
  const system = analyseSystem(run.name, [run], speciesOf([run], args.species), window)
  return transportReport([system], null, { title: run.name, command: run.manifest.command })
}
