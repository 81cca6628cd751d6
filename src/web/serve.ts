import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { UserError } from '../errors.ts'
import { pack } from '../files/packed.ts'
import { HOPLITE_VERSION } from '../version.ts'
import { bundlePage, packageFile } from './bundle.ts'
import { BACKEND_CHOICES, type BackendChoice, type LiveInput, temperatureOf } from './live/input.ts'
import { livePage } from './livePage.ts'

export interface ServeRequest {
  readonly input: LiveInput
  /** Of the recipe, as the page is to name it. */
  readonly command: string
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
}

export interface Serving {
  readonly address: string
  close(): Promise<void>
}

interface Resource {
  readonly type: string
  readonly body: Buffer
  readonly policy?: string
}

const BACKEND_LABELS: Readonly<Record<BackendChoice, string>> = {
  auto: 'the fastest there is',
  webgpu: 'WebGPU',
  webgl2: 'WebGL 2',
  webasm: 'WebAssembly, by gpu.js',
  simd: 'WebAssembly SIMD',
  reference: 'double precision',
}

const OTHER_TEMPERATURES_K = [300, 500, 700]

/** Nothing from elsewhere. Plotly writes styles of its own. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
/** gpu.js makes functions of text, and where it computes on the processor threads of blobs. */
const ENGINE_POLICY =
  "default-src 'none'; script-src 'self' 'unsafe-eval' 'wasm-unsafe-eval'; worker-src blob:"

const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
}

/**
 * Serves the page that runs a recipe in the browser, and nothing else: everything that can be asked for is in memory.
 * @throws UserError when the address cannot be had
 */
export async function serve(request: ServeRequest): Promise<Serving> {
  const resources = resourcesOf(request)
  const server = createServer((asked, answer) => respond(resources, asked, answer))
  await listen(server, request)
  const { port, family, address } = server.address() as AddressInfo
  const host = request.host === 'localhost' ? 'localhost' : family === 'IPv6' ? `[${address}]` : address
  return {
    address: `http://${host}:${port}/`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function resourcesOf({ input, command }: ServeRequest): ReadonlyMap<string, Resource> {
  const { js, css } = bundlePage('live')
  const resource = (type: string, text: string, policy?: string): Resource => ({
    type,
    body: Buffer.from(text),
    ...(policy && { policy }),
  })
  const javascript = 'text/javascript; charset=utf-8'
  return new Map<string, Resource>([
    ['/', resource('text/html; charset=utf-8', pageOf(input, command), PAGE_POLICY)],
    ['/page.css', resource('text/css; charset=utf-8', css)],
    ['/page.js', resource(javascript, js)],
    ['/engine.js', resource(javascript, bundlePage('engine').js, ENGINE_POLICY)],
    ['/plotly.js', resource(javascript, packageFile('plotly.js-dist-min', 'plotly.min.js'))],
    ['/input.json', resource('application/json', pack(input))],
  ])
}

function pageOf(input: LiveInput, command: string): string {
  const { system, state, species, speciesLabel, groups } = input
  const temperature_K = temperatureOf(input)
  const ions = groups.filter(group => group === 'ion').length
  const edges = [0, 3, 6].map(k => Math.hypot(...state.box.matrix.subarray(k, k + 3)).toFixed(1)).join(' × ')
  return livePage({
    title: input.name,
    hopliteVersion: HOPLITE_VERSION,
    description: `${system.atomCount} atoms, ${ions} ${speciesLabel}, cell ${edges} Å.`,
    speciesLabel,
    temperatures_K: [...new Set([...OTHER_TEMPERATURES_K, temperature_K ?? 300])].sort((a, b) => a - b),
    temperature_K,
    backends: BACKEND_CHOICES.map(name => ({ name, label: BACKEND_LABELS[name] })),
    seed: input.seed,
    elements: [...new Set(system.elements)].filter(element => element !== species),
    command,
  })
}

function listen(server: Server, { host, port }: ServeRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(refusal(error, host, port)))
    server.listen(port, host, resolve)
  })
}

/** Why an address is not to be had, in the user's words. */
function refusal(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const refuse = (message: string, hint: string) => new UserError({ message, where: 'command line', hint })
  if (error.code === 'EADDRINUSE') {
    return refuse(`port ${port} is in use`, 'give another with --port, or --port 0 for any that is free')
  }
  if (error.code === 'EACCES')
    return refuse(`port ${port} is not yours to use`, 'give one above 1023 with --port')
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') {
    return refuse(`${host} is no address of this machine`, 'leave --host out for this machine alone')
  }
  return error
}

function respond(
  resources: ReadonlyMap<string, Resource>,
  { url = '', method = '' }: IncomingMessage,
  answer: ServerResponse,
): void {
  const send = (status: number, { type, body, policy }: Resource) => {
    const headers = { ...HEADERS, ...(policy && { 'Content-Security-Policy': policy }) }
    answer.writeHead(status, { ...headers, 'Content-Type': type, 'Content-Length': body.length })
    answer.end(method === 'HEAD' ? undefined : body)
  }
  const resource = resources.get(url.split('?')[0]!)
  if (!resource) send(404, message('not found'))
  else if (method === 'GET' || method === 'HEAD') send(200, resource)
  else {
    answer.setHeader('Allow', 'GET, HEAD')
    send(405, message('only GET and HEAD'))
  }
}

const message = (text: string): Resource => ({
  type: 'text/plain; charset=utf-8',
  body: Buffer.from(`${text}\n`),
})
