import { existsSync } from 'node:fs'

/**
 * Imports a module of this package by the URL of its TypeScript file. A clone has that file and bundles it; an installed
 * package has the JavaScript built from it in the same place.
 * @param {URL} entry
 */
export async function load(entry) {
  if (!existsSync(entry)) return import(entry.href.replace(/\.ts$/, '.js'))
  // By URL, so that nothing that bundles the package follows it.
  const { loadSource } = await import(new URL('../scripts/sources.mjs', import.meta.url).href)
  return loadSource(entry)
}
