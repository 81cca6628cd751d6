import { formatExtxyz } from '../files/extxyz.ts'
import { systemColors } from '../web/figure.ts'
import type { EmbeddedMolecule } from '../web/payload.ts'
import type { Molecule, TransportReport } from './model.ts'

const TRAJECTORY_POINTS = 60

/** The frames of all systems that have one. */
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

/** Every k-th point, counted from the end so that the path still meets its ion. */
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
