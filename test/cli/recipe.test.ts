import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readStructureFile, writeStructureFile } from '../../src/files/structureFile.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { changed, LIFSI_BUILD, LIFSI_MD, writeLifsi } from './boxes.ts'
import { contents, hoplite, refusal } from './hoplite.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

beforeAll(async () => {
  await writeLifsi(folder)
  mkdirSync(at('folder.yaml'))
  writeFileSync(at('box.pdb'), '')
  mkdirSync(at('folder.extxyz'))
  const box = readStructureFile(at('box.extxyz'))
  const frozen = Uint8Array.from(box.elements, (_, atom) => (atom === 1 || atom === 2 ? 1 : 0))
  writeStructureFile(at('frozen.extxyz'), { ...box, frozen })
})

describe('a recipe', () => {
  const refuse = async (text: string | Uint8Array, ...more: string[]) => {
    writeFileSync(at('recipe.yaml'), text)
    const before = Object.keys(contents(folder))
    const said = await refusal('md', at('recipe.yaml'), '--out', at('run'), ...more)
    expect(Object.keys(contents(folder))).toEqual(before)
    return said
  }

  it.each([
    {
      what: 'an unknown key',
      from: /cutoff_A: 7/,
      to: 'cutoff_A: 7, cutof_A: 7',
      message: 'unknown key `cutof_A`',
      where: /recipe\.yaml:4:30 interactions\.cutof_A$/,
      hint: /`cutoff_A`/,
    },
    {
      what: 'a wrong unit',
      from: /cutoff_A: 7/,
      to: 'cutoff_nm: 0.7',
      message: 'unknown key `cutoff_nm`',
      where: /:4:17 interactions\.cutoff_nm$/,
      hint: /`cutoff_A`/,
    },
    {
      what: 'a unit in the value',
      from: /timestep_fs: 1,/,
      to: "timestep_fs: '1 fs',",
      message: "expected a number, got the text '1 fs'",
      where: /:6:\d+ stages\[0\]\.timestep_fs$/,
      hint: undefined,
    },
    {
      what: 'a key without its unit',
      from: /timestep_fs: 1,/,
      to: 'timestep: 1,',
      message: /^the key `timestep_fs` is missing\n.*unknown key `timestep`$/,
      where: /stages\[0\]\.timestep_fs$/,
      hint: /a number/,
    },
    {
      what: 'a missing key',
      from: /potential: [^,]+,/,
      to: '',
      message: 'the key `potential` is missing',
      where: /:3:1 system\.potential$/,
      hint: /a text/,
    },
    {
      what: 'a kind of stage that there is not',
      from: /kind: nvt/,
      to: 'kind: nvtt',
      message: /^expected one of push-off, minimize, nve, nvt, npt/,
      where: /stages\[0\]\.kind$/,
      hint: /`nvt`/,
    },
    {
      what: 'a number that is none',
      from: /time_ps: 0\.02/,
      to: 'time_ps: .nan',
      message: 'expected a number, got the number NaN',
      where: /stages\[1\]\.time_ps$/,
      hint: undefined,
    },
    {
      what: 'a stage that never ends',
      from: /time_ps: 0\.02/,
      to: 'time_ps: 1e300',
      message: /^the stages up to produce take 1\.00e\+303 steps$/,
      where: /:7:\d+ stages\[1\]\.time_ps$/,
      hint: /at most 2147483647/,
    },
    {
      what: 'frames too far apart for a trajectory',
      from: /trajectory_every_ps: 0\.002/,
      to: 'trajectory_every_ps: 1e9',
      message: /^trajectory_every_ps is 1000000000/,
      where: /output\.trajectory_every_ps$/,
      hint: /2147483647/,
    },
    {
      what: 'a potential that is not there',
      from: /pvdf-lifsi\.yaml/,
      to: 'nothing.yaml',
      message: /^there is no file .*potentials\/nothing\.yaml$/,
      where: /recipe\.yaml:\d+:\d+ system\.potential$/,
      hint: /relative to the recipe/,
    },
    {
      what: 'a potential that is a folder',
      from: /\S*pvdf-lifsi.yaml/,
      to: 'folder.yaml',
      message: 'the file cannot be read (EISDIR)',
      where: /folder\.yaml$/,
      hint: undefined,
    },
    {
      what: 'a structure that is not there',
      from: /box\.extxyz/,
      to: 'nothing.extxyz',
      message: /^there is no file .*nothing\.extxyz$/,
      where: /recipe\.yaml:\d+:\d+ system\.structure$/,
      hint: /relative to the recipe/,
    },
    {
      what: 'a structure in no known format',
      from: /box\.extxyz/,
      to: 'box.pdb',
      message: /no known extension of a structure file/,
      where: /box\.pdb$/,
      hint: /\.extxyz/,
    },
    {
      what: 'frozen atoms, which would move',
      from: /box\.extxyz/,
      to: 'frozen.extxyz',
      message: 'atom 2 (Li) and 1 more are frozen, and molecular dynamics would move them',
      where: /frozen\.extxyz$/,
      hint: /move_mask/,
    },
    {
      what: 'a cut-off above half the box',
      from: /cutoff_A: 7/,
      to: 'cutoff_A: 9',
      message: /15\.51 Å high.*twice the cut-off of 9 Å/,
      where: /box\.extxyz$/,
      hint: /at most 7\.75 Å/,
    },
    {
      what: 'a compression below twice the cut-off',
      from: /kind: nvt, time_ps: 0\.02/,
      to: 'kind: nvt, density_end_g_per_cm3: 2, time_ps: 0.02',
      message: /12\.31 Å high.*twice the cut-off of 7 Å/,
      where: /:7:\d+ stages\[1\]\.density_end_g_per_cm3$/,
      hint: /at most 6\.15 Å/,
    },
    {
      what: 'ions to follow that are not there',
      from: /$/,
      to: 'analysis: { species: Lo }\n',
      message: 'the box has no Lo',
      where: /:9:\d+ analysis\.species$/,
      hint: /Li/,
    },
    {
      what: 'a fit window after the end',
      from: /$/,
      to: 'analysis: { fit_from_ps: 2, fit_to_ps: 12 }\n',
      message: /^fit_to_ps is 12: the last stage, produce, is 0\.02 ps long$/,
      where: /analysis\.fit_to_ps$/,
      hint: undefined,
    },
  ])('with $what is refused', async ({ from, to, message, where, hint }) => {
    const said = await refuse(changed(LIFSI_MD, from, to))
    if (typeof message === 'string') expect(said.message).toBe(message)
    else expect(said.message).toMatch(message)
    expect(said.where).toMatch(where)
    if (hint === undefined) expect(said.hint).toBeUndefined()
    else expect(said.hint).toMatch(hint)
  })

  it.each([
    ['empty', '', 'the file is empty'],
    ['nothing but a remark', '# hello\n', 'the file is empty'],
    ['a list', '- 1\n', 'expected a block of keys, got a list of 1'],
    ['indented by tabs', 'name: a\n\tseed: 1\n', 'Tabs are not allowed as indentation'],
    ['two documents', `${LIFSI_MD}---\n${LIFSI_MD}`, /multiple documents/],
    ['UTF-16', Buffer.from(`\ufeff${LIFSI_MD}`, 'utf16le'), /^expected a block of keys/],
  ])('that is %s is refused', async (_what, text, message) => {
    const said = await refuse(text)
    if (typeof message === 'string') expect(said.message).toBe(message)
    else expect(said.message).toMatch(message)
    expect(said.where).toMatch(/recipe\.yaml:\d+:\d+$/)
  })

  it.each([
    ['a folder', 'folder.yaml', 'the file cannot be read (EISDIR)'],
    ['missing', 'nothing.yaml', 'there is no such file'],
  ])('that is %s is refused', async (_what, name, message) => {
    expect(await refusal('md', at(name))).toEqual({ message, where: at(name), hint: undefined })
  })

  it.each([
    ['--steps', '0', '--steps is 0'],
    ['--steps', '0.4', '--steps is 0.4'],
    ['--steps', '1e12', /^the stages up to produce take/],
    ['--steps', 'x', "--steps is 'x'"],
    ['--seed', '-1', '--seed is -1'],
    ['--seed', '1.5', '--seed is 1.5'],
    ['--max-time', '30', "the time '30' is not a number with a unit"],
    ['--max-time', '0s', "the time '0s' is zero"],
    ['--max-time', '1000h', "the time '1000h' is too long"],
    ['--out', '', '--out is empty'],
  ])('cannot be run with %s %j, dry or not', async (flag, value, message) => {
    writeFileSync(at('recipe.yaml'), LIFSI_MD)
    for (const more of [[], ['--dry-run']]) {
      const said = await refusal('md', at('recipe.yaml'), flag, value, ...more)
      if (typeof message === 'string') expect(said.message).toBe(message)
      else expect(said.message).toMatch(message)
    }
  })

  it.each([
    ['CRLF line ends', LIFSI_MD.replaceAll('\n', '\r\n')],
    ['a byte order mark', `\ufeff${LIFSI_MD}`],
  ])('with %s is read like any other', async (_what, text) => {
    writeFileSync(at('recipe.yaml'), text)
    const { code, stdout } = await hoplite('md', at('recipe.yaml'), '--dry-run')
    expect(code).toBe(0)
    expect(stdout).toContain('120 atoms')
  })

  it('may be called anything', async () => {
    writeFileSync(at('Rezept 箱 ß.yaml'), LIFSI_MD)
    expect((await hoplite('md', at('Rezept 箱 ß.yaml'), '--dry-run')).code).toBe(0)
  })
})

describe('a box to build', () => {
  const refuse = async (text: string, ...more: string[]) => {
    writeFileSync(at('recipe.yaml'), text)
    const said = await refusal('build', at('recipe.yaml'), '--out', at('built.extxyz'), ...more)
    expect(existsSync(at('built.extxyz'))).toBe(false)
    return said
  }

  it.each([
    {
      what: 'a net charge',
      from: /FSI: 12/,
      to: 'FSI: 11',
      message: /net charge of 0\.7000 e/,
      where: /recipe\.yaml$/,
      hint: /balance/,
    },
    {
      what: 'an unknown unit',
      from: /FSI: 12/,
      to: 'FSX: 12',
      message: "there is no unit called 'FSX'",
      where: /recipe\.yaml:5:3 system\.build$/,
      hint: /`FSI`/,
    },
    {
      what: 'a repeat unit as an ion',
      from: /FSI: 12/,
      to: 'VDF: 12',
      message: /repeat unit/,
      where: /VDF\.yaml, for .*recipe\.yaml:5:3/,
      hint: /polymers/,
    },
    {
      what: 'no room',
      from: /density_g_per_cm3: 1\.0/,
      to: 'density_g_per_cm3: 20',
      message: /^no room for another/,
      where: /recipe\.yaml:5:3 system\.build$/,
      hint: /lower density/,
    },
    {
      what: 'a cut-off above half the edge',
      from: /cutoff_A: 7/,
      to: 'cutoff_A: 8',
      message: /twice the cut-off of 8 Å/,
      where: /recipe\.yaml$/,
      hint: /7\.75 Å/,
    },
    {
      what: 'a fraction of an ion',
      from: /FSI: 12/,
      to: 'FSI: 1.5',
      message: 'expected a whole number, got the number 1.5',
      where: /system\.build\.ions\.FSI$/,
      hint: null,
    },
  ])('with $what is refused', async ({ from, to, message, where, hint }) => {
    const said = await refuse(changed(LIFSI_BUILD, from, to))
    expect(said.message).toMatch(message)
    expect(said.where).toMatch(where)
    if (hint !== null) expect(said.hint).toMatch(hint)
  })

  it.each([
    ['in a folder that is missing', join('nowhere', 'x.extxyz'), 'there is no such folder'],
    ['where a folder is', 'folder.extxyz', 'this is a folder'],
    ['over another file', 'box.extxyz', 'the file exists already'],
    ['in an unknown format', 'x.pdb', /no known extension of a structure file/],
  ])('is not built %s', async (_where, out, message) => {
    const before = contents(folder)
    const said = await refusal('build', at('build.yaml'), '--out', at(out))
    expect(said.message).toMatch(message)
    expect(contents(folder)).toEqual(before)
  })

  it('is not built from a recipe without a build section', async () => {
    const said = await refusal('build', at('md.yaml'), '--out', at('built.extxyz'))
    expect(said).toMatchObject({
      message: 'the recipe has no build section',
      where: `${at('md.yaml')}:3:1 system`,
    })
  })
})
