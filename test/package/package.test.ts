import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { beforeAll, describe, expect, it } from 'vitest'
import { HOPLITE_VERSION } from '../../src/version.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { install, manifest, node, pack, ROOT, run } from './installed.ts'

const folder = temporaryFolder()
let tarball: string
let project: string
/** Path in the installed package. */
const shipped = (path: string) => join(project, 'node_modules/hoplite', path)
const entries = Object.keys(manifest.exports).filter(entry => entry !== './package.json')
const specifiers = entries.map(entry => `hoplite${entry.slice(1)}`)

beforeAll(() => {
  tarball = pack(folder)
  project = install(tarball, join(folder, 'project'))
}, 600_000)

const filesIn = (path: string) =>
  readdirSync(shipped(path), { recursive: true, encoding: 'utf8' }).map(file => join(path, file))

describe('the package', () => {
  it('version.ts and package.json give the same version', () => {
    expect(HOPLITE_VERSION).toBe(manifest.version)
  })

  it('contains the build, docs, examples and data, but no sources and tests', () => {
    expect(readdirSync(shipped('.')).sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'bin',
      'dist',
      'docs',
      'examples',
      'package.json',
      'potentials',
      'runs',
      'structures',
    ])
    expect(filesIn('docs')).toContain('docs/howto/library.md')
    expect(filesIn('dist').filter(file => /(?<!\.d)\.ts$/.test(file))).toEqual([])
    const text = readFileSync(shipped('dist/THIRD-PARTY-LICENSES.txt'), 'utf8')
    for (const name of ['yaml', 'yargs', 'zod', 'gpu.js']) expect(text).toMatch(new RegExp(`^${name} `, 'm'))
  })

  it('every module of the library has declarations and a source map with its source', () => {
    const modules = filesIn('dist/analysis').filter(file => file.endsWith('.js'))
    expect(modules.length).toBeGreaterThan(5)
    for (const file of modules) {
      expect(existsSync(shipped(file.replace(/\.js$/, '.d.ts'))), file).toBe(true)
      const map = JSON.parse(readFileSync(shipped(`${file}.map`), 'utf8')) as { sourcesContent: string[] }
      expect(map.sourcesContent[0]).toBe(
        readFileSync(join(ROOT, file.replace(/^dist/, 'src').replace(/\.js$/, '.ts')), 'utf8'),
      )
    }
  })

  it('publint finds nothing to improve', async () => {
    const { messages } = await publint({ pkgDir: shipped('.'), strict: true, pack: false })
    expect(messages).toEqual([])
  })

  it('Are the types wrong? finds no problem for programs in ECMAScript modules and for bundlers', async () => {
    const result = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(tarball))))
    if (!result.types) throw new Error('the package has no types')
    // CommonJS and the resolution of Node 10 are not supported: the package is ESM only.
    const problems = result.problems.filter(
      problem => !('resolutionKind' in problem && ['node10', 'node16-cjs'].includes(problem.resolutionKind)),
    )
    expect(problems).toEqual([])
    expect(Object.keys(result.entrypoints).sort()).toEqual(Object.keys(manifest.exports).sort())
  })
})

describe('a program that imports the installed package', () => {
  it.each(specifiers)('%s is imported by plain Node', specifier => {
    const { stdout, stderr } = node(
      project,
      '-e',
      `import('${specifier}').then(m => console.log(Object.keys(m).length))`,
    )
    expect(Number(stdout)).toBeGreaterThan(0)
    expect(stderr).toBe('')
  })

  it('the entry point hoplite gives all that the others give', () => {
    const code = `
      const all = await import('hoplite')
      for (const name of ${JSON.stringify(specifiers)})
        for (const key of Object.keys(await import(name))) if (!(key in all)) console.log(name, key)`
    expect(node(project, '--input-type=module', '-e', code).stdout).toBe('')
  })

  it('a strict TypeScript program compiles, with the types of libraries checked', () => {
    const consumer = install(tarball, join(folder, 'consumer'), ['typescript', '@types/node'])
    const compilerOptions = {
      module: 'NodeNext',
      target: 'ES2023',
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      types: ['node'],
      noEmit: true,
    }
    writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
    const imports = specifiers.map((name, k) => `import * as entry${k} from '${name}'`)
    const uses = specifiers.map((_, k) => `entry${k}`)
    writeFileSync(
      join(consumer, 'program.ts'),
      `${imports.join('\n')}
import { createState, type Evaluator, loadPotential, orthorhombicBox, type State } from 'hoplite'
import { meanSquaredDisplacement, type MeanSquaredDisplacement } from 'hoplite/analysis'
import type { BandOptions } from 'hoplite/neb'

export const all = [${uses.join(', ')}]
const state: State = createState([0, 0, 0], orthorhombicBox(10, 10, 10))
export const forces = async (evaluator: Evaluator): Promise<Float64Array> => (await evaluator.evaluate(state)).forces
export const first = (msd: MeanSquaredDisplacement): number | undefined => msd.mean_A2[0]
export const images = ({ images }: BandOptions): number => images.length
export const name: string = loadPotential('potential.yaml').name
// @ts-expect-error a path is a text
loadPotential(1)
// @ts-expect-error a trajectory is missing
meanSquaredDisplacement()
`,
    )
    const outcome = run(consumer, process.execPath, 'node_modules/typescript/bin/tsc', '-p', '.')
    expect(outcome).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  it.each([
    ['diffusion', [/ns\/day on \w+/, /slope -?[\d.]+ Å²\/ps, 95 % interval/]],
    ['barrier', [/27 Co by \+0\.03704 e/, /barrier 0\.2\d\d eV, converged/]],
    [
      'own-force',
      [/drift of the conserved quantity -?[0-2]\.\d+ meV/, /Li⁺ moved [1-9][\d.]* Å along the field/],
    ],
  ])('the example %s runs', (name, lines) => {
    const { stdout } = node(project, shipped(`examples/${name}.mjs`))
    for (const line of lines) expect(stdout).toMatch(line)
  })
})

describe('the installed command line in an empty folder', () => {
  const empty = join(folder, 'empty')
  const hoplite = (...args: string[]) => run(empty, join(project, 'node_modules/.bin/hoplite'), ...args)
  const json = (...args: string[]) => {
    const outcome = hoplite(...args, '--json')
    expect(outcome.code, outcome.stderr).toBe(0)
    return JSON.parse(outcome.stdout)
  }
  beforeAll(() => mkdirSync(empty, { recursive: true }))

  it('--version and --help are those of the sources', () => {
    expect(hoplite('--version').stdout.trim()).toBe(manifest.version)
    for (const args of [['--help'], ['md', '--help']]) {
      expect(hoplite(...args).stdout).toBe(node(empty, join(ROOT, 'src/cli/hoplite.mjs'), ...args).stdout)
    }
  })

  it('a mistake is reported as an error with where and hint', () => {
    expect(hoplite('md', 'nowhere.yaml')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('nowhere.yaml'),
    })
  })

  it('energy of a shipped box is that of the sources to the last bit', () => {
    const args = [
      shipped('structures/pvdf-700K-1.extxyz'),
      '--potential',
      shipped('potentials/pvdf-lifsi.yaml'),
    ]
    const more = ['--charge-scale', '0.7', '--platform', 'simd', '--json']
    const fromSources = node(empty, join(ROOT, 'src/cli/hoplite.mjs'), 'energy', ...args, ...more)
    expect(hoplite('energy', ...args, ...more).stdout).toBe(fromSources.stdout)
  })

  it('md runs a shipped recipe on threads, into the same results as one thread; report makes its page', () => {
    const recipe = shipped('runs/pvdf-700K.yaml')
    const energies = ['1', '2'].map(threads => {
      json(
        'md',
        recipe,
        '--steps',
        '40',
        '--platform',
        'simd',
        '--threads',
        threads,
        '--out',
        `md-${threads}`,
      )
      return readFileSync(join(empty, `md-${threads}/log.csv`), 'utf8')
    })
    expect(energies[1]).toBe(energies[0])
    json('md', shipped('examples/box.yaml'), '--out', 'box')
    expect(hoplite('report', 'box').code).toBe(0)
    expect(readFileSync(join(empty, 'box/report.html'), 'utf8')).toMatch(/^<!doctype html>/i)
  })

  it('neb computes a band on threads, from a recipe in the package', () => {
    const band = json('neb', shipped('examples/hop.yaml'), '--threads', '2', '--out', 'hop')
    expect(band).toMatchObject({ converged: true, barrier_eV: expect.closeTo(0.22, 1) })
    expect(hoplite('report', 'hop').code).toBe(0)
  })

  it('study --dry-run accepts every study of the package', () => {
    for (const name of ['pvdf-transport', 'li-barrier', 'ni-barrier']) {
      const outcome = hoplite('study', name, '--quick', '--dry-run')
      expect(outcome.code, outcome.stderr).toBe(0)
    }
  })

  it('serve hands out the page, its programs and the run', async () => {
    const server = spawn(process.execPath, [shipped(manifest.bin.hoplite), 'serve', '--port', '0'], {
      cwd: empty,
    })
    try {
      const address = await new Promise<string>((resolve, reject) => {
        let said = ''
        const listen = (text: Buffer) => {
          said += text
          const [found] = /http:\/\/[\w.]+:\d+\//.exec(said) ?? []
          if (found) resolve(found)
        }
        server.stdout.on('data', listen)
        server.stderr.on('data', listen)
        server.once('exit', () => reject(new Error(said)))
      })
      for (const path of ['', 'page.js', 'page.css', 'engine.js', 'plotly.js', 'input.json']) {
        const answer = await fetch(address + path)
        expect(answer.status, path).toBe(200)
        expect((await answer.text()).length, path).toBeGreaterThan(1000)
      }
    } finally {
      server.kill()
    }
  })
})

describe('a web page that imports the installed package', () => {
  /** Argon by two platforms, its displacement, and a barrier. */
  const PROGRAM = `
import { createCollector, meanSquaredDisplacement } from 'hoplite/analysis'
import { createState, createTopology, orthorhombicBox, units } from 'hoplite/core'
import { minimize } from 'hoplite/dynamics'
import { initialPath } from 'hoplite/neb'
import { prepareEvaluator } from 'hoplite/platform'

const box = orthorhombicBox(16, 16, 16)
const grid = Array.from({ length: 27 }, (_, k) => [k % 3, Math.floor(k / 3) % 3, Math.floor(k / 9)])
const positions = grid.flat().map((x, k) => 5.3 * x + 0.3 * Math.sin(k))
const atomCount = grid.length
const system = {
  atomCount, elements: grid.map(() => 'Ar'), typeNames: ['Ar'], typeIndex: new Int32Array(atomCount),
  masses: new Float64Array(atomCount).fill(39.95), charges: new Float64Array(atomCount),
  topology: createTopology(atomCount, []),
  forces: [{
    kind: 'pair', form: 'lennard-jones', parameters: Float64Array.of(0.0104, 3.4), cutoffs: Float64Array.of(7),
    truncation: { kind: 'shifted' }, tailCorrection: false, special: [0, 0, 0],
  }],
}
const energies = {}
for (const name of ['reference', 'simd']) {
  const evaluator = await prepareEvaluator(name, system)
  energies[name] = (await evaluator.evaluate(createState(positions, box))).energy
  if (name === 'reference') {
    const state = createState(positions, box)
    const evaluate = at => evaluator.evaluate(at)
    const { converged } = await minimize(state, { method: 'lbfgs', fmax_eV_per_A: 1e-2, max_steps: 5000, evaluate })
    energies.converged = converged
    const path = await initialPath({
      box, initial: Float64Array.from(positions), final: state.positions, images: 5, kind: 'linear', frozen: null,
    })
    energies.images = path.length
  }
  await evaluator.dispose()
}
const collector = createCollector(system.masses, grid.map((_, k) => [k]), 3)
for (const frame of [0, 1, 2]) collector.add(positions.map((x, k) => (k === 0 ? x + frame : x)))
const msd = meanSquaredDisplacement(collector.trajectory(0, 1), { frameInterval_ps: 1, maximumLag_ps: 2 })
console.log(JSON.stringify({ ...energies, msd_A2: msd.mean_A2[0], units: typeof units }))
`
  const write = (name: string) => {
    const page = join(project, name)
    mkdirSync(page)
    writeFileSync(join(page, 'page.js'), PROGRAM)
    writeFileSync(join(page, 'index.html'), '<!doctype html><script type="module" src="page.js"></script>')
    return page
  }
  /** A bundle for pages needs nothing of Node, so that Node runs it too. */
  const check = (out: string, name: string) => {
    for (const file of readdirSync(out)) {
      expect(readFileSync(join(out, file), 'utf8')).not.toMatch(/from ?["']node:|require\(["']node:/)
    }
    const found = JSON.parse(node(out, '-e', `import('./${name}')`).stdout)
    expect(found).toMatchObject({ converged: true, images: 5, units: 'object' })
    expect(found.reference).toBeLessThan(-0.1)
    expect(found.simd).toBeCloseTo(found.reference, 6)
    // The others take the drift of the centre of mass back: 1 − 1/27 squared.
    expect(found.msd_A2).toBeCloseTo((26 / 27) ** 2, 5)
  }

  it('esbuild bundles it', () => {
    const page = write('esbuild')
    const flags = ['--bundle', '--format=esm', '--outfile=out/bundle.js', '--log-level=warning']
    expect(node(page, join(ROOT, 'node_modules/esbuild/bin/esbuild'), 'page.js', ...flags).stderr).toBe('')
    check(join(page, 'out'), 'bundle.js')
  })

  it('vite bundles it', () => {
    const page = write('vite')
    // Its helper that loads chunks early needs a document.
    writeFileSync(join(page, 'vite.config.js'), 'export default { build: { modulePreload: false } }')
    node(page, join(ROOT, 'node_modules/vite/bin/vite.js'), 'build', '--target', 'es2022', '--outDir', 'out')
    const assets = join(page, 'out/assets')
    check(assets, readdirSync(assets).find(file => /^index.*\.js$/.test(file))!)
  })
})
