import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Rewrites pvdf.data and pvdf.top in a folder: hydrogens get that mass, the atoms that they are bonded to lose what
 * they gain.
 */
export function repartitionFiles(folder: string, hydrogenMass_g_per_mol: number): void {
  for (const [file, rewritten] of [
    ['pvdf.data', lammpsData],
    ['pvdf.top', gromacsTopology],
  ] as const) {
    const path = join(folder, file)
    writeFileSync(path, rewritten(readFileSync(path, 'utf8'), hydrogenMass_g_per_mol))
  }
}

/** Masses belong to types there: a type of its own for every number of hydrogens on an atom. */
function lammpsData(text: string, hydrogenMass: number): string {
  const sections = text.split(/^([A-Z][A-Za-z ]*?)(?= *(?:#.*)?$)/m)
  const at = (name: string) => sections.indexOf(name) + 1
  const rowsOf = (name: string) => sections[at(name)]!.split('\n').filter(line => /^\s*\d/.test(line))
  const words = (line: string) => line.trim().split(/\s+/)
  const massOf = new Map(rowsOf('Masses').map(line => [words(line)[0]!, words(line)]))
  const hydrogen = [...massOf.values()].find(row => row.at(-1)!.startsWith('H'))![0]!
  const gain = hydrogenMass - Number(massOf.get(hydrogen)![1])
  const typeOf = new Map(rowsOf('Atoms').map(line => [words(line)[0]!, words(line)[2]!]))
  const hydrogensOn = new Map<string, number>()
  for (const line of rowsOf('Bonds')) {
    const ends = words(line).slice(2, 4)
    if (!ends.some(atom => typeOf.get(atom) === hydrogen)) continue
    const heavy = ends.find(atom => typeOf.get(atom) !== hydrogen)!
    hydrogensOn.set(heavy, (hydrogensOn.get(heavy) ?? 0) + 1)
  }
  massOf.get(hydrogen)![1] = String(hydrogenMass)
  const newTypes = new Map<string, string>()
  for (const [atom, count] of hydrogensOn) {
    const old = typeOf.get(atom)!
    const key = `${old} ${count}`
    if (newTypes.has(key)) continue
    const type = String(massOf.size + 1)
    const [, mass, ...label] = massOf.get(old)!
    massOf.set(type, [type, (Number(mass) - count * gain).toFixed(4), ...label])
    const coefficients = rowsOf('Pair Coeffs').find(line => words(line)[0] === old)!
    sections[at('Pair Coeffs')] =
      `${sections[at('Pair Coeffs')]!.trimEnd()}\n${[type, ...words(coefficients).slice(1)].join(' ')}\n\n`
    newTypes.set(key, type)
  }
  sections[at('Masses')] = `\n\n${[...massOf.values()].map(row => row.join(' ')).join('\n')}\n\n`
  sections[at('Atoms')] = sections[at('Atoms')]!.replace(/^(\d+) (\d+) (\d+)/gm, (_, atom, molecule, type) =>
    [atom, molecule, newTypes.get(`${type} ${hydrogensOn.get(atom)}`) ?? type].join(' '),
  )
  return sections.join('').replace(/^\d+ atom types/m, `${massOf.size} atom types`)
}

function gromacsTopology(text: string, hydrogenMass: number): string {
  return text
    .split(/(?=\[ moleculetype \])/)
    .map(molecule => {
      const [atoms, bonds] = ['atoms', 'bonds'].map(name =>
        (molecule.split(`[ ${name} ]\n`)[1]?.split(/^\[/m)[0] ?? '')
          .trim()
          .split('\n')
          .map(line => line.split(' ')),
      ) as [string[][], string[][]]
      const massOf = new Map(atoms.map(row => [row[0]!, Number(row[7])]))
      const isHydrogen = (atom: string) => atoms[Number(atom) - 1]![1]!.startsWith('H')
      for (const [i, j] of bonds as [string, string][]) {
        const [light, heavy] = j !== undefined && isHydrogen(j) ? [j, i] : [i, j]
        if (heavy === undefined || !isHydrogen(light)) continue
        massOf.set(heavy, massOf.get(heavy)! - (hydrogenMass - massOf.get(light)!))
        massOf.set(light, hydrogenMass)
      }
      return molecule.replace(
        /^(\d+)( [A-Z]\S* 1 \S+ \S+ \d+ \S+) \S+$/gim,
        (_, atom, rest) => `${atom}${rest} ${massOf.get(atom)!.toFixed(4)}`,
      )
    })
    .join('')
}
