import { mean } from '../analysis/stats.ts'
import { cartesian, fractional } from '../core/box.ts'
import { formatExtxyz } from '../files/extxyz.ts'
import { formatFixed, formatNumber } from '../format.ts'
import { systemColors } from '../web/figure.ts'
import { html, type Markup } from '../web/html.ts'
import type { EmbeddedMolecule, EmbeddedPath } from '../web/payload.ts'
import { type BandMolecule, type BarrierReport, caseColors } from './barrierModel.ts'
import type { Molecule, TransportReport } from './model.ts'

/** A group of atoms or lines that a button shows and hides. */
interface Toggle {
  readonly group: string
  readonly text: string
  /** The group occurs. */
  readonly there: boolean
  /** The group is shown at first. */
  readonly shown: boolean
}

/**
 * The frame of a 3D view, with buttons for systems and groups above; the page's program draws in it when it comes into sight.
 * @param label name of the buttons of the systems, for screen readers
 */
function sceneView(
  label: string,
  systems: readonly { readonly system: string; readonly description: string }[],
  toggles: readonly Toggle[],
  below?: Markup,
): Markup {
  const { description } = systems[0]!
  const buttons = [
    pills(
      label,
      systems.map(({ system }, k) => pill('system', `${k}`, k === 0, html`${system}`)),
    ),
    pills(
      'What is shown',
      toggles
        .filter(({ there }) => there)
        .map(({ group, text, shown }) =>
          pill('toggle', group, shown, html`<span class="chip chip-${group}"></span>${text}`),
        ),
    ),
  ]
  return html`<div class="box"><div class="controls">${buttons}</div>
<div class="scene" id="scene" role="img" tabindex="0" aria-label="${description}"></div>
${below}<p class="note"><span id="scene-text">${description}</span><span class="hint">Drag to turn; arrow keys turn, + and − zoom.</span></p></div>`
}

const pills = (label: string, buttons: readonly Markup[]): Markup =>
  html`<div class="pills" role="group" aria-label="${label}">${buttons}</div>`

/** A button that is on or off. @param action of the page's program, with its target */
const pill = (action: string, target: string, isOn: boolean, content: Markup): Markup =>
  html`<button type="button" data-action="${action}" data-target="${target}" aria-pressed="${isOn ? 'true' : 'false'}">${content}</button>`

function rounded(
  values: ArrayLike<number>,
  decimals: number,
  shift: (k: number) => number = () => 0,
): number[] {
  const steps = 10 ** decimals
  return Array.from(values, (value, k) => Math.round((value + shift(k)) * steps) / steps)
}

const TRAJECTORY_POINTS = 60
const BOX_DECIMALS = 3

/** Returns the last frame of every system that has one. */
export function embeddedMolecules(report: TransportReport): EmbeddedMolecule[] {
  const colors = systemColors(report.systems)
  return report.systems.flatMap(({ name, molecule }, k) => {
    if (!molecule) return []
    const { structure, groups, hostLabel, trajectories_A, trajectorySpan_ps } = molecule
    return [
      {
        system: name,
        color: colors[k]!,
        description: describeBox(name, molecule, report.speciesLabel),
        elements: structure.elements,
        positions_A: rounded(structure.positions, BOX_DECIMALS),
        bonds: Array.from(structure.topology.bonds),
        bondOrders: Array.from(structure.topology.bondOrders),
        box_A: Array.from(structure.box.matrix),
        groups,
        hostLabel,
        trajectories_A: trajectories_A.map(thinnedPath),
        trajectorySpan_ps,
        extxyz: formatExtxyz(structure),
      },
    ]
  })
}

/** Returns every k-th point, counted from the end: the path ends at its ion. */
function thinnedPath(path: ArrayLike<number>): number[] {
  const points = Math.floor(path.length / 3)
  const stride = Math.max(1, Math.ceil(points / TRAJECTORY_POINTS))
  const kept = Array.from({ length: points }, (_, k) => k).filter(k => (points - 1 - k) % stride === 0)
  return rounded(
    kept.flatMap(k => [path[3 * k]!, path[3 * k + 1]!, path[3 * k + 2]!]),
    BOX_DECIMALS,
  )
}

function describeBox(name: string, { structure, groups }: Molecule, speciesLabel: string): string {
  const ions = groups.filter(group => group === 'ion').length
  const m = structure.box.matrix
  const edges = [0, 3, 6].map(k => Math.hypot(m[k]!, m[k + 1]!, m[k + 2]!).toFixed(1)).join(' × ')
  return `The ${name} box in 3D: ${structure.elements.length} atoms, ${ions} ${speciesLabel}, cell ${edges} Å.`
}

/** The boxes in 3D, with buttons for systems and for what is shown. */
export function boxView(molecules: readonly EmbeddedMolecule[], speciesLabel: string): Markup {
  const span = molecules[0]!.trajectorySpan_ps
  const has = (test: (molecule: EmbeddedMolecule) => boolean) => molecules.some(test)
  const toggles = [
    { group: 'host', text: molecules[0]!.hostLabel, there: has(({ groups }) => groups.includes('host')) },
    { group: 'double', text: 'C=C', there: has(({ bondOrders }) => bondOrders.includes(2)) },
    { group: 'anion', text: 'anions', there: has(({ groups }) => groups.includes('anion')) },
    { group: 'ion', text: speciesLabel, there: has(({ groups }) => groups.includes('ion')) },
    {
      group: 'path',
      text: span === null ? 'paths' : `paths, ${formatNumber(span)} ps`,
      there: has(({ trajectories_A }) => trajectories_A.length > 0),
    },
    { group: 'cell', text: 'cell', there: true },
  ].map(toggle => ({ ...toggle, shown: true }))
  return sceneView('System', molecules, toggles)
}

/** No atom is moved across a gap of this width or more: it is the vacuum of a slab. */
const VACUUM_A = 6
const BAND_DECIMALS = 4

/** Returns the bands of all cases that have one, each moved so that the hop is in the middle of the picture. */
export function embeddedPaths(report: BarrierReport): EmbeddedPath[] {
  const colors = caseColors(report.cases)
  return report.cases.flatMap(({ name, molecule, path, neighbors, barrier_eV }, k) => {
    if (!molecule) return []
    const { structure, groups } = molecule
    const { shifts, origin_A } = centred(molecule)
    const images = molecule.images_A.map(image => rounded(image, BAND_DECIMALS, i => shifts[i]!))
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
        path_A: rounded(path.path_A, BAND_DECIMALS),
        energies_eV: rounded(path.energies_eV, BAND_DECIMALS),
        curve: {
          path_A: rounded(path.curve.path_A, BAND_DECIMALS),
          energies_eV: rounded(path.curve.energies_eV, BAND_DECIMALS),
        },
        saddle: path.saddle,
        neighbors: neighbors.map(({ atom }) => atom),
      },
    ]
  })
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
  return { shifts: cartesian(box, shifts), origin_A: rounded(cartesian(box, origin), BAND_DECIMALS) }
}

/** Returns the widest stretch without a point, as a fraction of the period. @param values modulo 1 */
function widestGap(values: readonly number[]): number {
  const sorted = values.map(value => value - Math.floor(value)).sort((a, b) => a - b)
  return sorted.reduce((widest, value, k) => Math.max(widest, (sorted[k + 1] ?? sorted[0]! + 1) - value), 0)
}

/** The bands in 3D with a player: button, energy profile and slider over the images. */
export function bandView(paths: readonly EmbeddedPath[], report: BarrierReport): Markup {
  const [first] = paths
  if (!first) return html``
  const hostLabel = report.cases.find(({ molecule }) => molecule)?.molecule?.hostLabel ?? 'host'
  const has = (group: string) => paths.some(({ groups }) => groups.includes(group))
  const toggles = [
    { group: 'host', text: hostLabel, there: has('host'), shown: true },
    { group: 'frozen', text: 'fixed part', there: has('frozen'), shown: true },
    { group: 'adsorbate', text: 'molecule', there: has('adsorbate'), shown: true },
    { group: 'trace', text: `path of ${report.ionLabel}`, there: true, shown: true },
    { group: 'cell', text: 'cell', there: true, shown: false },
  ]
  const elements = [...new Set(paths.flatMap(path => path.elements))].filter(symbol =>
    /^[A-Z][a-z]?$/.test(symbol),
  )
  return sceneView(
    'Case',
    paths,
    toggles,
    html`<div class="player"><button type="button" data-action="play" id="play" aria-label="Play the hop">▶</button>
<div class="track"><svg id="profile" aria-hidden="true"></svg>
<input type="range" id="image" min="0" max="${first.images_A.length - 1}" step="1" value="0" aria-label="Image along the path"></div>
<output id="image-text" for="image"></output></div>
<ul class="key elements"><li class="element-hopping"><span class="chip"></span>${report.ionLabel} that hops</li>${elements.map(
      symbol => html`<li class="element-${symbol}"><span class="chip"></span>${symbol}</li>`,
    )}</ul>`,
  )
}
