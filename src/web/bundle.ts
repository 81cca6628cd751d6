import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A program that runs in a page, and its style sheet; empty for a program without one. */
export interface PageProgram {
  readonly js: string
  readonly css: string
}

/** Programs and the files in which they begin. */
const ENTRIES = { report: 'report/main.ts', live: 'live/page.ts', engine: 'live/engine.ts' } as const
export type PageEntry = keyof typeof ENTRIES
export const PAGE_ENTRIES = Object.keys(ENTRIES) as readonly PageEntry[]

const HERE = dirname(fileURLToPath(import.meta.url))
const requireHere = createRequire(import.meta.url)
const programs = new Map<PageEntry, PageProgram>()

/**
 * Returns a page program with all that it imports, as one classic script and one style sheet. A package has them ready:
 * `bundles/ENTRY.js` and `bundles/ENTRY.css` beside this file. A clone makes them from the sources, once per process;
 * src/package.json lists under `browser` the modules that take the place of those which need Node.
 *
 * @throws Error when a program imports a module that browsers do not have
 */
export function bundlePage(entry: PageEntry): PageProgram {
  const known = programs.get(entry)
  if (known) return known
  const ready = join(HERE, 'bundles', entry)
  const program = existsSync(`${ready}.js`)
    ? { js: readFileSync(`${ready}.js`, 'utf8'), css: readFileSync(`${ready}.css`, 'utf8') }
    : build(ENTRIES[entry])
  programs.set(entry, program)
  return program
}

function build(file: string): PageProgram {
  // Loaded here, as an installed package can do without it.
  const { buildSync } = requireHere('esbuild') as typeof import('esbuild')
  const { outputFiles } = buildSync({
    entryPoints: [join(HERE, file)],
    bundle: true,
    minify: true,
    charset: 'utf8',
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    loader: { '.wasm': 'binary' },
    tsconfigRaw: {},
    outdir: HERE,
    write: false,
    logLevel: 'silent',
  })
  const text = (extension: string) =>
    outputFiles.find(({ path }) => extname(path) === extension)?.text.trim() ?? ''
  return { js: text('.js'), css: text('.css') }
}

/** Returns the text of a file of an installed package. @param path from the package's folder */
export function packageFile(name: string, path: string): string {
  const manifest = requireHere.resolve(`${name}/package.json`)
  return readFileSync(join(dirname(manifest), path), 'utf8')
}
