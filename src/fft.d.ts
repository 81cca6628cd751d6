declare module 'fft.js' {
  /** Radix-4 transform of a power-of-two size; complex arrays interleave real and imaginary parts. */
  export default class FFT {
    constructor(size: number)
    transform(output: Float64Array, input: Float64Array): void
    /** Fills the lower half of the spectrum; `completeSpectrum` mirrors it. */
    realTransform(output: Float64Array, input: Float64Array): void
    completeSpectrum(spectrum: Float64Array): void
    /** Scaled by 1/size. */
    inverseTransform(output: Float64Array, input: Float64Array): void
  }
}
