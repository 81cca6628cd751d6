import { createState, type State } from '../core/state.ts'
import type { System } from '../core/system.ts'
import { UserError } from '../errors.ts'
import { readText } from '../files/files.ts'
import { parseLammpsData } from '../files/lammpsData.ts'
import type { LammpsStyles } from '../files/lammpsStyles.ts'
import { type LammpsMixing, lammpsCoulomb } from '../files/lammpsSystem.ts'
import { readStructureFile, structureFormat } from '../files/structureFile.ts'
import type { ChargeChoice } from '../potentials/charges.ts'
import type { ConstantsName, CoulombName, Interactions } from '../potentials/interactions.ts'
import { loadPotential } from '../potentials/load.ts'
import { interactionMistakes } from '../recipes/interactions.ts'
import { type AssembleOptions, type Assembly, assemble } from './assemble.ts'
import type { Tethers } from './tethers.ts'

type Factors = readonly [number, number, number]

/** A structure file and what it does not say. Interactions that are left out take the defaults below. */
export interface SinglePointRequest {
  readonly file: string
  /** Needed unless the file is LAMMPS data with its own coefficients. */
  readonly potential?: string | undefined
  readonly styles?: LammpsStyles | undefined
  readonly units?: 'real' | 'metal' | undefined
  readonly mixing?: LammpsMixing | undefined
  readonly specialLJ?: Factors | undefined
  readonly specialCoulomb?: Factors | undefined
  readonly interactions: { readonly [K in keyof Interactions]?: Interactions[K] | undefined }
  readonly tethers?: Tethers | undefined
  readonly charges: Pick<ChargeChoice, 'scale' | 'background'>
  readonly constants: ConstantsName
}

export interface SinglePoint {
  readonly system: System
  readonly state: State
  /** Settings that were assumed, as the file does not hold them: for the user to see. */
  readonly assumptions: readonly string[]
  /** Changes to charges that were asked for, one line each. */
  readonly remarks: readonly string[]
  /** Lines without which the energy cannot be trusted: vacuum without a correction, a net charge. */
  readonly warnings: readonly string[]
}

const DEFAULT_CUTOFF_A = 10
const DEFAULT_ACCURACY = 1e-6
const DEFAULT_ALPHA_PER_A = 0.2
/** Above this the plain Ewald sum, which costs N^1.5 or more, gives way to the mesh. */
const EWALD_ATOMS = 5000

/** @throws UserError for anything wrong with the file or the request */
export function prepareSinglePoint(request: SinglePointRequest): SinglePoint {
  const { assembly, assumptions } =
    request.potential === undefined ? fromLammps(request) : fromPotential(request, request.potential)
  const { system, structure, remarks, warnings } = assembly
  const { positions, velocities, box } = structure
  return {
    system,
    state: createState(positions, box, velocities ?? undefined),
    assumptions,
    remarks,
    warnings,
  }
}

const OPTIONS = { frozen: 'held', smallCells: 'allowed' } as const

type Prepared = { assembly: Assembly; assumptions: readonly string[] }

function fromLammps(request: SinglePointRequest): Prepared {
  const { file, units, styles, mixing, specialLJ, specialCoulomb, charges, constants } = request
  if (structureFormat(file) !== 'lammps') {
    throw new UserError({
      message: 'the file carries no coefficients, so a potential is needed',
      where: file,
      hint: 'add --potential potentials/….yaml',
    })
  }
  const data = parseLammpsData(readText(file), file, units ? { units } : {})
  const { structure } = data
  const coulomb = lammpsCoulomb(data, styles, request.interactions.coulomb)
  const interactions = filledIn(request, coulomb, structure.elements.length)
  const options: AssembleOptions = { name: file, constants, tethers: request.tethers, ...OPTIONS }
  const coefficients = { data, styles, mixing, specialLJ, specialCoulomb }
  const assembly = assemble(structure, coefficients, interactions, charges, options)
  const assumptions: string[] = []
  if (data.unitsSource === 'assumed') assumptions.push(`units ${data.units}: the file does not say (--units)`)
  if (request.interactions.cutoff_A === undefined) {
    assumptions.push(`cut-off ${interactions.cutoff_A} Å where the file sets none (--cutoff_A)`)
  }
  if (structure.topology.bonds.length > 0 && !(specialLJ && specialCoulomb)) {
    assumptions.push(
      'factors 0,0,0 for 1-2, 1-3 and 1-4 pairs, as in LAMMPS (--special-lj, --special-coulomb)',
    )
  }
  return { assembly, assumptions }
}

function fromPotential(request: SinglePointRequest, potentialFile: string): Prepared {
  const { file, charges, constants, specialCoulomb } = request
  const { special, ...potential } = loadPotential(potentialFile)
  const structure = { ...readStructureFile(file), velocities: null }
  const interactions = filledIn(request, request.interactions.coulomb ?? 'pme', structure.elements.length)
  const assembly = assemble(
    structure,
    { ...potential, special: { ...special, coulomb: specialCoulomb ?? special.coulomb } },
    interactions,
    charges,
    { name: file, constants, tethers: request.tethers, ...OPTIONS },
  )
  const assumptions =
    request.interactions.cutoff_A === undefined ? [`cut-off ${interactions.cutoff_A} Å (--cutoff_A)`] : []
  return { assembly, assumptions }
}

/**
 * Interactions with every default filled in. A long-range sum that the user left open is exact for small systems.
 * @throws UserError for keys that do not go together
 */
function filledIn({ interactions }: SinglePointRequest, sum: CoulombName, atomCount: number): Interactions {
  const isOpen = interactions.coulomb === undefined && sum === 'pme'
  const coulomb = isOpen && atomCount <= EWALD_ATOMS ? 'ewald' : sum
  const damped = coulomb === 'dsf' || coulomb === 'wolf'
  const filled: Interactions = {
    cutoff_A: interactions.cutoff_A ?? DEFAULT_CUTOFF_A,
    truncation: interactions.truncation ?? 'plain',
    switch_from_A: interactions.switch_from_A,
    tail_correction: interactions.tail_correction ?? false,
    coulomb,
    coulomb_alpha_per_A: interactions.coulomb_alpha_per_A ?? (damped ? DEFAULT_ALPHA_PER_A : undefined),
    coulomb_accuracy: interactions.coulomb_accuracy ?? DEFAULT_ACCURACY,
    slab_correction: interactions.slab_correction ?? false,
  }
  const { truncation, switch_from_A, cutoff_A } = filled
  const [mistake] = interactionMistakes({ truncation, switch_from_A, cutoff_A, coulomb: 'cut' }, 'plain')
  if (!mistake) return filled
  const hint = 'give --truncation switched and --switch-from_A together'
  throw new UserError({ message: mistake.message, where: 'command line', hint })
}
