import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { onTestFinished, vi } from 'vitest'
import { main } from '../../src/cli/main.ts'

export const ROOT = resolve(import.meta.dirname, '../..')
export const POTENTIAL = join(ROOT, 'potentials/pvdf-lifsi.yaml')
const PROGRAM = join(ROOT, 'src/cli/hoplite.mjs')

export interface Spoken {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** One command line in this process. */
export async function hoplite(...args: string[]): Promise<Spoken> {
  const said = { stdout: '', stderr: '' }
  const listen = (stream: 'stdout' | 'stderr') =>
    vi.spyOn(process[stream], 'write').mockImplementation(text => {
      said[stream] += String(text)
      return true
    })
  // Help is printed by yargs, on the console.
  const spies = [
    listen('stdout'),
    listen('stderr'),
    vi.spyOn(console, 'log').mockImplementation(text => {
      said.stdout += `${text}\n`
    }),
  ]
  try {
    return { code: await main(args), ...said }
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
}

/** The one document that a command prints under --json. */
export async function document(...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await hoplite(...args, '--json')
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`)
  return JSON.parse(stdout) as Record<string, unknown>
}

/** What a refused command line says: exit code 2, one message, nothing on stdout. Anything else is a failure. */
export async function refusal(
  ...args: string[]
): Promise<{ message: string; where: string | undefined; hint: string | undefined }> {
  const { code, stdout, stderr } = await hoplite(...args)
  if (code !== 2 || stdout !== '') throw new Error(`exit code ${code}\n${stdout}${stderr}`)
  const lines = stderr.trimEnd().split('\n')
  const take = (label: string) => {
    const last = lines.at(-1)!
    return last.startsWith(label) ? lines.pop()!.slice(label.length) : undefined
  }
  const hint = take('  hint:  ')
  const where = take('  where: ')
  if (lines.filter(line => /^\S/.test(line)).length !== 1 || !lines[0]!.startsWith('hoplite: ')) {
    throw new Error(`not one message: ${stderr}`)
  }
  const message = lines.join('\n').slice('hoplite: '.length)
  if (/\n\s+at /.test(stderr)) throw new Error(`a stack trace: ${stderr}`)
  return { message, where, hint }
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Spoken & { signal: NodeJS.Signals | null }>
}

/** One command line in a process of its own, which does not outlive the test. */
export function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(process.execPath, [PROGRAM, ...args], { env: { ...process.env, ...env } })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', text => {
    said.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    said.stderr += text
  })
  const ended = new Promise<Spoken & { signal: NodeJS.Signals | null }>((done, fail) => {
    child.on('error', fail)
    child.on('close', (code, signal) => done({ code: code ?? -1, signal, ...said }))
  })
  return { child, ended }
}

/** Waits until something holds. */
export async function until(holds: () => boolean, limit_s = 30): Promise<void> {
  const started = performance.now()
  while (!holds()) {
    if (performance.now() - started > 1000 * limit_s) throw new Error(`not within ${limit_s} s`)
    await new Promise(wake => setTimeout(wake, 20))
  }
}

/** Everything below a folder: content by path, so that two moments can be compared. */
export function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file =>
    statSync(join(folder, file)).isFile(),
  )
  return Object.fromEntries(files.sort().map(file => [file, readFileSync(join(folder, file), 'latin1')]))
}

export const hasColour = (text: string) => stripVTControlCharacters(text) !== text
