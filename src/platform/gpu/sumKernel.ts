const AXES = ['x', 'y', 'z'] as const

/**
 * Arrays of the kernel, in order: forces of the rows of a pair list [4·rows, 3], eV/Å; for each atom the first of its own
 * among them and how many there are, each four further on [N, 2]; bonded forces, where there are any [N, 3], eV/Å.
 */
const ARRAYS = ['pairs', 'places', 'bonds'] as const

export const sumArrays = (hasBonds: boolean) => ARRAYS.slice(0, hasBonds ? 3 : 2)

/** Source of the kernel that sums the forces on each atom, so that no more than they are is read back, or moves atoms. */
export function sumSource(hasBonds: boolean): string {
  const each = (line: (axis: (typeof AXES)[number], c: number) => string) => AXES.map(line).join('\n')
  return `function (${sumArrays(hasBonds).join(', ')}) {
  const atom = this.thread.x;
  const from = places[atom][0];
  const count = places[atom][1];
${each((axis, c) => `  let f${axis} = ${hasBonds ? `bonds[atom][${c}]` : '0'};`)}
  for (let n = 0; n < count; n++) {
    const row = from + 4 * n;
${each((axis, c) => `    f${axis} += pairs[row][${c}];`)}
  }
  return [fx, fy, fz];
}`
}
