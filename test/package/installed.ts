import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

export const ROOT = resolve(import.meta.dirname, '../..')
export const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly version: string
  readonly bin: { readonly hoplite: string }
  readonly exports: Readonly<Record<string, unknown>>
  readonly dependencies: Readonly<Record<string, string>>
}

/** Result of a process. */
export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end. @param folder its working directory */
export function run(folder: string, program: string, ...args: string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    timeout: 300_000,
    env: { ...process.env, NODE_OPTIONS: '', NODE_PATH: '' },
  })
  return { code: status, stdout, stderr }
}

/** As `run`, of this Node. @throws Error with what it wrote when it fails */
export function node(folder: string, ...args: string[]): Outcome {
  return succeeded(run(folder, process.execPath, ...args))
}

export function succeeded(outcome: Outcome): Outcome {
  if (outcome.code !== 0) throw new Error(`exit code ${outcome.code}\n${outcome.stdout}\n${outcome.stderr}`)
  return outcome
}

/** Builds the package. @returns path of the tarball that `npm pack` makes, in the folder */
export function pack(folder: string): string {
  succeeded(run(ROOT, 'npm', 'pack', '--pack-destination', folder))
  return join(folder, `hoplite-${manifest.version}.tgz`)
}

/**
 * A new project with the tarball and its dependencies installed as npm does, but offline: dependencies are links to those
 * of this repository, and development dependencies are not there.
 * @param others packages of this repository that the project has besides
 * @returns folder of the project
 */
export function install(tarball: string, project: string, others: readonly string[] = []): string {
  const modules = join(project, 'node_modules')
  mkdirSync(join(modules, 'hoplite'), { recursive: true })
  succeeded(run(modules, 'tar', '-xzf', tarball, '--strip-components=1', '-C', 'hoplite'))
  for (const name of [...Object.keys(manifest.dependencies), ...others]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name))
  }
  mkdirSync(join(modules, '.bin'))
  symlinkSync(join('../hoplite', manifest.bin.hoplite), join(modules, '.bin/hoplite'))
  const program = join(modules, 'hoplite', manifest.bin.hoplite)
  chmodSync(program, statSync(program).mode | 0o111)
  writeFileSync(join(project, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }')
  return project
}
