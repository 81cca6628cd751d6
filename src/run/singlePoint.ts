import { createState, type State } from '../core/state.ts'
import { netCharge, type System } from '../core/system.ts'
import { UserError } from '../errors.ts'
import { readText } from '../files/files.ts'
import { parseLammpsData } from '../files/lammpsData.ts'
import type { LammpsStyles } from '../files/lammpsStyles.ts'
import { lammpsSystem } from '../files/lammpsSystem.ts'
import { readStructureFile, structureFormat } from '../files/structureFile.ts'
import { assign } from '../potentials/assign.ts'
import { loadPotential } from '../potentials/load.ts'
import { CODATA_2018, LAMMPS_METAL } from '../units.ts'
import { about, checkBoxAgainstCutoff, checkOverlaps, checkPositions } from './checks.ts'
import { type CoulombChoice, coulombMethod } from './prepare.ts'

/** What a single point needs beside the file. Left-out values take the defaults below. */
export interface SinglePointRequest {
  readonly file: string
  /** Needed unless the file is LAMMPS data with its own coefficients. */
  readonly potential?: string | undefined
  readonly styles?: LammpsStyles | undefined
  readonly units?: 'real' | 'metal' | undefined
  readonly cutoff_A?: number | undefined
  readonly coulomb?: CoulombChoice['coulomb'] | undefined
  readonly dsfAlpha_per_A?: number | undefined
  readonly ewaldAccuracy?: number | undefined
  readonly ewaldAlpha_per_A?: number | undefined
  readonly mixing?: 'geometric' | 'arithmetic' | undefined
  readonly specialLJ?: readonly [number, number, number] | undefined
  readonly specialCoulomb?: readonly [number, number, number] | undefined
  readonly chargeScale?: number | undefined
  readonly constants: 'codata2018' | 'lammps'
  readonly allowNetCharge: boolean
}

export interface SinglePoint {
  readonly system: System
  readonly state: State
  /** What was assumed and is not in the file: for the user to see. */
  readonly assumptions: readonly string[]
}

const DEFAULT_CUTOFF_A = 10
const DEFAULT_ACCURACY = 1e-6
const DEFAULT_ALPHA_PER_A = 0.2
/** Above this the plain Ewald sum, which costs N^1.5 or more, gives way to the mesh. */
const EWALD_ATOMS = 5000
const NEUTRAL_e = 1e-3

/** @throws UserError for anything wrong with the file or the request */
export function prepareSinglePoint(request: SinglePointRequest): SinglePoint {
  const prepared =
    request.potential === undefined ? fromLammps(request) : fromPotential(request, request.potential)
  const { system, state } = prepared
  checkUsed(request, system)
  const charge = netCharge(system)
  const charged = system.forces.some(force => force.kind === 'coulomb') && Math.abs(charge) > NEUTRAL_e
  if (charged && !request.allowNetCharge) {
    throw new UserError({
      message: `the box has a net charge of ${charge.toFixed(4)} e`,
      where: request.file,
      hint: 'check the charges, or compute it against a uniform background with --allow-net-charge',
    })
  }
  // Crystals may be smaller than the cut-off, since images are summed; bonded molecules must not meet themselves.
  if (system.topology.bonds.length > 0) checkBoxAgainstCutoff(state.box, longestCutoff(system), request.file)
  return prepared
}

/** Flags that only LAMMPS data read without a potential listens to, by the key of the request. */
const LAMMPS_FLAGS = { styles: 'styles', units: 'units', mixing: 'mixing', specialLJ: 'special-lj' } as const
const EWALD_FLAGS = { ewaldAccuracy: 'ewald-accuracy', ewaldAlpha_per_A: 'ewald-alpha_per_A' } as const

/** @throws UserError for what was given and would be ignored */
function checkUsed(request: SinglePointRequest, { forces }: System): void {
  const refuse = (flags: Partial<Record<keyof SinglePointRequest, string>>, hint: string) => {
    for (const [key, flag] of Object.entries(flags)) {
      if (request[key as keyof SinglePointRequest] === undefined) continue
      throw new UserError({ message: `--${flag} has no effect here`, where: 'command line', hint })
    }
  }
  if (request.potential === undefined) {
    refuse(
      { chargeScale: 'charge-scale' },
      'it goes with --potential; LAMMPS data has its charges in the file',
    )
  } else {
    refuse(LAMMPS_FLAGS, 'it goes with LAMMPS data that is read without --potential')
  }
  const method = forces.find(force => force.kind === 'coulomb')?.method.name ?? 'none'
  if (method !== 'dsf' && method !== 'wolf') {
    refuse({ dsfAlpha_per_A: 'dsf-alpha_per_A' }, `it goes with dsf and wolf; the sum here is ${method}`)
  }
  if (method !== 'ewald' && method !== 'pme') {
    refuse(EWALD_FLAGS, `it goes with ewald and pme; the sum here is ${method}`)
  }
}

const longestCutoff = (system: System) =>
  system.forces.reduce(
    (longest, force) =>
      Math.max(
        longest,
        force.kind === 'coulomb' ? force.cutoff_A : force.kind === 'pair' ? Math.max(...force.cutoffs) : 0,
      ),
    0,
  )

function fromLammps(request: SinglePointRequest): SinglePoint {
  if (structureFormat(request.file) !== 'lammps') {
    throw new UserError({
      message: 'the file carries no coefficients, so a potential is needed',
      where: request.file,
      hint: 'add --potential potentials/….yaml',
    })
  }
  const data = parseLammpsData(
    readText(request.file),
    request.file,
    request.units ? { units: request.units } : {},
  )
  checkPositions(data.structure, request.file)
  checkOverlaps(data.structure, request.file)
  const cutoff_A = request.cutoff_A ?? DEFAULT_CUTOFF_A
  const charges = data.structure.charges ?? new Float64Array(data.typeIndex.length)
  const system = lammpsSystem(data, {
    ...definedOnly({
      styles: request.styles,
      coulomb: request.coulomb,
      mixing: request.mixing,
      specialLJ: request.specialLJ,
      specialCoulomb: request.specialCoulomb,
    }),
    cutoff_A,
    constants: request.constants,
    coulombMethod: name =>
      coulombMethod(
        coulombChoice(request, longRange(name, request, charges.length), cutoff_A),
        data.structure.box,
        charges,
      ),
  })
  const assumptions: string[] = []
  if (data.unitsSource === 'assumed') assumptions.push(`units ${data.units}: the file does not say (--units)`)
  if (request.cutoff_A === undefined)
    assumptions.push(`cut-off ${cutoff_A} Å where the file sets none (--cutoff_A)`)
  if (data.structure.topology.bonds.length > 0 && !(request.specialLJ && request.specialCoulomb)) {
    assumptions.push(
      'factors 0,0,0 for 1-2, 1-3 and 1-4 pairs, as in LAMMPS (--special-lj, --special-coulomb)',
    )
  }
  const { positions, velocities, box } = data.structure
  return { system, state: createState(positions, box, velocities ?? undefined), assumptions }
}

function fromPotential(request: SinglePointRequest, potentialFile: string): SinglePoint {
  const potential = loadPotential(potentialFile)
  const structure = readStructureFile(request.file)
  checkPositions(structure, request.file)
  checkOverlaps(structure, request.file)
  const cutoff_A = request.cutoff_A ?? DEFAULT_CUTOFF_A
  const constants = request.constants === 'lammps' ? LAMMPS_METAL : CODATA_2018
  const assigned = about(request.file, () =>
    assign(structure, potential, {
      interactions: { cutoff_A, truncation: { kind: 'plain' }, tailCorrection: false, coulomb: null },
      chargeScale: request.chargeScale ?? 1,
      allowNetCharge: request.allowNetCharge,
    }),
  )
  const name = request.coulomb ?? longRange('pme', request, assigned.atomCount)
  const method = coulombMethod(coulombChoice(request, name, cutoff_A), structure.box, assigned.charges)
  const system: System = {
    ...assigned,
    forces: [
      ...assigned.forces,
      {
        kind: 'coulomb',
        method,
        cutoff_A,
        constant_eV_A: constants.coulomb_eV_A,
        special: request.specialCoulomb ?? potential.special.coulomb,
        erfc: request.constants === 'lammps' ? 'lammps' : 'exact',
        slabCorrection: false,
      },
    ],
  }
  const assumptions = request.cutoff_A === undefined ? [`cut-off ${cutoff_A} Å (--cutoff_A)`] : []
  return { system, state: createState(structure.positions, structure.box), assumptions }
}

/** A long-range sum that the user left open is exact for small systems. */
function longRange(
  name: CoulombChoice['coulomb'],
  request: SinglePointRequest,
  atomCount: number,
): CoulombChoice['coulomb'] {
  return name === 'pme' && request.coulomb === undefined && atomCount <= EWALD_ATOMS ? 'ewald' : name
}

function coulombChoice(
  request: SinglePointRequest,
  coulomb: CoulombChoice['coulomb'],
  cutoff_A: number,
): CoulombChoice {
  const damped = coulomb === 'dsf' || coulomb === 'wolf'
  return {
    cutoff_A,
    coulomb,
    coulomb_accuracy: request.ewaldAccuracy ?? DEFAULT_ACCURACY,
    coulomb_alpha_per_A: damped ? (request.dsfAlpha_per_A ?? DEFAULT_ALPHA_PER_A) : request.ewaldAlpha_per_A,
  }
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

function definedOnly<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>
}
