import { fileURLToPath } from 'node:url'
import { EXIT, UserError } from '../errors.ts'
import { loadRecipe } from '../recipes/recipe.ts'
import { liveInput } from '../run/liveInput.ts'
import { serve } from '../web/serve.ts'
import { command } from './command.ts'
import { createStopSignal } from './options.ts'
import { openInBrowser } from './output.ts'

const SHIPPED_RECIPE = fileURLToPath(new URL('../../runs/pvdf-700K.yaml', import.meta.url))

export const serveCommand = command({
  usage: 'serve [recipe]',
  summary: 'show a recipe live in the browser, computed there on WebGPU',
  example: ['hoplite serve --open', 'Li⁺ in PVDF: box, temperature and growing MSD; Ctrl-C ends it'],
  positionals: { recipe: { type: 'string', describe: 'recipe (YAML). Default: runs/pvdf-700K.yaml' } },
  options: {
    port: { type: 'number', default: 8137, describe: 'port to listen on; 0 for any free port' },
    host: {
      type: 'string',
      default: '127.0.0.1',
      describe: 'address to listen on; the default is for this machine only',
    },
    open: { type: 'boolean', default: false, describe: 'open the page in the browser' },
  },
  async run(args, output) {
    const { port, host } = args
    if (!Number.isInteger(port) || port < 0 || port > 65535) {
      throw new UserError({
        message: `--port is ${port}`,
        where: 'command line',
        hint: 'it takes a whole number up to 65535',
      })
    }
    const input = liveInput(loadRecipe(args.recipe ?? SHIPPED_RECIPE))
    const stop = createStopSignal(undefined)
    try {
      const command = `hoplite md ${args.recipe ?? 'runs/pvdf-700K.yaml'}`
      const { address, close } = await serve({ input, command, host, port })
      output.document({ address, recipe: input.name, atoms: input.system.atomCount })
      output.text(`${input.name}: ${input.system.atomCount} atoms at ${address}`)
      output.note('Ctrl-C ends it')
      if (args.open) openInBrowser(address)
      if (!stop.signal.aborted) await new Promise(end => stop.signal.addEventListener('abort', end))
      await close()
      // Ctrl-C is the normal end: nothing was cut short.
      return EXIT.done
    } finally {
      stop.dispose()
    }
  },
})
