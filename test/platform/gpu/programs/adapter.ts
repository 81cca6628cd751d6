// Asks for an adapter, with arguments as options, uses it where there is one, and leaves it at that.
import { findAdapter } from '../../../../src/platform/gpu/adapter.ts'
import { createBackend } from '../../../../src/platform/gpu/backends.ts'

const report = () => (process.report.getReport() as unknown as { sharedObjects: string[] }).sharedObjects
const isLoaded = () => report().some(file => file.endsWith('dawn.node'))

async function main() {
  const before = isLoaded()
  const adapter = await findAdapter()
  let result: number[] | null = null
  if (adapter.reason === null) {
    const backend = await createBackend('webgpu')
    const source = 'function (a) { return a[0][this.thread.x] + 1; }'
    const shape = { arrays: 1, numbers: 0, components: 1, output: [2], longestLoop: 1 } as const
    const kernel = backend.kernel({ name: 'one more', source, ...shape })
    result = [...(await kernel.run([backend.array(2)], []))]
  }
  console.log(JSON.stringify({ before, after: isLoaded(), adapter, result }))
}

void main()
