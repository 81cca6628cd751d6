import { UserError } from '../errors.ts'
import type { Potential } from './load.ts'
import type { Selection } from './patterns.ts'

/** A term that the potential does not define, or defines twice. */
export interface Problem {
  readonly kind: 'bond' | 'angle' | 'dihedral' | 'improper' | 'pair'
  /** The pattern that an entry would need. */
  readonly needed: string
  /** Indices of the atoms of the first such term; empty for pairs of types. */
  readonly atoms: readonly number[]
  readonly selection: Exclude<Selection<{ readonly where: string }>, { kind: 'found' }>
}

/** Collects the faults of a potential for a structure, so that one error names them all. */
export interface Problems {
  add(problem: Problem): void
  /** @throws UserError when there was any */
  throwIfAny(): void
}

const SHOWN = 20

export function createProblems(types: readonly string[], potential: Potential): Problems {
  const found = new Map<string, { readonly problem: Problem; count: number }>()
  return {
    add(problem) {
      const key = `${problem.kind} ${problem.needed}`
      const known = found.get(key)
      if (known) known.count++
      else found.set(key, { problem, count: 1 })
    },
    throwIfAny() {
      if (found.size === 0) return
      const lines = [...found.values()].map(({ problem, count }) => describe(problem, count, types))
      const rest = lines.length > SHOWN ? [`and ${lines.length - SHOWN} more`] : []
      const missing = [...found.values()].find(({ problem }) => problem.selection.kind === 'missing')
      throw new UserError({
        message: [
          `the potential '${potential.name}' does not define every term that the structure needs:`,
          ...lines.slice(0, SHOWN),
          ...rest,
        ].join('\n  '),
        where: potential.file,
        hint: missing
          ? hintFor(missing.problem)
          : 'make one of the entries more specific than the other, or remove it',
      })
    },
  }
}

function describe(problem: Problem, count: number, types: readonly string[]): string {
  const atoms =
    problem.atoms.length === 0
      ? ''
      : `, ${count > 1 ? `${count} times, first ` : ''}atoms ${problem.atoms.map(i => i + 1).join(' ')} of types ${problem.atoms.map(i => types[i]).join(' ')}`
  return problem.selection.kind === 'missing'
    ? `missing ${problem.kind} ${problem.needed}${atoms}`
    : `ambiguous ${problem.kind} ${problem.needed}${atoms}: ${problem.selection.entries.map(entry => entry.where).join(' and ')} are equally specific`
}

function hintFor({ kind, needed, atoms }: Problem): string {
  if (kind === 'pair') {
    return `give both types epsilon and sigma_A, or add to \`pairs\` an entry { types: [${needed.replace(' – ', ', ')}], terms: [] }`
  }
  if (kind === 'improper') {
    return 'add to `impropers` an entry for it; `form: none` if it has no energy'
  }
  const none = kind === 'bond' || atoms.length === 0 ? '' : ', or form: none if it has no energy'
  return `add to \`${kind}s\` an entry with the pattern '${needed}'${none}`
}
