import { execFileSync } from 'node:child_process'
import { EXIT } from '../errors.ts'
import { describePlatform, type PlatformKey } from '../platform/choose.ts'
import { describeMachine, machine } from '../run/machine.ts'
import { command } from './command.ts'
import { formatTable } from './output.ts'

/** Platforms that are listed; the gpu kernels on the processor are for comparison only. */
const PLATFORMS: readonly PlatformKey[] = ['reference', 'simd', 'gpu']

/** External programs: hoplite is compared with them, or exports boxes to them. */
const ENGINES: readonly {
  name: string
  programs: readonly string[]
  arguments: readonly string[]
  version: RegExp
}[] = [
  {
    name: 'lammps',
    programs: ['lmp', 'lmp_serial', 'lmp_mpi'],
    arguments: ['-h'],
    version: /Simulator - ([^\n]+)/,
  },
  { name: 'gromacs', programs: ['gmx'], arguments: ['--version'], version: /GROMACS version:\s+(\S+)/ },
]

export const doctorCommand = command({
  usage: 'doctor',
  summary: 'list the platforms and engines of this machine, with the reason for missing ones',
  example: ['hoplite doctor', 'platforms, processors, external engines'],
  positionals: {},
  options: {},
  async run(_args, output) {
    const here = machine()
    const platforms = await Promise.all(
      PLATFORMS.map(async name => {
        const { detail, reason } = await describePlatform(name)
        return { name, available: reason === null, detail, reason }
      }),
    )
    const engines = ENGINES.map(findEngine)
    output.document({ machine: here, platforms, engines })
    output.text(`${describeMachine(here)}\n`)
    const mark = (available: boolean) => (available ? 'yes' : 'no')
    output.text(
      formatTable(
        ['platform', 'here', 'detail'],
        platforms.map(({ name, available, detail, reason }) => [name, mark(available), reason ?? detail]),
      ),
    )
    output.text('')
    output.text(
      formatTable(
        ['engine', 'here', 'detail'],
        engines.map(({ name, available, detail, reason }) => [name, mark(available), reason ?? detail]),
      ),
    )
    return EXIT.done
  },
})

function findEngine({ name, programs, arguments: args, version }: (typeof ENGINES)[number]) {
  for (const program of programs) {
    try {
      const text = execFileSync(program, [...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        timeout: 20_000,
      })
      return {
        name,
        available: true,
        detail: `${program} ${version.exec(text)?.[1] ?? '(version not found)'}`,
        reason: null,
      }
    } catch {
      // This program is not installed: try the next name.
    }
  }
  return { name, available: false, detail: '', reason: `none of ${programs.join(', ')} is on the PATH` }
}
