import type { Figure } from '../figure.ts'
import { byId, inLight, type PlotlyFigure, pageColor, plotlyFigure } from '../theme.ts'

const EXPORT_SIZE = { width: 900, height: 600 }
/** Known only while the script runs for the first time. */
const nonce = document.currentScript?.nonce ?? ''

/** The figure for plotly: columns filled in, colours resolved. */
function resolved(figure: Figure): PlotlyFigure {
  const data = figure.traces.map(({ series, x, y, ...trace }) => {
    const columns = figure.dataset.series[series]?.columns ?? {}
    const fill = (values: typeof x) => (typeof values === 'string' ? columns[values] : values)
    return { type: 'scatter', ...trace, x: fill(x), y: fill(y) }
  })
  const hasRightAxis = 'yaxis2' in figure.layout
  const layout = {
    margin: { l: 56, r: hasRightAxis ? 44 : 20, t: 12, b: 48 },
    // On a touch screen a drag scrolls the page.
    dragmode: matchMedia('(pointer: coarse)').matches ? false : 'zoom',
    ...figure.layout,
  }
  return plotlyFigure(data, layout, { doubleClick: 'reset' })
}

/** Draws all figures, one after the other so that the page answers in between. */
export async function drawFigures(figures: readonly Figure[]): Promise<void> {
  allowLibraryStyles()
  const script = document.createElement('script')
  script.nonce = nonce
  script.textContent = byId('plotly-source').textContent
  document.head.append(script)
  for (const figure of figures) {
    await Plotly.newPlot(byId(figure.id), resolved(figure))
    await new Promise(resolve => setTimeout(resolve))
  }
}

/** Draws them again in the page's present colours. */
export function recolorFigures(figures: readonly Figure[]): void {
  for (const figure of figures) void Plotly.react(byId(figure.id), resolved(figure))
}

export function resizeFigures(figures: readonly Figure[]): void {
  for (const { id } of figures) void Plotly.Plots.resize(byId(id))
}

/** Saves a figure: in light colours on white, with the legend that the page shows elsewhere. */
export function downloadFigure(figure: Figure, format: 'svg' | 'png'): Promise<string> {
  const image = inLight(() => {
    const { data, layout, config } = resolved(figure)
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
  return Plotly.downloadImage(image, { format, filename: figure.id, scale: 2, ...EXPORT_SIZE })
}

/**
 * Lets plotly style what it draws under the page's policy: style elements get the nonce, style attributes are set through
 * the style object. Only `nonce` itself opens the policy, so nothing else gains by it.
 */
function allowLibraryStyles(): void {
  document.createElement = new Proxy(document.createElement, {
    apply(create, self, [name, options]: [string, ElementCreationOptions?]) {
      const element: HTMLElement = Reflect.apply(create, self, [name, options])
      if (name === 'style') element.nonce = nonce
      return element
    },
  })
  const { setAttribute } = Element.prototype
  Element.prototype.setAttribute = function (name, value) {
    const styled = name === 'style' && (this instanceof HTMLElement || this instanceof SVGElement)
    if (styled) this.style.cssText = value
    else setAttribute.call(this, name, value)
  }
}
