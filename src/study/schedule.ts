import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { EXIT } from '../errors.ts'

/** One hoplite command in a process of its own: a crash costs this job alone. */
export interface Job {
  readonly name: string
  /** Command line without the program; `--json --quiet` is added. */
  readonly args: readonly string[]
}

export interface JobOutcome {
  readonly name: string
  readonly exitCode: number
  /** Document that the command printed under --json; null when it printed no JSON. */
  readonly document: unknown
  readonly stderr: string
}

/** Progress of a running job, in steps or iterations. */
export interface JobProgress {
  readonly done: number
  readonly total: number
}

/** Environment variable that tells a job to send its progress to the hoplite that started it. */
export const REPORTS_PROGRESS = 'HOPLITE_REPORTS_PROGRESS'

const PROGRAM = fileURLToPath(new URL('../cli/hoplite.mjs', import.meta.url))

/**
 * Runs jobs, at most as many at a time as there are processors; all are run whatever becomes of the others.
 * @param onStarted called as each job begins
 * @param onProgress called with the jobs' progress by name
 * @param onFinished called as each job ends
 * @param signal ends the running jobs, which write a checkpoint first; no further ones begin
 * @returns what became of the jobs that began, in their order
 */
export async function runJobs(
  jobs: readonly Job[],
  options: {
    readonly concurrency?: number | undefined
    onStarted?(job: Job): void
    onProgress?(progress: ReadonlyMap<string, JobProgress>): void
    onFinished?(outcome: JobOutcome): void
    readonly signal?: AbortSignal | undefined
  } = {},
): Promise<JobOutcome[]> {
  const { concurrency = availableParallelism(), onStarted, onProgress, onFinished, signal } = options
  const progress = new Map<string, JobProgress>()
  const outcomes: JobOutcome[] = []
  let next = 0
  const worker = async () => {
    while (next < jobs.length && !signal?.aborted) {
      const index = next++
      const job = jobs[index]!
      onStarted?.(job)
      outcomes[index] = await runJob(job, signal, state => {
        progress.set(job.name, state)
        onProgress?.(progress)
      })
      onFinished?.(outcomes[index])
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, jobs.length) }, worker))
  return outcomes.filter(outcome => outcome !== undefined)
}

function runJob(
  job: Job,
  signal: AbortSignal | undefined,
  onProgress: (progress: JobProgress) => void,
): Promise<JobOutcome> {
  return new Promise(resolve => {
    const env = { ...process.env, [REPORTS_PROGRESS]: '1' }
    const child = fork(PROGRAM, [...job.args, '--json', '--quiet'], { silent: true, env })
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('message', message => {
      if (isProgress(message)) onProgress(message)
    })
    const stop = () => child.kill('SIGINT')
    signal?.addEventListener('abort', stop, { once: true })
    const end = (code: number, reason: string) => {
      signal?.removeEventListener('abort', stop)
      resolve({ name: job.name, exitCode: code, document: parse(stdout), stderr: stderr || reason })
    }
    child.on('error', error => end(EXIT.failed, `hoplite: ${error.message}`))
    // A job that is stopped while it still loads has not installed its handler yet.
    child.on('close', (code, by) =>
      end(
        code ?? (by === 'SIGINT' ? EXIT.interrupted : EXIT.failed),
        by === null ? '' : `hoplite: killed by ${by}`,
      ),
    )
  })
}

function isProgress(message: unknown): message is JobProgress {
  return typeof message === 'object' && message !== null && 'done' in message && 'total' in message
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
