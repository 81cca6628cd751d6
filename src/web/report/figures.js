import {
  allowLibraryStyles,
  byId,
  inLight,
  PLOT_CONFIG,
  pageColor,
  plotLayout,
  runInertScript,
  withColors,
} from './theme.js'

/** @typedef {import('../figure.ts').Figure} Figure */
/** @typedef {{ data: object[], layout: object, config: object }} PlotlyFigure */
/**
 * @typedef {object} Plotly
 * @property {(element: HTMLElement, figure: PlotlyFigure) => Promise<unknown>} newPlot
 * @property {(element: HTMLElement, figure: PlotlyFigure) => Promise<unknown>} react
 * @property {(figure: PlotlyFigure, options: object) => Promise<string>} downloadImage
 * @property {{ resize: (element: HTMLElement) => Promise<unknown> }} Plots
 */

const EXPORT_SIZE = { width: 900, height: 600 }

/** @returns {Plotly} */
function plotly() {
  return /** @type {any} */ (window).Plotly
}

/**
 * Traces with their columns filled in and colours resolved.
 * @param {Figure} figure
 * @returns {PlotlyFigure}
 */
function plotlyFigure(figure) {
  const data = figure.traces.map(({ series, ...trace }) => {
    const columns = figure.dataset.series[series]?.columns ?? {}
    const fill = (/** @type {typeof trace.x} */ values) =>
      typeof values === 'string' ? columns[values] : values
    return { type: 'scatter', ...trace, x: fill(trace.x), y: fill(trace.y) }
  })
  const hasRightAxis = 'yaxis2' in figure.layout
  const layout = plotLayout({
    margin: { l: 56, r: hasRightAxis ? 44 : 20, t: 12, b: 48 },
    // On a touch screen a drag scrolls the page.
    dragmode: matchMedia('(pointer: coarse)').matches ? false : 'zoom',
    ...figure.layout,
  })
  const config = { ...PLOT_CONFIG, doubleClick: 'reset' }
  return withColors({ data, layout, config })
}

/**
 * Draws all figures, one after the other so that the page stays alive.
 * @param {readonly Figure[]} figures
 */
export async function drawFigures(figures) {
  allowLibraryStyles()
  runInertScript('plotly-source')
  for (const figure of figures) {
    await plotly().newPlot(byId(figure.id), plotlyFigure(figure))
    await new Promise(resolve => setTimeout(resolve))
  }
}

/**
 * Draws them again in the page's present colours.
 * @param {readonly Figure[]} figures
 */
export function recolorFigures(figures) {
  for (const figure of figures) plotly().react(byId(figure.id), plotlyFigure(figure))
}

/** @param {readonly Figure[]} figures */
export function resizeFigures(figures) {
  for (const { id } of figures) plotly().Plots.resize(byId(id))
}

/**
 * The figure as a file: light, on white, with the legend that the page shows elsewhere.
 * @param {Figure} figure
 * @param {'svg' | 'png'} format
 */
export function downloadFigure(figure, format) {
  const image = inLight(() => {
    const { data, layout, config } = plotlyFigure(figure)
    const background = pageColor('--surface')
    return {
      data,
      layout: {
        ...layout,
        ...EXPORT_SIZE,
        showlegend: true,
        legend: {
          traceorder: 'normal',
          orientation: 'h',
          y: 1.02,
          yanchor: 'bottom',
          x: 0,
          title: { text: `${figure.dataset.title}  ` },
        },
        margin: { l: 76, r: 64, t: 64, b: 64 },
        paper_bgcolor: background,
        plot_bgcolor: background,
      },
      config,
    }
  })
  return plotly().downloadImage(image, { format, filename: figure.id, scale: 2, ...EXPORT_SIZE })
}
