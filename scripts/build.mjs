import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { bundle } from './bundle.mjs'
import { loadSource } from './sources.mjs'

/*
 * Makes dist/, the JavaScript of the npm package, from the sources. A module of dist/ has the place that its source has in
 * src/, so that links by path between modules hold. The library is one file per source. A program, which should start
 * fast, is one file with the packages that it imports.
 */

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SRC = join(ROOT, 'src')
const DIST = join(ROOT, 'dist')
/** Modules with which a process or a thread starts. */
const PROGRAMS = ['cli/main', 'platform/wasm/crewServer', 'platform/images/imageServer']
/** Modules that take the place of others in a web page; package.json lists them under `browser`. */
const STAND_INS = ['web/standIns/dawn', 'web/standIns/wasmRuntime']

rmSync(DIST, { recursive: true, force: true })
compileLibrary()
for (const file of readdirSync(SRC, { recursive: true, encoding: 'utf8' })) {
  if (/\.(mjs|wasm)$/.test(file)) write(file, readFileSync(join(SRC, file)))
}
// What bundlers for pages need to know, with the names of the files as built.
write('package.json', readFileSync(join(SRC, 'package.json'), 'utf8').replaceAll('.ts"', '.js"'))
/** Packages whose code is in a program or a page program. */
const bundled = new Set(['gpu.js'])
for (const program of PROGRAMS) await buildProgram(program)
for (const module of STAND_INS) {
  const { text } = await bundle(join(SRC, `${module}.ts`), {
    meta: () => ({}),
    external: name => name,
    options: { platform: 'browser', target: 'es2022', loader: { '.wasm': 'binary' }, banner: {} },
  })
  write(`${module}.js`, text)
}
const { bundlePage, PAGE_ENTRIES } = await loadSource(pathToFileURL(join(SRC, 'web/bundle.ts')))
for (const entry of PAGE_ENTRIES) {
  const { js, css } = bundlePage(entry)
  write(`web/bundles/${entry}.js`, js)
  write(`web/bundles/${entry}.css`, css)
}
write('THIRD-PARTY-LICENSES.txt', [...bundled].sort().map(licenceOf).join('\n'))

function compileLibrary() {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: ROOT, stdio: 'inherit' })
}

/** Bundles a program into the place of its module. */
async function buildProgram(program) {
  const folder = dirname(join(DIST, program))
  const { text, map, metafile } = await bundle(join(SRC, `${program}.ts`), {
    meta: path => {
      if (!path.startsWith(SRC + sep)) return {}
      const place = relative(folder, join(DIST, relative(SRC, path))).replaceAll(sep, '/')
      return { url: `new URL(${JSON.stringify(place.replace(/\.ts$/, '.js'))}, import.meta.url).href` }
    },
    external: name => name,
    options: { outdir: folder },
  })
  for (const path of Object.keys(metafile.inputs)) {
    const name = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]
    if (name) bundled.add(name)
  }
  write(`${program}.js`, `${text}//# sourceMappingURL=${basename(program)}.js.map\n`)
  write(`${program}.js.map`, map)
}

function licenceOf(name) {
  const folder = join(ROOT, 'node_modules', name)
  const file = readdirSync(folder).find(file => /^licen[cs]e/i.test(file))
  const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const text = file ? readFileSync(join(folder, file), 'utf8') : ''
  return `${name} ${version} (${license})\n\n${text}\n`
}

function write(place, content) {
  mkdirSync(dirname(join(DIST, place)), { recursive: true })
  writeFileSync(join(DIST, place), content)
}
