import { createHash } from 'node:crypto'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { bundle } from './bundle.mjs'

/*
 * A clone runs its TypeScript sources without a build by hand. Hundreds of small modules, each transformed by itself, take
 * half a second to load; one bundle of them takes a tenth. The bundle is kept in node_modules/.cache, with the size and
 * times of every file that went into it, and made again when one of them has changed.
 */

const SCRIPTS = dirname(fileURLToPath(import.meta.url))
const CACHE = join(SCRIPTS, '../node_modules/.cache/hoplite')
/** A bundle that is no longer current stays for this long: another process may be about to load it. */
const KEEP_MS = 3_600_000

/**
 * Imports a TypeScript file, with source positions in stack traces.
 *
 * @param {URL} entry
 * @param {import('esbuild').BuildOptions} [options] of esbuild, in addition; always the same for one entry
 * @throws Error with file and line when a source is not TypeScript
 */
export async function loadSource(entry, options = {}) {
  process.setSourceMapsEnabled(true)
  const path = fileURLToPath(entry)
  // Copies of this package may share one node_modules: each has bundles of its own.
  const name = `${basename(path, '.ts')}-${createHash('sha256').update(path).digest('hex').slice(0, 8)}`
  return importFile(cached(name) ?? (await build(path, name, options)))
}

const importFile = path => import(pathToFileURL(path).href)

/** Path of a bundle whose sources are unchanged, or undefined. */
function cached(name) {
  try {
    const { file, bytes, stamps } = JSON.parse(readFileSync(join(CACHE, `${name}.json`), 'utf8'))
    // A file that is cut short, as after a full disk, does not count.
    if (statSync(join(CACHE, file)).size !== bytes) return undefined
    return stamps.every(([source, stamp]) => stampOf(source) === stamp) ? join(CACHE, file) : undefined
  } catch {
    // There is none yet, or one of its sources is gone.
    return undefined
  }
}

/** Changes whenever a file does: `npm` gives all files one modification time, but the change time cannot be set. */
function stampOf(file) {
  const { size, mtimeMs, ctimeMs } = statSync(file)
  return `${size} ${mtimeMs} ${ctimeMs}`
}

/** Bundles an entry. @returns path of the bundle: in the cache, or for this process alone where that cannot be written */
async function build(entry, name, options) {
  const stamps = ['sources.mjs', 'bundle.mjs'].map(file => [
    join(SCRIPTS, file),
    stampOf(join(SCRIPTS, file)),
  ])
  const { text, map } = await bundle(entry, {
    meta: path => ({
      url: JSON.stringify(pathToFileURL(path).href),
      dirname: JSON.stringify(dirname(path)),
      filename: JSON.stringify(path),
    }),
    // By its place: a bundle need not lie where the package is found.
    external: name => import.meta.resolve(name),
    // Taken before the file is read: a change in between makes the bundle stale, not wrong.
    onFile: path => stamps.push([path, stampOf(path)]),
    options: { outdir: CACHE, sourcesContent: false, ...options },
  })
  const file = `${name}-${createHash('sha256').update(text).digest('hex').slice(0, 16)}.mjs`
  const content = `${text}//# sourceMappingURL=${file}.map\n`
  try {
    mkdirSync(CACHE, { recursive: true })
    write(join(CACHE, `${file}.map`), map)
    write(join(CACHE, file), content)
    write(join(CACHE, `${name}.json`), JSON.stringify({ file, bytes: Buffer.byteLength(content), stamps }))
    removeOld(name, file)
    return join(CACHE, file)
  } catch {
    const folder = mkdtempSync(join(tmpdir(), 'hoplite-'))
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
    writeFileSync(join(folder, `${file}.map`), map)
    writeFileSync(join(folder, file), content)
    return join(folder, file)
  }
}

/** Writes a file all at once, whoever else is writing the same. */
function write(file, text) {
  const temporary = `${file}.${process.pid}.tmp`
  writeFileSync(temporary, text)
  renameSync(temporary, file)
}

/** Removes earlier bundles of an entry. */
function removeOld(name, current) {
  for (const file of readdirSync(CACHE)) {
    if (!file.startsWith(`${name}-`) || file.startsWith(current)) continue
    const path = join(CACHE, file)
    if (Date.now() - statSync(path).mtimeMs > KEEP_MS) rmSync(path, { force: true })
  }
}
