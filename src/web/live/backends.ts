import type { System } from '../../core/system.ts'
import type { Stage } from '../../dynamics/protocol.ts'
import { findAdapter } from '../../platform/gpu/adapter.ts'
import { createGpuEvaluator } from '../../platform/gpu/gpu.ts'
import type { Evaluator } from '../../platform/platform.ts'
import { createReferenceEvaluator } from '../../platform/reference/reference.ts'
import { createSimdEvaluator } from '../../platform/simd/simd.ts'
import { type BackendChoice, type LiveInput, madeByHost } from './input.ts'
import type { Running } from './messages.ts'

type Named = Exclude<BackendChoice, 'auto'>

export interface Opened {
  readonly running: Running
  /** The run: without steps on a device where the platform moves no atoms on one. */
  readonly input: LiveInput
  prepare(system: System): Promise<Evaluator>
}

/**
 * Opens the backend that was asked for, and computes forces once, as some backends fail only then.
 * @throws UserError, SimulationError when it is not available; only for `auto` another one takes its place, and the
 * remarks say why
 */
export async function openBackend(choice: BackendChoice, input: LiveInput): Promise<Opened> {
  if (choice !== 'auto') return open(choice, input, [])
  const reason = await whyNoGpu()
  if (reason !== null) return open('simd', input, [`not on WebGPU: ${reason}`])
  try {
    return await open('webgpu', input, [])
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return open('simd', input, [`not on WebGPU: ${message}`])
  }
}

async function whyNoGpu(): Promise<string | null> {
  const adapter = await findAdapter()
  if (adapter.reason !== null) return adapter.reason
  return adapter.isSoftware ? `the browser's only adapter, ${adapter.name}, computes in software` : null
}

async function open(name: Named, input: LiveInput, remarks: readonly string[]): Promise<Opened> {
  const prepare = (part: System) => create(name, part)
  const evaluator = await prepare(input.system)
  try {
    await evaluator.evaluate(input.state, { energy: false, virial: false })
  } finally {
    await evaluator.dispose()
  }
  const { ran, backend, fallbackReason } = evaluator
  const adapter = name === 'webgpu' ? (await findAdapter()).name : null
  const rest = fallbackReason === null ? [] : [fallbackReason]
  const isLeftOut = !evaluator.integrator && input.stages.some(hasDeviceSteps)
  if (isLeftOut) rest.push(`without steps_on_device: ${ran} moves no atoms on a device`)
  return {
    running: { ran, backend, adapter, remarks: [...remarks, ...rest] },
    input: isLeftOut ? { ...input, stages: madeByHost(input.stages) } : input,
    prepare,
  }
}

const hasDeviceSteps = (stage: Stage) => stage.kind === 'dynamics' && stage.device !== null

async function create(name: Named, system: System): Promise<Evaluator> {
  if (name === 'simd') return createSimdEvaluator(system, { threads: 1 })
  if (name === 'reference') return createReferenceEvaluator(system)
  return createGpuEvaluator(system, name)
}
