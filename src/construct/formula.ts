/** Number of atoms of each element, in order of first appearance. */
export function composition(elements: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const element of elements) counts[element] = (counts[element] ?? 0) + 1
  return counts
}

/** Chemical formula such as `Li2NiO4`; not reduced. */
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
