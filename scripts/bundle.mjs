import { readFileSync } from 'node:fs'
import { extname } from 'node:path'

/** Packages that are loaded only where a GPU is asked for, and slow down every start if they are part of a bundle. */
const EXTERNAL = /^(webgpu|gpu\.js)$/

/**
 * Joins a TypeScript file and its imports into one module.
 *
 * @param {string} entry path
 * @param {object} settings
 * @param {(path: string) => Partial<Record<'url' | 'dirname' | 'filename', string>>} settings.meta expressions in place
 *   of a file's `import.meta.url`, `.dirname` and `.filename`; those left out are the bundle's
 * @param {(name: string) => string} settings.external specifier by which the bundle imports a package that is not in it
 * @param {(path: string) => void} [settings.onFile] is called before a file is read
 * @param {import('esbuild').BuildOptions} settings.options of esbuild, in addition to those for Node
 * @returns {Promise<{ text: string, map: string, metafile: import('esbuild').Metafile }>}
 */
export async function bundle(entry, { meta, external, onFile, options }) {
  const esbuild = await import('esbuild')
  const asInPlace = {
    name: 'as-in-place',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: EXTERNAL }, ({ path }) => ({ path: external(path), external: true }))
      onLoad({ filter: /./, namespace: 'file' }, ({ path }) => {
        onFile?.(path)
        const loader = { '.ts': 'ts', '.js': 'js', '.mjs': 'js', '.cjs': 'js' }[extname(path)]
        if (!loader) return undefined
        const expressions = meta(path)
        const contents = readFileSync(path, 'utf8').replaceAll(
          /\bimport\.meta\.(url|dirname|filename)\b/g,
          (text, key) => expressions[key] ?? text,
        )
        return { contents, loader }
      })
    },
  }
  const { outputFiles, metafile } = await esbuild.build({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'external',
    outdir: 'bundles',
    tsconfigRaw: {},
    // Dependencies in CommonJS ask for Node's own modules.
    banner: {
      js: "import * as nodeModule from 'node:module'\nconst require = nodeModule.createRequire(import.meta.url)",
    },
    plugins: [asInPlace],
    metafile: true,
    write: false,
    logLevel: 'silent',
    ...options,
  })
  await esbuild.stop()
  const textOf = extension => outputFiles.find(({ path }) => extname(path) === extension).text
  return { text: textOf('.js'), map: textOf('.map'), metafile }
}
