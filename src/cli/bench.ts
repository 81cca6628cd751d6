import { fileURLToPath } from 'node:url'
import { EXIT, UserError } from '../errors.ts'
import { PLATFORM_KEYS, type PlatformKey } from '../platform/choose.ts'
import { isEwald } from '../potentials/interactions.ts'
import { type BenchReport, type BenchResult, bench, benchPlatforms } from '../run/bench.ts'
import { describeMachine } from '../run/machine.ts'
import { command } from './command.ts'
import { singlePoint, singlePointFlags } from './energy.ts'
import { positive, wholeNumber, wholeNumbers } from './options.ts'
import { formatTable } from './output.ts'

const shipped = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** The box that is measured when no structure is given: PVDF with LiFSI. */
const BOX = {
  structure: shipped('structures/pvdf-700K-1.extxyz'),
  potential: shipped('potentials/pvdf-lifsi.yaml'),
  chargeScale: 0.7,
}
/** Copies along each vector of the shipped box, and of a structure that is given. */
const SIZES = { shipped: '1,2,5', given: '1' }
/** Default accuracy of the sum of charges, as in a recipe of dynamics. */
const ACCURACY = 1e-4
const MOST_COPIES = 10
const MOST_THREADS = 256

export const benchCommand = command({
  usage: 'bench [structure]',
  summary: 'measure the steps per second of all platforms, and the time of their parts',
  example: ['hoplite bench --sizes 1,2', 'PVDF with LiFSI, 890 and 7120 atoms'],
  positionals: {
    structure: { type: 'string', describe: '.extxyz, .data (LAMMPS), .vasp. Default: a shipped box' },
  },
  options: {
    ...singlePointFlags,
    timestep_fs: { type: 'number', default: 1, describe: 'time step, fs; used for ns/day' },
    constraints: {
      choices: ['none', 'h-bonds', 'all-bonds'] as const,
      default: 'none' as const,
      describe: 'bonds of constrained length',
    },
    platform: { type: 'string', describe: `any of ${PLATFORM_KEYS.join(',')}. Default: all but gpu:…` },
    threads: {
      type: 'string',
      describe: 'numbers of threads to compare, such as 1,2. Default: chosen by box and machine',
    },
    sizes: {
      type: 'string',
      describe:
        'copies of the box along each vector, such as 1,2. Default for the shipped box: 1,2,5 (890 to 111 250 atoms)',
    },
    turns: { type: 'number', default: 5, describe: 'number of measurements; the median is shown' },
    seconds: { type: 'number', default: 1, describe: 'length of one measurement, s' },
  },
  async run(args, output) {
    const own = args.structure === undefined
    if (own && (args.potential ?? args.styles ?? args['charge-scale']) !== undefined) {
      throw new UserError({
        message: 'the shipped box has its own potential',
        where: 'command line',
        hint: 'name a structure, or leave --potential, --styles and --charge-scale out',
      })
    }
    const coulomb = args.coulomb ?? 'pme'
    const { system, state } = singlePoint(args.structure ?? BOX.structure, {
      ...args,
      ...(own && { potential: BOX.potential, 'charge-scale': BOX.chargeScale }),
      coulomb,
      'ewald-accuracy': args['ewald-accuracy'] ?? (isEwald(coulomb) ? ACCURACY : undefined),
      'allow-net-charge': true,
    })
    const sizes = wholeNumbers('--sizes', args.sizes ?? (own ? SIZES.shipped : SIZES.given), MOST_COPIES)
    const progress = output.progress('bench', sizes.length * args.turns, 'turns')
    const report = await bench({
      system,
      state,
      platforms: args.platform === undefined ? await benchPlatforms() : platformKeys(args.platform),
      sizes,
      turns: wholeNumber('--turns', args.turns)!,
      seconds: positive('--seconds', args.seconds)!,
      timestep_fs: positive('--timestep_fs', args.timestep_fs)!,
      constraints: args.constraints,
      threads: args.threads === undefined ? undefined : wholeNumbers('--threads', args.threads, MOST_THREADS),
      onTurn: done => progress.update(done),
    })
    progress.finish()
    output.document(report)
    output.text(describe(report))
    return EXIT.done
  },
})

/** @throws UserError unless all are platforms */
function platformKeys(text: string): readonly PlatformKey[] {
  return text.split(',').map(name => {
    const key = PLATFORM_KEYS.find(known => known === name)
    if (key) return key
    throw new UserError({
      message: `there is no platform '${name}'`,
      where: 'command line',
      hint: `--platform takes ${PLATFORM_KEYS.join(', ')}, or several of them: simd,gpu`,
    })
  })
}

function describe({ machine, results }: BenchReport): string {
  const ms = (value: number | undefined) => (value === undefined ? '–' : value.toPrecision(3))
  const rows = results.map(result => [
    `${result.platform} (${result.backend})`,
    String(result.threads),
    String(result.atoms),
    result.steps_per_s.toPrecision(4),
    result.ns_per_day.toPrecision(3),
    result.ns_per_pair === null ? '–' : result.ns_per_pair.toPrecision(3),
    ms(result.breakdown?.pair_ms),
    ms(result.breakdown?.kspace_ms),
    ms(result.breakdown?.bonded_ms),
    ms(result.breakdown?.neighbours_ms),
    ms(result.breakdown?.rest_ms),
  ])
  const head = ['platform', 'threads', 'atoms', 'steps/s', 'ns/day', 'ns/pair', 'pair', 'kspace', 'bonded']
  const table = formatTable([...head, 'neighbours', 'rest / ms'], rows)
  return [describeMachine(machine), '', table, ...results.flatMap(describeTransfers)].join('\n')
}

function describeTransfers({ platform, atoms, transfers }: BenchResult): string[] {
  if (!transfers) return []
  const { launches, sent_bytes, read_bytes } = transfers
  const kB = (bytes: number) => `${(bytes / 1000).toPrecision(3)} kB`
  return [
    `${platform}, ${atoms} atoms: per step ${launches.toPrecision(3)} launches, ${kB(sent_bytes)} sent, ${kB(read_bytes)} read`,
  ]
}
