import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { UserError } from '../errors.ts'
import { pack } from '../files/packed.ts'
import { bundlePage, packageFile } from './bundle.ts'
import type { LiveInput } from './live/input.ts'
import { livePage } from './livePage.ts'

export interface ServeRequest {
  readonly input: LiveInput
  /** Command that runs the same recipe without a browser, for the page. */
  readonly command: string
  readonly host: string
  /** Port; 0 takes any free one. */
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

/** Everything comes from this server. Plotly writes styles of its own. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
/** gpu.js makes functions from text, and threads from blobs where it computes on the processor. */
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
 * Serves the page that runs a recipe in the browser. All that it serves is in memory: it reads no files on request.
 * @throws UserError when the address is not available
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
    ['/', resource('text/html; charset=utf-8', livePage(input, command), PAGE_POLICY)],
    ['/page.css', resource('text/css; charset=utf-8', css)],
    ['/page.js', resource(javascript, js)],
    ['/engine.js', resource(javascript, bundlePage('engine').js, ENGINE_POLICY)],
    ['/plotly.js', resource(javascript, packageFile('plotly.js-dist-min', 'plotly.min.js'))],
    ['/input.json', resource('application/json', pack(input))],
  ])
}

function listen(server: Server, { host, port }: ServeRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(refusal(error, host, port)))
    server.listen(port, host, resolve)
  })
}

/** Returns the error for the user when an address is not available. */
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
