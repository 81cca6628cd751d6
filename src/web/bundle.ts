import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCES = fileURLToPath(new URL('..', import.meta.url))
const CLIENT = join(SOURCES, 'web/live')

/** What web pages have in place of what needs Node. */
const STAND_INS: Readonly<Record<string, string>> = {
  'node:os': 'os.ts',
  [join(SOURCES, 'platform/wasm/runtime.ts')]: 'wasmRuntime.ts',
  [join(SOURCES, 'platform/gpu/dawn.ts')]: 'dawn.ts',
}

/** What of esbuild is used here. */
interface Esbuild {
  build(options: object): Promise<{ readonly outputFiles: readonly { readonly text: string }[] }>
}

interface PluginBuild {
  onResolve(
    options: { readonly filter: RegExp },
    resolve: (found: { readonly path: string; readonly resolveDir: string }) => { path: string } | undefined,
  ): void
}

const standIns = {
  name: 'stand-ins',
  setup({ onResolve }: PluginBuild) {
    onResolve({ filter: /^node:os$|^\..*\/(runtime|dawn)\.ts$/ }, ({ path, resolveDir }) => {
      const standIn = STAND_INS[path.startsWith('.') ? resolve(resolveDir, path) : path]
      return standIn === undefined ? undefined : { path: join(SOURCES, 'web/standIns', standIn) }
    })
  },
}

/**
 * A program of `src/web/live` with all that it imports as one classic script.
 * @throws Error when it imports what browsers do not have
 */
export async function bundleForBrowser(entry: string): Promise<string> {
  // The esbuild that tsx itself uses, wherever it is installed: see load.mjs.
  const requireHere = createRequire(import.meta.url)
  const esbuild = createRequire(requireHere.resolve('tsx/package.json'))('esbuild') as Esbuild
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(CLIENT, entry)],
    bundle: true,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    loader: { '.wasm': 'binary' },
    tsconfigRaw: {},
    plugins: [standIns],
    write: false,
    logLevel: 'silent',
  })
  return outputFiles[0]!.text
}
