import type { Dataset } from '../figure.ts'
import type { EmbeddedPath } from '../payload.ts'

/** Hands a text to the reader as a file. @param type media type */
export function saveFile(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** Returns a dataset as CSV: keys first, then columns named with their units; one line per point. */
export function csv({ series }: Dataset): string {
  const keys = [...new Set(series.flatMap(({ keys }) => Object.keys(keys)))]
  const names = [...new Set(series.flatMap(({ columns }) => Object.keys(columns)))]
  const lines = [[...keys, ...names].map(csvField).join(',')]
  for (const { keys: labels, columns } of series) {
    const front = keys.map(key => csvField(labels[key] ?? ''))
    const length = Math.max(0, ...Object.values(columns).map(({ length }) => length))
    for (let row = 0; row < length; row++) {
      lines.push([...front, ...names.map(name => csvField(columns[name]?.[row] ?? ''))].join(','))
    }
  }
  return `${lines.join('\n')}\n`
}

function csvField(value: string | number): string {
  const text = String(value)
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Returns all images of a band as extended XYZ. */
export function bandText({
  elements,
  box_A,
  positions_A,
  active,
  images_A,
  energies_eV,
}: EmbeddedPath): string {
  return images_A
    .map((image, k) => {
      const positions = [...positions_A]
      active.forEach((atom, place) => {
        positions.splice(3 * atom, 3, ...image.slice(3 * place, 3 * place + 3))
      })
      const rows = elements.map((element, i) => [element, ...positions.slice(3 * i, 3 * i + 3)].join(' '))
      const comment = `Lattice="${box_A.join(' ')}" Properties=species:S:1:pos:R:3 image=${k + 1} relative_energy=${energies_eV[k]} pbc="T T T"`
      return `${elements.length}\n${comment}\n${rows.join('\n')}\n`
    })
    .join('')
}
