/**
 * One array holds what changes from step to step, in rows of 16 numbers. First the atoms as pair kernels read them, one row
 * for each cluster and each of its images in the frame; then the same rows with what rounding has taken from those; then
 * two atoms a row: displacement, Å, and velocity, Å/ps, three numbers each, and the square of the largest displacement.
 */
export const ROW = 16
/** Numbers of an atom in the last part; one is to spare. */
export const ATOM_NUMBERS = 8

/** Rows of that array. @param placed clusters times images */
export const rowCount = (placed: number, atomCount: number) =>
  2 * placed + Math.ceil((ATOM_NUMBERS * atomCount) / ROW)

/**
 * Arrays of the kernel, in order: the array as it was to begin with, and as it was last; forces [N, 3], eV/Å; accelerations
 * by a unit force [N, 1]; atoms in the order of slots, again for each image, −1 for none [placed, 4].
 */
export const MOVE_ARRAYS = ['start', 'previous', 'forces', 'accelerations', 'order'] as const

/** Numbers of the kernel, in order: how long forces act, how long velocities then do, ps; what turns Å into fractions. */
export const MOVE_NUMBERS = ['kick', 'drift', 'xa', 'xb', 'xc', 'ya', 'yb', 'yc', 'za', 'zb', 'zc'] as const

const AXES = ['x', 'y', 'z'] as const

/**
 * Source of the kernel that moves atoms by a leapfrog step, and places them for the next one.
 *
 * Displacements are small, so that they, and the positions that follow from them, are good to 1e-8 Å. A fraction of the
 * frame is taken apart by `Math.floor`, as a compiler may reorder sums but not what is rounded on purpose; an atom near
 * the frame's edge may cross it, and beyond ½ single precision has no finer steps.
 * @param placed clusters times images
 */
export function moveSource(placed: number, atomCount: number): string {
  const first = 2 * placed
  const each = (line: (axis: (typeof AXES)[number], c: number) => string) =>
    AXES.map((axis, c) => `    ${line(axis, c)}`).join('\n')
  return `function (${[...MOVE_ARRAYS, ...MOVE_NUMBERS].join(', ')}) {
  const row = Math.floor(this.thread.x * ${1 / ROW});
  const column = this.thread.x - ${ROW} * row;
  let result = start[row][column];
  let place = row;
  let atom = 2 * (row - ${first});
  let field = column;
  if (row >= ${first}) {
    if (column >= ${ATOM_NUMBERS}) {
      atom = atom + 1;
      field = column - ${ATOM_NUMBERS};
    }
  }
  if (row < ${first}) {
    if (row >= ${placed}) { place = row - ${placed}; }
    const part = Math.floor(column * 0.25);
    atom = order[place][column - 4 * part];
    field = ${ATOM_NUMBERS} + part;
    if (part > 2) { atom = -1; }
  }
  let isMoved = 1;
  if (atom < 0) { isMoved = 0; }
  if (atom >= ${atomCount}) { isMoved = 0; }
  if (field === ${ATOM_NUMBERS - 1}) { isMoved = 0; }
  if (isMoved > 0) {
    const impulse = kick * accelerations[atom][0];
    const home = ${first} + Math.floor(atom * 0.5);
    const at = ${ATOM_NUMBERS} * (atom - 2 * Math.floor(atom * 0.5));
${each((axis, c) => `const v${axis} = previous[home][at + ${c + 3}] + impulse * forces[atom][${c}];`)}
${each((axis, c) => `const u${axis} = previous[home][at + ${c}] + drift * v${axis};`)}
    if (field < ${ATOM_NUMBERS}) {
      result = Math.max(previous[home][at + 6], ux * ux + uy * uy + uz * uz);
${[...AXES.map(axis => `u${axis}`), ...AXES.map(axis => `v${axis}`)]
  .map((name, c) => `      if (field === ${c}) { result = ${name}; }`)
  .join('\n')}
    }
    if (field >= ${ATOM_NUMBERS}) {
${each(axis => `  let along_${axis} = ${axis}a;`)}
      if (field === ${ATOM_NUMBERS + 1}) {
${each(axis => `    along_${axis} = ${axis}b;`)}
      }
      if (field === ${ATOM_NUMBERS + 2}) {
${each(axis => `    along_${axis} = ${axis}c;`)}
      }
      const high = start[place][column];
      let steps = ${2 ** 25};
      let unit = ${2 ** -25};
      if (Math.abs(high) > 0.4) {
        steps = ${2 ** 24};
        unit = ${2 ** -24};
      }
      const whole = Math.floor(high * steps) * unit;
      const rest = (high - whole) + start[place + ${placed}][column] + (ux * along_x + uy * along_y + uz * along_z);
      const more = Math.floor(rest * steps + 0.5) * unit;
      result = rest - more;
      if (row < ${placed}) { result = whole + more; }
    }
  }
  return result;
}`
}
