import { request } from 'node:http'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unpack } from '../../src/files/packed.ts'
import { loadRecipe } from '../../src/recipes/recipe.ts'
import { liveInput } from '../../src/run/liveInput.ts'
import { type Serving, serve } from '../../src/web/serve.ts'

const input = liveInput(loadRecipe(resolve(import.meta.dirname, '../../runs/pvdf-700K.yaml')))
const asked = { input, command: 'hoplite md runs/pvdf-700K.yaml', host: '127.0.0.1', port: 0 }
let serving: Serving

beforeAll(async () => {
  serving = await serve(asked)
})
afterAll(() => serving.close())

/** As it is written: fetch would tidy the path. */
function ask(path: string, method = 'GET') {
  const { hostname, port } = new URL(serving.address)
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>(
    (resolve, reject) => {
      const sent = request({ hostname, port, path, method }, answer => {
        let body = ''
        answer.setEncoding('utf8').on('data', text => {
          body += text
        })
        answer.on('end', () => resolve({ status: answer.statusCode!, headers: answer.headers, body }))
      })
      sent.on('error', reject).end()
    },
  )
}

describe('the server of the live page', () => {
  it('serves the page, its programs and the run, isolated from other origins', async () => {
    const page = await ask('/?backend=simd')
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
    })
    const [, ...named] = /src="([^"]+)".*\n.*src="([^"]+)"/.exec(page.body)!
    expect(named).toEqual(['plotly.js', 'page.js'])
    for (const path of [...named, 'engine.js']) {
      const { status, headers, body } = await ask(`/${path}`)
      expect([status, headers['content-type']]).toEqual([200, 'text/javascript; charset=utf-8'])
      expect(body.length).toBeGreaterThan(10_000)
    }
  })

  it('sends the state of the run to the last bit', async () => {
    const { headers, body } = await ask('/input.json')
    expect(headers['content-type']).toBe('application/json')
    const received = unpack(body) as typeof input
    expect(received.system.forces).toEqual(input.system.forces)
    expect(received.state).toEqual(input.state)
    expect(received.groups.filter(group => group === 'ion')).toHaveLength(15)
  })

  it('answers HEAD without a body, and refuses other methods', async () => {
    expect(await ask('/', 'HEAD')).toMatchObject({ status: 200, body: '' })
    expect(await ask('/', 'POST')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } })
  })

  it.each([
    '/package.json',
    '/../package.json',
    '/%2e%2e/package.json',
    '//etc/passwd',
    '/src/cli/main.ts',
    '/page.js/',
    '/constructor',
    'http://127.0.0.1/',
  ])('answers 404 at %s', async path => {
    expect(await ask(path)).toMatchObject({ status: 404, body: 'not found\n' })
  })

  it('names a port that is in use, and an address of another machine', async () => {
    const port = Number(new URL(serving.address).port)
    await expect(serve({ ...asked, port })).rejects.toMatchObject({
      name: 'UserError',
      message: `port ${port} is in use`,
    })
    await expect(serve({ ...asked, host: '192.0.2.1' })).rejects.toMatchObject({
      name: 'UserError',
      message: '192.0.2.1 is no address of this machine',
    })
  })
})
