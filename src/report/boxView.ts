import { formatExtxyz } from '../files/extxyz.ts'
import { formatNumber } from '../format.ts'
import { systemColors } from '../web/figure.ts'
import { html, type Markup } from '../web/html.ts'
import type { EmbeddedMolecule } from '../web/payload.ts'
import type { Molecule, TransportReport } from './model.ts'
import { pills, sceneView } from './parts.ts'

const TRAJECTORY_POINTS = 60

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
        description: describe(name, molecule, report.speciesLabel),
        elements: structure.elements,
        positions_A: rounded(structure.positions),
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
  return rounded(kept.flatMap(k => [path[3 * k]!, path[3 * k + 1]!, path[3 * k + 2]!]))
}

function rounded(values: ArrayLike<number>): number[] {
  return Array.from(values, value => Math.round(value * 1000) / 1000)
}

function describe(name: string, { structure, groups }: Molecule, speciesLabel: string): string {
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
  ].filter(({ there }) => there)
  return sceneView({
    controls: html`${pills(
      'System',
      molecules.map(({ system }, k) => ({
        action: 'system',
        target: `${k}`,
        pressed: k === 0,
        content: html`${system}`,
      })),
    )}${pills(
      'What is shown',
      toggles.map(({ group, text }) => ({
        action: 'toggle',
        target: group,
        pressed: true,
        content: html`<span class="chip chip-${group}"></span>${text}`,
      })),
    )}`,
    description: molecules[0]!.description,
  })
}
