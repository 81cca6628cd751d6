import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { temporaryFolder } from '../tools/folder.ts'
import { changed, LIFSI_MD, writeLifsi } from './boxes.ts'
import { document, refusal } from './hoplite.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const recipe = at('device.yaml')
const DSF = changed(
  changed(LIFSI_MD, /coulomb: pme, coulomb_accuracy: 1.0e-3/, 'coulomb: dsf, coulomb_alpha_per_A: 0.2'),
  /time_ps: 0.02/,
  'steps_on_device: 5, time_ps: 0.02',
)

beforeAll(async () => {
  await writeLifsi(folder)
  writeFileSync(recipe, DSF)
})

it('runs a recipe with steps on the device, and says in which precision', async () => {
  const result = await document('md', recipe, '--platform', 'gpu:webasm', '--out', at('run'))
  expect(result).toMatchObject({ completed: true, steps: 24, precision: 'f32' })
  const manifest = JSON.parse(readFileSync(at('run/manifest.json'), 'utf8'))
  expect(manifest).toMatchObject({ precision: 'f32', platform: { ran: 'gpu', backend: 'f32, webasm' } })
  expect(manifest.recipe.stages[1]).toMatchObject({ steps_on_device: 5 })
  const steps = readFileSync(at('run/log.csv'), 'utf8').trimEnd().split('\n').slice(1)
  expect(steps.map(row => Number(row.split(',')[0]))).toEqual([
    ...[0, 2, 4],
    ...[0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20].map(step => 4 + step),
  ])
})

it('names the platform that has no device, and what the device does not know', async () => {
  const simd = await refusal('md', recipe, '--platform', 'simd', '--out', at('simd'), '--quiet')
  expect(simd).toMatchObject({
    message: "the platform 'simd' does not move atoms on a device",
    where: 'stage produce',
    hint: expect.stringContaining('steps_on_device'),
  })
  writeFileSync(at('mesh.yaml'), changed(LIFSI_MD, /time_ps: 0.02/, 'steps_on_device: 5, time_ps: 0.02'))
  const mesh = await refusal(
    'md',
    at('mesh.yaml'),
    '--platform',
    'gpu:webasm',
    '--out',
    at('mesh'),
    '--quiet',
  )
  expect(mesh.message).toBe('atoms cannot be moved on the device: coulomb: pme')
  expect(mesh.hint).toContain('coulomb: dsf')
})
