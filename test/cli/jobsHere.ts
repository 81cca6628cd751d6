import { main } from '../../src/cli/main.ts'
import type { Job, JobOutcome, runJobs as runInProcesses } from '../../src/study/schedule.ts'

/** Runs a job in this process; its output is not that of the study. @param more flags */
export async function runHere(job: Job, ...more: string[]): Promise<JobOutcome> {
  const { write } = process.stdout
  process.stdout.write = () => true
  try {
    const exitCode = await main([...job.args, ...more, '--json', '--quiet'])
    return { name: job.name, exitCode, document: null, stderr: '' }
  } finally {
    process.stdout.write = write
  }
}

/** Runs jobs here, until that of a name: it is stopped as soon as it has begun, with the study. */
export const stoppingAt =
  (name: string) =>
  async (job: Job): Promise<JobOutcome> => {
    if (job.name !== name) return runHere(job)
    const outcome = await runHere(job, '--max-time', '0.001s')
    process.emit('SIGINT')
    return outcome
  }

/** Jobs that a study has asked for, and how each is run. */
export const jobs = { asked: [] as Job[], run: (job: Job): Promise<JobOutcome> => runHere(job) }

/** In place of processes: one job after the other in this one. */
export const runJobs: typeof runInProcesses = async (list, options = {}) => {
  const outcomes: JobOutcome[] = []
  for (const job of list) {
    if (options.signal?.aborted) break
    jobs.asked.push(job)
    options.onStarted?.(job)
    outcomes.push(await jobs.run(job))
    options.onFinished?.(outcomes.at(-1)!)
  }
  return outcomes
}

/** Command and name of the jobs since the last call. */
export const asked = (): string[] => jobs.asked.splice(0).map(({ name, args }) => `${args[0]} ${name}`)
