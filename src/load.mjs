import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, extname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/*
 * TypeScript is run from its sources, and nothing built has to be kept in step with them by hand. Hundreds of small
 * modules, each transformed by itself, take half a second to load; one bundle of them takes a tenth. The bundle is
 * kept in node_modules/.cache, with the size and times of every file that went into it, and made anew when one differs.
 * Where it cannot be made or kept, tsx runs the sources one by one: slower, otherwise the same.
 */

const SELF = fileURLToPath(import.meta.url)
const CACHE = join(dirname(SELF), '../node_modules/.cache/hoplite')
const KEEP_MS = 3_600_000

/**
 * The module of a TypeScript file of this package.
 * @param {URL} entry
 */
export async function load(entry) {
  const bundle = await bundleOf(fileURLToPath(entry))
  if (bundle === null) {
    const { register } = await import('tsx/esm/api')
    register()
    return import(entry.href)
  }
  // Stack traces show the sources.
  process.setSourceMapsEnabled(true)
  return import(pathToFileURL(bundle).href)
}

/** The bundle of an entry file; null where there can be none. */
async function bundleOf(entry) {
  // Copies of this package may share one node_modules: each has bundles of its own.
  const name = `${basename(entry, '.ts')}-${createHash('sha256').update(entry).digest('hex').slice(0, 8)}`
  const record = join(CACHE, `${name}.json`)
  try {
    const { bundle, bytes, stamps } = JSON.parse(readFileSync(record, 'utf8'))
    // One that is cut short or empty, as after a full disk, is made anew.
    const whole = statSync(join(CACHE, bundle)).size === bytes
    if (whole && stamps.every(([file, stamp]) => stampOf(file) === stamp)) return join(CACHE, bundle)
  } catch {
    // None yet, or a file that it was made of is gone.
  }
  try {
    const { files, stamps, hash } = await build(entry)
    const bundle = `${name}-${hash}.mjs`
    mkdirSync(CACHE, { recursive: true })
    write(join(CACHE, `${bundle}.map`), files['.map'])
    const text = `${files['.mjs']}//# sourceMappingURL=${bundle}.map\n`
    write(join(CACHE, bundle), text)
    write(record, JSON.stringify({ bundle, bytes: Buffer.byteLength(text), stamps }))
    forget(name, bundle)
    return join(CACHE, bundle)
  } catch {
    return null
  }
}

/** What changes whenever a file does: `npm` gives all files one modification time, but nothing fakes the change time. */
function stampOf(file) {
  const { size, mtimeMs, ctimeMs } = statSync(file)
  return `${size} ${mtimeMs} ${ctimeMs}`
}

async function build(entry) {
  // The esbuild that tsx itself uses, wherever it is installed.
  const requireHere = createRequire(import.meta.url)
  const esbuild = createRequire(requireHere.resolve('tsx/package.json'))('esbuild')
  const stamps = [[SELF, stampOf(SELF)]]
  const asInPlace = {
    name: 'as-in-place',
    setup({ onLoad }) {
      onLoad({ filter: /./, namespace: 'file' }, ({ path }) => {
        // Taken before the file is read: a change in between makes the bundle stale, not wrong.
        stamps.push([path, stampOf(path)])
        const loader = { '.ts': 'ts', '.js': 'js', '.mjs': 'js', '.cjs': 'js' }[extname(path)]
        if (!loader) return undefined
        const contents = readFileSync(path, 'utf8')
          .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
          .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
          .replaceAll('import.meta.filename', JSON.stringify(path))
        return { contents, loader }
      })
    },
  }
  const { outputFiles } = await esbuild.build({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    outfile: join(CACHE, 'bundle.mjs'),
    sourcemap: 'external',
    sourcesContent: false,
    tsconfigRaw: {},
    // Dependencies in CommonJS ask for Node's own modules.
    banner: {
      js: "import * as nodeModule from 'node:module'\nconst require = nodeModule.createRequire(import.meta.url)",
    },
    plugins: [asInPlace],
    write: false,
    logLevel: 'silent',
  })
  await esbuild.stop()
  const files = Object.fromEntries(outputFiles.map(({ path, text }) => [extname(path), text]))
  const hash = createHash('sha256').update(files['.mjs']).digest('hex').slice(0, 16)
  return { files, stamps, hash }
}

/** Whole or not at all, whoever else is writing the same. */
function write(file, text) {
  const temporary = `${file}.${process.pid}.tmp`
  writeFileSync(temporary, text)
  renameSync(temporary, file)
}

/** Removes earlier bundles of an entry, except those that another process may be about to load. */
function forget(name, current) {
  for (const file of readdirSync(CACHE)) {
    if (!file.startsWith(`${name}-`) || file.startsWith(current)) continue
    const path = join(CACHE, file)
    if (Date.now() - statSync(path).mtimeMs > KEEP_MS) rmSync(path, { force: true })
  }
}
