import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { HOPLITE_VERSION } from '../../src/version.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { hasColour, hoplite, refusal } from './hoplite.ts'

const temporary = temporaryFolder()
const COMMANDS = ['build', 'energy', 'md', 'resume', 'msd', 'compare', 'study', 'report', 'doctor']

describe('the command line', () => {
  it.each([
    { args: [], message: 'a command is missing', hint: /build, energy, md/ },
    { args: ['--quiet'], message: 'a command is missing', hint: /build, energy, md/ },
    { args: ['enrgy'], message: "there is no command 'enrgy'", hint: /did you mean energy\?/ },
    { args: ['xyzzy'], message: "there is no command 'xyzzy'", hint: /commands: build/ },
    { args: ['energy'], message: 'an argument is missing', hint: /hoplite energy <structure>/ },
    { args: ['energy', ''], message: 'structure is empty', hint: /extxyz/ },
    { args: ['energy', 'a', 'b'], message: "unexpected 'b'", hint: /hoplite energy <structure>/ },
    { args: ['energy', 'a', '--potental', 'b'], message: 'unknown flag --potental', hint: /--potential\?/ },
    { args: ['energy', 'a', '--cutoff_nm', '1'], message: 'unknown flag --cutoff_nm', hint: /--cutoff_A\?/ },
    { args: ['energy', 'a', '--cutoff_A.x=1'], message: 'unknown flag --cutoff_A.x', hint: /--cutoff_A\?/ },
    { args: ['energy', 'a', '-f'], message: 'unknown flag -f', hint: /energy --help/ },
    { args: ['energy', 'a', '--cutoff_A'], message: '--cutoff_A needs a value', hint: /energy --help/ },
    { args: ['energy', 'a', '--cutoff_A='], message: '--cutoff_A is empty', hint: /Å/ },
    { args: ['energy', 'a', '--cutoff_A', 'x'], message: "--cutoff_A is 'x'", hint: /a number/ },
    {
      args: ['energy', 'a', '--cutoff_A', 'Infinity'],
      message: "--cutoff_A is 'Infinity'",
      hint: /a number/,
    },
    { args: ['energy', 'a', '--cutoff_A', '-7'], message: '--cutoff_A is -7', hint: /positive/ },
    {
      args: ['energy', 'a', '--cutoff_A', '7', '--cutoff_A', '6'],
      message: '--cutoff_A is given 2 times: 7, 6',
      hint: /one value/,
    },
    {
      args: ['energy', 'a', '--ewald-accuracy', '1e-99'],
      message: '--ewald-accuracy is 1e-99',
      hint: /1e-12/,
    },
    {
      args: ['energy', 'a', '--ewald-alpha_per_A', '1e9'],
      message: '--ewald-alpha_per_A is 1000000000',
      hint: /5/,
    },
    {
      args: ['energy', 'a', '--special-lj', '0,,0'],
      message: "--special-lj is '0,,0'",
      hint: /three numbers/,
    },
    { args: ['energy', 'a', '--styles', 'x'], message: "--styles has 'x'", hint: /kind=style/ },
    { args: ['energy', 'a', '--coulomb', 'spme'], message: '--coulomb is spme', hint: /ewald, pme/ },
    { args: ['energy', 'a', '--platform', 'lmp'], message: '--platform is lmp', hint: /auto, reference/ },
    { args: ['build', 'a'], message: '--out is missing', hint: /build --help/ },
    {
      args: ['msd', 'a', '--fitFrom_ps', '1'],
      message: 'unknown flag --fitFrom_ps',
      hint: /--fit-from_ps\?/,
    },
    { args: ['msd', 'a', '--fit-to_ps', 'x'], message: "--fit-to_ps is 'x'", hint: /a number/ },
    { args: ['compare', 'a'], message: 'a comparison needs two systems', hint: /RUN_A RUN_B/ },
    { args: ['compare', 'a,', 'b'], message: "'a,' has an empty name between commas", hint: /commas/ },
    { args: ['study', 'x'], message: 'name is x', hint: /pvdf-transport/ },
    {
      args: ['study', 'pvdf-transport', '--no-quick'],
      message: 'unknown flag --no-quick',
      hint: /--quick\?/,
    },
    { args: ['doctor', 'x'], message: "unexpected 'x'", hint: /usage: hoplite doctor/ },
  ])('the command line $args is refused', async ({ args, message, hint }) => {
    const said = await refusal(...args)
    expect(said.message).toBe(message)
    expect(said.hint).toMatch(hint)
  })

  it.each([
    ['an unknown command', ['xyzzy', '--json']],
    ['an unknown flag', ['energy', 'a', '--xyz', '--json']],
    ['a file that is not there', ['energy', 'nothing.extxyz', '--potential', 'p.yaml', '--json', '--json']],
    ['a directory that is no run', ['msd', 'test', '--json', '--quiet']],
  ])('the error of %s is written as JSON to stdout too', async (_what, args) => {
    const { code, stdout, stderr } = await hoplite(...args)
    expect(code).toBe(2)
    const { error } = JSON.parse(stdout)
    expect(Object.keys(error)).toEqual(['code', 'message', 'where', 'hint'])
    expect(error.code).toBe(2)
    expect(stderr).toContain(error.message)
    expect(stdout.trim().split('\n')).toHaveLength(1)
  })

  it('control characters of a file are not written to the terminal', async () => {
    const file = join(temporary, 'binary.data')
    writeFileSync(
      file,
      Uint8Array.from({ length: 20_000 }, (_, k) => (k * k * 31 + 7 * k) % 251),
    )
    for (const args of [
      ['md', file],
      ['energy', file],
      ['energy', 'test/golden/boxes/pvdf-hot.extxyz', '--potential', file],
    ]) {
      const { code, stderr } = await hoplite(...args)
      expect(code).toBe(2)
      expect(stderr.length).toBeLessThan(3000)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
      expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
    }
  })

  it('messages are English in every locale', async () => {
    const { LC_ALL } = process.env
    process.env.LC_ALL = 'de_DE.UTF-8'
    try {
      const { stdout } = await hoplite('md', '--help')
      expect(stdout).toContain('Options:')
    } finally {
      if (LC_ALL === undefined) delete process.env.LC_ALL
      else process.env.LC_ALL = LC_ALL
    }
  })
})

describe('help', () => {
  it.each(COMMANDS)('the help of %s has one example, which the command accepts', async name => {
    const { code, stdout, stderr } = await hoplite(name, '--help')
    expect(code).toBe(0)
    expect(stderr).toBe('')
    expect(stdout).toContain(`hoplite ${name}`)
    const [, examples = ''] = stdout.split('Examples:\n')
    const commands = examples.match(/hoplite \w+/g)
    expect(commands).toEqual([`hoplite ${name}`])
    const flags = new Set(examples.match(/--[\w-]+/g) ?? [])
    const [options = ''] = (stdout.split('Options:\n')[1] ?? '').split('Examples:')
    for (const flag of flags) expect(options).toContain(`${flag} `)
  })

  it('the help lists every command', async () => {
    const { stdout } = await hoplite('--help')
    for (const name of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}hoplite ${name}\\b`, 'm'))
  })

  it('--version prints the version', async () => {
    expect((await hoplite('--version')).stdout.trim()).toBe(HOPLITE_VERSION)
  })
})

describe('doctor', () => {
  it('doctor --json lists platforms and engines, with the reason for missing ones', async () => {
    const { code, stdout, stderr } = await hoplite('doctor', '--json')
    expect([code, stderr]).toEqual([0, ''])
    const { platforms, engines } = JSON.parse(stdout)
    expect(platforms.map(({ name }: { name: string }) => name)).toEqual(['reference', 'simd', 'gpu'])
    expect(platforms[0].available).toBe(true)
    expect(engines.map(({ name }: { name: string }) => name)).toContain('lammps')
    for (const offer of [...platforms, ...engines]) {
      expect(Object.keys(offer)).toEqual(['name', 'available', 'detail', 'reason'])
      if (offer.available) expect(offer.reason).toBeNull()
      else expect(offer.reason).not.toBe('')
    }
  })

  it('doctor prints the same lists as text', async () => {
    const { stdout } = await hoplite('doctor')
    expect(stdout).toMatch(/^reference +yes/m)
    expect(hasColour(stdout)).toBe(false)
  })
})
