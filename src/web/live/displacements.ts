import ndarray from 'ndarray'
import { meanSquaredDisplacement, removeDrift } from '../../analysis/msd.ts'
import { exponent } from '../../analysis/regime.ts'
import { replicateMean } from '../../analysis/transport.ts'
import type { Displacements } from './messages.ts'

export interface Following {
  readonly masses: Float64Array
  /** Indices of the atoms that are followed. */
  readonly ions: readonly number[]
  readonly frameInterval_ps: number
  readonly window: { readonly from_ps: number; readonly to_ps: number }
}

/** Follows ions from frame to frame. The drift of the centre of mass is removed. */
export function createDisplacements({ masses, ions, frameInterval_ps, window }: Following) {
  let first: Float64Array | undefined
  let frames = 0
  let track = new Float64Array(3 * ions.length * 64)

  function append(positions: Float64Array): void {
    first ??= positions.slice()
    const both = new Float64Array(2 * positions.length)
    both.set(first)
    both.set(positions, positions.length)
    const moved = removeDrift(ndarray(both, [2, masses.length, 3]), masses, ions).data
    const length = 3 * ions.length
    if ((frames + 1) * length > track.length) {
      const longer = new Float64Array(2 * track.length)
      longer.set(track)
      track = longer
    }
    track.set(moved.subarray(length), frames * length)
    frames++
  }

  /** Returns the displacements in the frames so far; null while there are too few for a lag of up to half of them. */
  function analyse(): Displacements | null {
    if (frames < 3 || ions.length === 0) return null
    const shape = [frames, ions.length, 3]
    const positions = ndarray(track.subarray(0, frames * ions.length * 3), shape)
    const msd = meanSquaredDisplacement(positions, { frameInterval_ps })
    const span_ps = (frames - 1) * frameInterval_ps
    const lags = Math.min(window.to_ps, span_ps) / frameInterval_ps
    const isWide = lags - window.from_ps / frameInterval_ps >= 3
    return {
      frames,
      span_ps,
      ions: ions.length,
      curve: replicateMean(msd, span_ps / 2),
      exponent:
        isWide && span_ps >= window.to_ps
          ? exponent(msd, { fitFrom_ps: window.from_ps, fitTo_ps: window.to_ps })
          : null,
    }
  }

  return { append, analyse }
}
