import { execFileSync } from 'node:child_process'
import { it } from 'vitest'

/** Programs that some tests compare with, the Debian package of each, and a command that works where it is there. */
const TOOLS = {
  lammps: { debian: 'lammps', probe: ['lmp', '-h'] },
  ase: { debian: 'python3-ase', probe: ['/usr/bin/python3', '-c', 'import ase'] },
} as const
export type Tool = keyof typeof TOOLS

const found = new Map<Tool, boolean>()

export function hasTool(tool: Tool): boolean {
  if (!found.has(tool)) {
    const [command, ...options] = TOOLS[tool].probe
    try {
      execFileSync(command, options, { stdio: 'ignore' })
      found.set(tool, true)
    } catch {
      found.set(tool, false)
    }
  }
  return found.get(tool)!
}

/** A test that needs a program: skipped with a reason where it is missing, failed on CI. */
export function itWith(tool: Tool, name: string, body: () => void | Promise<void>): void {
  it(name, async context => {
    if (!hasTool(tool)) {
      const reason = `${tool} is missing: apt-get install ${TOOLS[tool].debian}`
      if (process.env.CI === 'true') throw new Error(reason)
      context.skip(reason)
    }
    await body()
  })
}

/** Runs Python with ASE; `program` prints JSON. */
export function runAse(program: string, ...options: string[]): unknown {
  return JSON.parse(execFileSync('/usr/bin/python3', ['-c', program, ...options], { encoding: 'utf8' }))
}
