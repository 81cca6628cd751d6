import type { InferredOptionTypes, Options } from 'yargs'
import { densityOf, netCharge, type System } from '../core/system.ts'
import { EXIT, SimulationError, UserError } from '../errors.ts'
import { parseLammpsStyles } from '../files/lammpsStyles.ts'
import { LAMMPS_MIXINGS } from '../files/lammpsSystem.ts'
import { inDoublePrecision, prepareEvaluator } from '../platform/choose.ts'
import { isEwald } from '../potentials/interactions.ts'
import { about } from '../run/checks.ts'
import { prepareSinglePoint, type SinglePoint } from '../run/singlePoint.ts'
import type { Tethers } from '../run/tethers.ts'
import { command } from './command.ts'
import { factors, platformOption, positive } from './options.ts'
import { fixed, formatTable } from './output.ts'

/** Flags that say how a structure file becomes a system. */
export const singlePointFlags = {
  potential: { type: 'string', describe: 'potential file; not needed for LAMMPS data with Coeffs sections' },
  constants: { choices: ['codata2018', 'lammps'], default: 'codata2018', describe: 'physical constants' },
  units: { choices: ['real', 'metal'], describe: 'units of LAMMPS data. Default: those in its first line' },
  styles: {
    type: 'string',
    describe: 'styles of LAMMPS data: pair=lj/cut/coul/long,bond=harmonic,… Default: comments of the file',
  },
  cutoff_A: { type: 'number', describe: 'cut-off, Å. Default: 10' },
  truncation: {
    choices: ['plain', 'shifted', 'switched'],
    describe: 'treatment of pair interactions at the cut-off. Default: plain',
  },
  'switch-from_A': { type: 'number', describe: 'start of the switching function of `switched`, Å' },
  'tail-correction': { type: 'boolean', default: false, describe: 'add the LJ energy beyond the cut-off' },
  coulomb: {
    choices: ['ewald', 'pme', 'dsf', 'wolf', 'cut', 'none'],
    describe: 'Coulomb method. Default: ewald up to 5000 atoms, pme above',
  },
  'dsf-alpha_per_A': { type: 'number', describe: 'damping of dsf and wolf, 1/Å. Default: 0.2' },
  'ewald-accuracy': { type: 'number', describe: 'RMS force error of ewald and pme, relative. Default: 1e-6' },
  'ewald-alpha_per_A': { type: 'number', describe: 'splitting of ewald and pme, 1/Å. Default: by accuracy' },
  'slab-correction': {
    type: 'boolean',
    default: false,
    describe: 'correct ewald and pme for a slab with vacuum along z',
  },
  tether_eV_per_A2: { type: 'number', describe: 'stiffness of tethers of atoms to points, eV/Å²' },
  'tether-to': { type: 'string', describe: 'structure file with the points of the tethers, atom by atom' },
  'tether-types': { type: 'string', describe: 'atom types that are tethered, such as Ni,O (all)' },
  mixing: {
    choices: LAMMPS_MIXINGS,
    describe: 'mixing rule of Lennard-Jones parameters of LAMMPS data. Default: geometric',
  },
  'special-lj': {
    type: 'string',
    describe: 'Lennard-Jones factors of 1-2, 1-3, 1-4 pairs of LAMMPS data. Default: 0,0,0',
  },
  'special-coulomb': { type: 'string', describe: 'the same factors for charges. Default: 0,0,0' },
  'charge-scale': { type: 'number', describe: 'factor on the charges of ions, with --potential. Default: 1' },
  'allow-net-charge': {
    type: 'boolean',
    default: false,
    describe: 'allow a net charge, which a uniform background compensates',
  },
} as const satisfies Readonly<Record<string, Options>>

type SinglePointArgs = InferredOptionTypes<typeof singlePointFlags>

/** The system that a structure file and the flags stand for. @throws UserError */
export function singlePoint(file: string, args: SinglePointArgs): SinglePoint {
  const dsfAlpha = positive('--dsf-alpha_per_A', args['dsf-alpha_per_A'], MAXIMUM_ALPHA_PER_A)
  const ewaldAlpha = positive('--ewald-alpha_per_A', args['ewald-alpha_per_A'], MAXIMUM_ALPHA_PER_A)
  const prepared = prepareSinglePoint({
    file,
    potential: args.potential,
    styles:
      args.styles === undefined ? undefined : about('command line', () => parseLammpsStyles(args.styles!)),
    units: args.units,
    mixing: args.mixing,
    specialLJ: factors('--special-lj', args['special-lj']),
    specialCoulomb: factors('--special-coulomb', args['special-coulomb']),
    interactions: {
      cutoff_A: positive('--cutoff_A', args.cutoff_A),
      truncation: args.truncation,
      switch_from_A: positive('--switch-from_A', args['switch-from_A']),
      tail_correction: args['tail-correction'],
      coulomb: args.coulomb,
      coulomb_alpha_per_A: ewaldAlpha ?? dsfAlpha,
      coulomb_accuracy: accuracy(args['ewald-accuracy']),
      slab_correction: args['slab-correction'],
    },
    tethers: tethers(args),
    charges: {
      scale: positive('--charge-scale', args['charge-scale']),
      background: args['allow-net-charge'],
    },
    constants: args.constants,
  })
  checkUsed(args, prepared.system)
  return prepared
}

/** Tethers of the flags. @throws UserError when one of stiffness and points is missing */
function tethers(args: SinglePointArgs): Tethers | undefined {
  const stiffness_eV_per_A2 = positive('--tether_eV_per_A2', args.tether_eV_per_A2)
  const to = args['tether-to']
  if (stiffness_eV_per_A2 !== undefined && to !== undefined) {
    return { stiffness_eV_per_A2, to, types: args['tether-types']?.split(',') }
  }
  if ((stiffness_eV_per_A2 ?? to ?? args['tether-types']) === undefined) return undefined
  throw new UserError({
    message: 'tethers need a stiffness and the points that they hold atoms to',
    where: 'command line',
    hint: 'give --tether_eV_per_A2 and --tether-to together',
  })
}

/** @throws UserError for a flag that would be ignored */
function checkUsed(args: SinglePointArgs, { forces }: System): void {
  const refuse = (flags: readonly (keyof SinglePointArgs)[], hint: string) => {
    const flag = flags.find(name => args[name] !== undefined && args[name] !== false)
    if (flag === undefined) return
    throw new UserError({ message: `--${flag} has no effect here`, where: 'command line', hint })
  }
  if (args.potential === undefined) {
    refuse(['charge-scale'], 'it goes with --potential; LAMMPS data has its charges in the file')
  } else {
    const lammps = ['styles', 'units', 'mixing', 'special-lj'] as const
    refuse(lammps, 'it goes with LAMMPS data that is read without --potential')
  }
  const sum = forces.find(force => force.kind === 'coulomb')?.method.name ?? 'none'
  if (sum !== 'dsf' && sum !== 'wolf') {
    refuse(['dsf-alpha_per_A'], `it goes with dsf and wolf; the sum here is ${sum}`)
  }
  if (!isEwald(sum)) {
    const ewald = ['ewald-accuracy', 'ewald-alpha_per_A', 'slab-correction'] as const
    refuse(ewald, `it goes with ewald and pme; the sum here is ${sum}`)
  }
}

export const energyCommand = command({
  usage: 'energy <structure>',
  summary: 'compute a single point: energy by term, forces, virial, charge, density',
  example: [
    'hoplite energy box.extxyz --potential potentials/pvdf-lifsi.yaml --charge-scale 0.7',
    'energy of one box',
  ],
  positionals: {
    structure: { type: 'string', demandOption: true, describe: 'file: .extxyz, .data (LAMMPS), .vasp' },
  },
  options: {
    ...singlePointFlags,
    platform: platformOption('platform that computes; auto: reference'),
    forces: { type: 'boolean', default: false, describe: 'print also the force on every atom' },
  },
  async run(args, output) {
    const { system, state, assumptions, remarks, warnings } = singlePoint(args.structure, args)
    for (const remark of remarks) output.note(remark)
    const warned = [...warnings, ...assumptions.map(assumption => `assumed: ${assumption}`)]
    for (const warning of warned) output.warn(warning)
    const evaluator = await prepareEvaluator(inDoublePrecision(args.platform), system)
    try {
      const { energy, terms, forces, virial } = await evaluator.evaluate(state)
      if (!Number.isFinite(energy)) {
        throw new SimulationError({
          message: `the potential energy is ${energy}`,
          where: args.structure,
          hint: 'look for atoms on top of each other',
        })
      }
      const density = densityOf(system.masses, state.box.volume)
      const charge = netCharge(system)
      output.document({
        atoms: system.atomCount,
        potential_eV: energy,
        terms_eV: terms,
        virial_eV: [...virial],
        ...(args.forces ? { forces_eV_per_A: rows(forces) } : {}),
        platform: {
          asked: args.platform,
          ran: evaluator.ran,
          backend: evaluator.backend,
          fallback_reason: evaluator.fallbackReason,
        },
        density_g_per_cm3: density,
        charge_e: charge,
        warnings: warned,
      })
      output.text(
        formatTable(
          ['term', 'energy / eV'],
          [
            ...Object.entries(terms).map(([term, value]) => [term, value.toFixed(8)]),
            ['potential', energy.toFixed(8)],
          ],
        ),
      )
      output.text(
        `${system.atomCount} atoms, ${density.toFixed(4)} g/cm³, net charge ${fixed(charge, 4)} e, platform ${evaluator.ran} (${evaluator.backend})`,
      )
      output.text(`virial / eV: ${Array.from(virial, v => v.toFixed(6)).join('  ')}`)
      if (args.forces) {
        output.text('forces / eV/Å')
        for (const row of rows(forces)) output.text(row.map(f => f.toFixed(8).padStart(16)).join(''))
      }
    } finally {
      await evaluator.dispose()
    }
    return EXIT.done
  },
})

const rows = (values: Float64Array) =>
  Array.from({ length: values.length / 3 }, (_, i) => [...values.subarray(3 * i, 3 * i + 3)])

/** Limits of a recipe's coulomb_alpha_per_A and coulomb_accuracy: beyond them a sum has no end. */
const MAXIMUM_ALPHA_PER_A = 5
const ACCURACY = { from: 1e-12, to: 0.1 }

function accuracy(value: number | undefined): number | undefined {
  if (value === undefined || (value >= ACCURACY.from && value <= ACCURACY.to)) return value
  throw new UserError({
    message: `--ewald-accuracy is ${value}`,
    where: 'command line',
    hint: `it takes a number from ${ACCURACY.from} to ${ACCURACY.to}`,
  })
}
