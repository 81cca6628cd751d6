import { cartesian, fractional } from '../core/box.ts'
import { formatFixed } from '../format.ts'
import { html, type Markup } from '../web/html.ts'
import type { EmbeddedPath } from '../web/payload.ts'
import { type BandMolecule, type BarrierReport, caseColors } from './barrierModel.ts'
import { pills, sceneView } from './parts.ts'

/** No atom is moved across a gap of this width or more: it is the vacuum of a slab. */
const VACUUM_A = 6
const DECIMALS = 1e4

/** Returns the bands of all cases that have one, each moved so that the hop is in the middle of the picture. */
export function embeddedPaths(report: BarrierReport): EmbeddedPath[] {
  const colors = caseColors(report.cases)
  return report.cases.flatMap(({ name, molecule, path, neighbors, barrier_eV }, k) => {
    if (!molecule) return []
    const { structure, groups } = molecule
    const { shifts, origin_A } = centred(molecule)
    const images = molecule.images_A.map(image => rounded(image, i => shifts[i]!))
    const [first] = images
    if (!first) return []
    const active = groups.flatMap((_, i) =>
      images.some(image => [0, 1, 2].some(c => image[3 * i + c] !== first[3 * i + c])) ? [i] : [],
    )
    return [
      {
        system: name,
        color: colors[k]!,
        description: `${name}: the path of ${report.ionLabel} in 3D, ${images.length} images of ${groups.length} atoms, saddle ${formatFixed(barrier_eV)} eV above the start.`,
        elements: structure.elements,
        groups,
        bonds: Array.from(structure.topology.bonds),
        box_A: Array.from(structure.box.matrix),
        origin_A,
        positions_A: first,
        active,
        images_A: images.map(image => active.flatMap(i => image.slice(3 * i, 3 * i + 3))),
        path_A: rounded(path.path_A),
        energies_eV: rounded(path.energies_eV),
        curve: { path_A: rounded(path.curve.path_A), energies_eV: rounded(path.curve.energies_eV) },
        saddle: path.saddle,
        neighbors: neighbors.map(({ atom }) => atom),
      },
    ]
  })
}

function rounded(values: ArrayLike<number>, shift: (k: number) => number = () => 0): number[] {
  return Array.from(values, (value, k) => Math.round((value + shift(k)) * DECIMALS) / DECIMALS)
}

/** Returns lattice vectors to add to whole molecules, the same for all images, that bring the path of the ions to the middle. */
function centred({ structure, images_A, groups }: BandMolecule): {
  shifts: Float64Array
  origin_A: number[]
} {
  const { box, topology } = structure
  const images = images_A.map(image => fractional(box, Float64Array.from(image)))
  const first = images[0] ?? new Float64Array(3 * groups.length)
  const members = Array.from(groups, (_, i) => i).reduce(
    (all, i) => all.set(topology.molecules[i]!, [...(all.get(topology.molecules[i]!) ?? []), i]),
    new Map<number, number[]>(),
  )
  const shifts = new Float64Array(first.length)
  const origin = new Float64Array(3)
  for (let axis = 0; axis < 3; axis++) {
    const along = (i: number) => first[3 * i + axis]!
    const stops = images.flatMap(image =>
      groups.flatMap((group, i) => (group === 'moving' ? [image[3 * i + axis]!] : [])),
    )
    const gap_A = widestGap(groups.map((_, i) => along(i))) * box.heights[axis]!
    if (stops.length === 0 || gap_A > VACUUM_A) continue
    const middle = mean(stops)
    origin[axis] = middle - 0.5
    for (const atoms of members.values()) {
      const steps = Math.round(mean(atoms.map(along)) - middle)
      for (const i of atoms) shifts[3 * i + axis] = -steps
    }
  }
  return { shifts: cartesian(box, shifts), origin_A: rounded(cartesian(box, origin)) }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Returns the widest stretch without a point, as a fraction of the period. @param values modulo 1 */
function widestGap(values: readonly number[]): number {
  const sorted = values.map(value => value - Math.floor(value)).sort((a, b) => a - b)
  return sorted.reduce((widest, value, k) => Math.max(widest, (sorted[k + 1] ?? sorted[0]! + 1) - value), 0)
}

const TOGGLES = [
  { group: 'host', shown: true },
  { group: 'frozen', shown: true },
  { group: 'adsorbate', shown: true },
  { group: 'trace', shown: true },
  { group: 'cell', shown: false },
] as const

/** The bands in 3D with a player: button, energy profile and slider over the images. */
export function bandView(paths: readonly EmbeddedPath[], report: BarrierReport): Markup {
  const [first] = paths
  if (!first) return html``
  const hostLabel = report.cases.find(({ molecule }) => molecule)?.molecule?.hostLabel ?? 'host'
  const texts = {
    host: hostLabel,
    frozen: 'fixed part',
    adsorbate: 'molecule',
    trace: `path of ${report.ionLabel}`,
    cell: 'cell',
  }
  const has = (group: string) => paths.some(({ groups }) => groups.includes(group))
  const toggles = TOGGLES.filter(({ group }) => group === 'trace' || group === 'cell' || has(group))
  const elements = [...new Set(paths.flatMap(path => path.elements))].filter(symbol =>
    /^[A-Z][a-z]?$/.test(symbol),
  )
  return sceneView({
    controls: html`${pills(
      'Case',
      paths.map(({ system }, k) => ({
        action: 'system',
        target: `${k}`,
        pressed: k === 0,
        content: html`${system}`,
      })),
    )}${pills(
      'What is shown',
      toggles.map(({ group, shown }) => ({
        action: 'toggle',
        target: group,
        pressed: shown,
        content: html`<span class="chip chip-${group}"></span>${texts[group]}`,
      })),
    )}`,
    description: first.description,
    below: html`<div class="player"><button type="button" data-action="play" id="play" aria-label="Play the hop">▶</button>
<div class="track"><svg id="profile" aria-hidden="true"></svg>
<input type="range" id="image" min="0" max="${first.images_A.length - 1}" step="1" value="0" aria-label="Image along the path"></div>
<output id="image-text" for="image"></output></div>
<ul class="key elements"><li class="element-hopping"><span class="chip"></span>${report.ionLabel} that hops</li>${elements.map(
      symbol => html`<li class="element-${symbol}"><span class="chip"></span>${symbol}</li>`,
    )}</ul>`,
  })
}
