import { densityOf, netCharge } from '../core/system.ts'
import { EXIT, SimulationError, UserError } from '../errors.ts'
import { parseLammpsStyles } from '../files/lammpsStyles.ts'
import { inDoublePrecision, PLATFORM_CHOICES, prepareEvaluator } from '../platform/choose.ts'
import { about } from '../run/checks.ts'
import { prepareSinglePoint } from '../run/singlePoint.ts'
import { command } from './command.ts'
import { factors, positive } from './numbers.ts'
import { fixed, formatTable } from './table.ts'

export const energyCommand = command({
  usage: 'energy <structure>',
  summary: 'single point: energy by term, forces, virial, charge, density',
  example: ['hoplite energy box.extxyz --potential potentials/pvdf-lifsi.yaml --charge-scale 0.7', 'one box'],
  positionals: {
    structure: { type: 'string', demandOption: true, describe: '.extxyz, .data (LAMMPS), .vasp (POSCAR)' },
  },
  options: {
    potential: {
      type: 'string',
      describe: 'potential file; not needed for LAMMPS data with Coeffs sections',
    },
    platform: { choices: PLATFORM_CHOICES, default: 'auto' as const, describe: 'what computes' },
    forces: { type: 'boolean', default: false, describe: 'also the force on every atom' },
    constants: {
      choices: ['codata2018', 'lammps'] as const,
      default: 'codata2018' as const,
      describe: 'physical constants',
    },
    units: { choices: ['real', 'metal'] as const, describe: 'of a LAMMPS data file that does not say' },
    styles: { type: 'string', describe: 'pair=lj/cut/coul/long,bond=harmonic,… for LAMMPS data' },
    cutoff_A: { type: 'number', describe: 'cut-off, Å' },
    coulomb: { choices: ['ewald', 'pme', 'dsf', 'wolf', 'cut'] as const, describe: 'electrostatics' },
    'dsf-alpha_per_A': { type: 'number', describe: 'damping of dsf and wolf, 1/Å (0.2)' },
    'ewald-accuracy': {
      type: 'number',
      describe: 'RMS force error against two unit charges 1 Å apart (1e-6)',
    },
    'ewald-alpha_per_A': {
      type: 'number',
      describe: 'splitting parameter, 1/Å; from the accuracy when left out',
    },
    mixing: {
      choices: ['geometric', 'arithmetic'] as const,
      describe: 'of Lennard-Jones parameters in LAMMPS data',
    },
    'special-lj': { type: 'string', describe: 'factors for 1-2, 1-3, 1-4 pairs: 0,0,0.5' },
    'special-coulomb': { type: 'string', describe: 'likewise for charges' },
    'charge-scale': { type: 'number', describe: 'multiplies the charges of ions; with --potential' },
    'allow-net-charge': {
      type: 'boolean',
      default: false,
      describe: 'compute a charged box against a background',
    },
  },
  async run(args, output) {
    const { system, state, assumptions } = prepareSinglePoint({
      file: args.structure,
      potential: args.potential,
      styles: stylesOf(args.styles),
      units: args.units,
      cutoff_A: positive('--cutoff_A', args.cutoff_A),
      coulomb: args.coulomb,
      dsfAlpha_per_A: positive('--dsf-alpha_per_A', args['dsf-alpha_per_A'], MAXIMUM_ALPHA_PER_A),
      ewaldAccuracy: accuracy(args['ewald-accuracy']),
      ewaldAlpha_per_A: positive('--ewald-alpha_per_A', args['ewald-alpha_per_A'], MAXIMUM_ALPHA_PER_A),
      mixing: args.mixing,
      specialLJ: factors('--special-lj', args['special-lj']),
      specialCoulomb: factors('--special-coulomb', args['special-coulomb']),
      chargeScale: positive('--charge-scale', args['charge-scale']),
      constants: args.constants,
      allowNetCharge: args['allow-net-charge'],
    })
    for (const assumption of assumptions) output.note(`assumed: ${assumption}`)
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

function stylesOf(text: string | undefined) {
  return text === undefined ? undefined : about('command line', () => parseLammpsStyles(text))
}

/** The limits of a recipe's coulomb_alpha_per_A and coulomb_accuracy: beyond them a sum has no end. */
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
