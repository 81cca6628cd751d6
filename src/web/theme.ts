/** The part of plotly that pages use. */
interface Plotly {
  newPlot(element: HTMLElement, figure: PlotlyFigure): Promise<unknown>
  react(element: HTMLElement, figure: PlotlyFigure): Promise<unknown>
  downloadImage(figure: PlotlyFigure, options: object): Promise<string>
  readonly Plots: { resize(element: HTMLElement): Promise<unknown> }
}

export interface PlotlyFigure {
  readonly data: readonly object[]
  readonly layout: object
  readonly config: object
}

declare global {
  /** Defined once plotly's script has run. */
  var Plotly: Plotly
}

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', Arial, sans-serif"

/** @throws Error when the page has no such element */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id)
  if (!element) throw new Error(`the page has no element "${id}"`)
  return element
}

/** Colour of the page now. @param name custom property such as "--ink" */
export function pageColor(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}

/** Colour of an element; elements that the style sheet does not list have the colour of the host. */
export function elementColor(symbol: string): string {
  return pageColor(`--el-${symbol}`) || pageColor('--scene-host')
}

/** Runs `work` while the page has its light colours, as on paper. */
export function inLight<T>(work: () => T): T {
  const { classList } = document.documentElement
  const already = classList.contains('light')
  classList.add('light')
  try {
    return work()
  } finally {
    if (!already) classList.remove('light')
  }
}

/** Calls `recolor` whenever the reader's system changes between light and dark. */
export function onColorChange(recolor: () => void): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', recolor)
}

/**
 * The look that all plots share, with every "var(--name)" replaced by the page's colour of that name.
 * @param layout, config plotly's, which override the shared ones
 */
export function plotlyFigure(data: readonly object[], layout: object, config: object = {}): PlotlyFigure {
  const font = { family: FONT, size: 12, color: 'var(--ink)' }
  return withColors({
    data,
    layout: {
      paper_bgcolor: 'rgba(0, 0, 0, 0)',
      plot_bgcolor: 'rgba(0, 0, 0, 0)',
      font,
      hoverlabel: { bgcolor: 'var(--surface)', bordercolor: 'var(--border)', font },
      hovermode: 'closest',
      showlegend: false,
      ...layout,
    },
    config: { displayModeBar: false, responsive: true, showTips: false, ...config },
  })
}

function withColors<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_, item) => {
    const name = typeof item === 'string' && /^var\((--[\w-]+)\)$/.exec(item)
    return name ? pageColor(name[1]!) : item
  })
}
