import { checkFrames, type Frames, visitPairs } from './structure.ts'

/** Fractions of cations over all frames; they add up to 1. */
export interface IonPairStates {
  /** No anion within the cut-off. */
  readonly free: number
  /** Exactly one. */
  readonly contact: number
  /** Two or more. */
  readonly aggregate: number
  /** [n] fraction of cations that touch n anions. */
  readonly byAnionCount: readonly number[]
}

/** [cations] for one frame: which groups each cation touches. */
function touching(
  frames: Frames,
  frame: number,
  cations: ArrayLike<number>,
  members: { atoms: readonly number[]; group: readonly number[] },
  cutoff_A: number,
): Set<number>[] {
  const groups = Array.from(cations, () => new Set<number>())
  visitPairs(frames, frame, cations, members.atoms, cutoff_A, (i, j) => groups[i]!.add(members.group[j]!))
  return groups
}

function flatten(groups: readonly ArrayLike<number>[]): { atoms: number[]; group: number[] } {
  return {
    atoms: groups.flatMap(atoms => Array.from(atoms)),
    group: groups.flatMap((atoms, index) => Array.from(atoms, () => index)),
  }
}

/**
 * How many different anions touch each cation.
 * @param anions atoms of each anion that count as contact sites, such as the oxygens of each FSI⁻
 * @param cutoff_A usually the first minimum of g(r) between cation and sites
 * @throws UserError when the cut-off is beyond half the cell
 */
export function ionPairStates(
  frames: Frames,
  cations: ArrayLike<number>,
  anions: readonly ArrayLike<number>[],
  cutoff_A: number,
): IonPairStates {
  checkFrames(frames, cutoff_A)
  const members = flatten(anions)
  const frameCount = frames.positions.shape[0]!
  const byAnionCount: number[] = [0, 0, 0]
  for (let frame = 0; frame < frameCount; frame++) {
    for (const { size } of touching(frames, frame, cations, members, cutoff_A)) {
      while (byAnionCount.length <= size) byAnionCount.push(0)
      byAnionCount[size]! += 1 / (frameCount * cations.length)
    }
  }
  const [free, contact] = byAnionCount as [number, number]
  return { free, contact, aggregate: byAnionCount.slice(2).reduce((sum, n) => sum + n, 0), byAnionCount }
}

export interface Residence {
  readonly time_ps: number
  /** True when the correlation stayed above 1/e up to half the trajectory: the time is then that half. */
  readonly atLeast: boolean
}

/**
 * How long a contact lives: where the intermittent contact correlation C(t) = ⟨h(0) h(t)⟩ / ⟨h⟩ falls to 1/e, h being 1
 * while a cation touches a group and 0 otherwise, over all origins (Rapaport 1983,
 * https://doi.org/10.1080/00268978300102931). A contact that breaks and forms again counts as one. The plateau of
 * chance encounters, ⟨h⟩ over all pairs, is taken out. Breaks shorter than the time between frames go unseen.
 *
 * @param groups atoms of each partner: one anion, one monomer, or one atom
 * @returns null when there is no contact at all
 * @throws UserError when the cut-off is beyond half the cell
 */
export function residenceTime(
  frames: Frames,
  cations: ArrayLike<number>,
  groups: readonly ArrayLike<number>[],
  options: { readonly cutoff_A: number; readonly frameInterval_ps: number },
): Residence | null {
  checkFrames(frames, options.cutoff_A)
  const members = flatten(groups)
  const frameCount = frames.positions.shape[0]!
  const contacts = Array.from({ length: frameCount }, (_, frame) => {
    const touched = touching(frames, frame, cations, members, options.cutoff_A)
    return touched.flatMap((set, cation) => [...set].map(group => cation * groups.length + group))
  })
  const held = contacts.map(list => new Set(list))
  const total = contacts.reduce((sum, list) => sum + list.length, 0)
  if (total === 0) return null
  const chance = total / (frameCount * cations.length * groups.length)
  const correlation = (lag: number) => {
    let kept = 0
    let begun = 0
    for (let frame = 0; frame + lag < frameCount; frame++) {
      begun += contacts[frame]!.length
      for (const pair of contacts[frame]!) if (held[frame + lag]!.has(pair)) kept++
    }
    return begun === 0 ? 0 : (kept / begun - chance) / (1 - chance)
  }
  // Beyond half the trajectory too few origins are left to trust.
  const longest = Math.floor((frameCount - 1) / 2)
  let before = 1
  for (let lag = 1; lag <= longest; lag++) {
    const now = correlation(lag)
    if (now < Math.exp(-1)) {
      const fraction = (before - Math.exp(-1)) / (before - now)
      return { time_ps: (lag - 1 + fraction) * options.frameInterval_ps, atLeast: false }
    }
    before = now
  }
  return { time_ps: longest * options.frameInterval_ps, atLeast: true }
}
