import { composition } from '../core/elements.ts'

/** Chemical formula with the number of atoms of each element, such as `Li2NiO4`; not reduced. */
export function formula(elements: readonly string[]): string {
  return Object.entries(composition(elements))
    .toSorted(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .map(([element, count]) => `${element}${count === 1 ? '' : count}`)
    .join('')
}

/** Sorting key of an element: lithium first, anions last. */
function rank(element: string): number {
  if (element === 'Li') return -1
  return ['N', 'O', 'F', 'S', 'Cl'].includes(element) ? 1 : 0
}
