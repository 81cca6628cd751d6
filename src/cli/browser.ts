import { spawn } from 'node:child_process'

const OPENERS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
}

/** Hands a file to whatever the desktop opens pages with. */
export function openInBrowser(path: string): void {
  const [program, ...args] = OPENERS[process.platform] ?? ['xdg-open']
  const child = spawn(program, [...args, path], { detached: true, stdio: 'ignore' })
  child.on('error', () => process.stderr.write(`${program} is not here: open ${path} yourself\n`))
  child.unref()
}
