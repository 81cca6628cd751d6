import FFT from 'fft.js'

/** Decay time of a correlation function. */
export interface Decay {
  readonly time_ps: number
  /** True when the correlation stayed above 1/e up to half the trajectory: the time is then that half. */
  readonly atLeast: boolean
}

/** Computes Σ x(k) x(k + lag) over all origins k, summed over many series of one length, by fast Fourier transform. */
export function createAutocorrelation(length: number) {
  const size = 2 ** Math.ceil(Math.log2(2 * length))
  const fft = new FFT(size)
  const input = new Float64Array(size)
  const spectrum = new Float64Array(2 * size)
  const power = new Float64Array(size)
  return {
    add(series: ArrayLike<number>): void {
      for (let k = 0; k < length; k++) input[k] = series[k]!
      fft.realTransform(spectrum, input)
      for (let k = 0; k <= size / 2; k++) power[k]! += spectrum[2 * k]! ** 2 + spectrum[2 * k + 1]! ** 2
    },
    /** [length] for lags 0, 1, … */
    sums(): Float64Array {
      for (let k = 1; k < size / 2; k++) power[size - k] = power[k]!
      fft.realTransform(spectrum, power)
      return Float64Array.from({ length }, (_, lag) => spectrum[2 * lag]! / size)
    },
  }
}

/**
 * Time at which a correlation function first falls to 1/e, interpolated between lags. Lags beyond half the trajectory are
 * not used, because they have too few origins.
 * @param correlation [lags] from lag 0, where it is 1
 */
export function decayTime(correlation: ArrayLike<number>, frameInterval_ps: number): Decay {
  const longest = Math.floor((correlation.length - 1) / 2)
  for (let lag = 1; lag <= longest; lag++) {
    const [before, now] = [correlation[lag - 1]!, correlation[lag]!]
    if (now < Math.exp(-1)) {
      const fraction = (before - Math.exp(-1)) / (before - now)
      return { time_ps: (lag - 1 + fraction) * frameInterval_ps, atLeast: false }
    }
  }
  return { time_ps: longest * frameInterval_ps, atLeast: true }
}
