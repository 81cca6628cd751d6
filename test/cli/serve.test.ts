import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../tools/folder.ts'
import { changed, LIFSI_BUILD, LIFSI_MD, writeLifsi } from './boxes.ts'
import { refusal, start, until } from './hoplite.ts'

const folder = temporaryFolder()
let recipe = ''

beforeAll(async () => {
  recipe = (await writeLifsi(folder)).md
})

/** A changed recipe. */
function write(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

describe('hoplite serve', () => {
  it('says where it is, and ends on Ctrl-C as it is meant to', async () => {
    const { child, ended } = start(['serve', recipe, '--port', '0', '--json', '--quiet'])
    let said = ''
    child.stdout!.on('data', text => {
      said += text
    })
    await until(() => said.includes('\n'))
    const { address, ...rest } = JSON.parse(said)
    expect(rest).toEqual({ recipe: 'lifsi', atoms: 120 })
    const response = await fetch(address)
    expect(await response.text()).toContain('<title>lifsi, live – hoplite</title>')
    child.kill('SIGINT')
    expect(await ended).toMatchObject({ code: 0, stderr: '' })
  })

  it.each([
    ['-1', /65535/],
    ['65536', /65535/],
    ['80.5', /65535/],
  ])('refuses port %s', async (port, hint) => {
    expect(await refusal('serve', recipe, `--port=${port}`)).toMatchObject({
      message: `--port is ${port}`,
      hint: expect.stringMatching(hint),
    })
  })

  it('refuses a recipe in which nothing moves at the end', async () => {
    expect(await refusal('serve', write('still.yaml', LIFSI_BUILD))).toMatchObject({
      message: 'the last stage, minimise, is of kind minimize: nothing moves in it',
    })
  })

  it('refuses a recipe without an ion to follow', async () => {
    const polymers = '[{ unit: VDF, chains: 4, units_per_chain: 4 }]'
    const text = changed(
      LIFSI_MD,
      /structure: box.extxyz/,
      `build: { polymers: ${polymers}, density_g_per_cm3: 0.2 }`,
    )
    expect(await refusal('serve', write('polymer.yaml', text))).toMatchObject({
      message: 'the box has no Li whose motion could be followed',
      hint: expect.stringContaining('elements: C, H, F'),
    })
  })
})
