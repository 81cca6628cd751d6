const nonce = /** @type {HTMLScriptElement} */ (document.currentScript).nonce

/** @param {string} id */
export function byId(id) {
  const element = document.getElementById(id)
  if (!element) throw new Error(`the page has no element "${id}"`)
  return element
}

/**
 * Runs a library that lies in the page as plain text.
 * @param {string} id
 */
export function runInertScript(id) {
  const script = document.createElement('script')
  script.nonce = nonce
  script.textContent = byId(id).textContent
  document.head.append(script)
}

/**
 * Lets libraries style what they draw under the page's policy: style elements get the nonce, style attributes are set
 * through the style object. Only `nonce` itself opens the policy, so nothing else gains by it.
 */
export function allowLibraryStyles() {
  const createElement = document.createElement.bind(document)
  document.createElement = /** @type {typeof document.createElement} */ (
    (/** @type {string} */ name, /** @type {ElementCreationOptions | undefined} */ options) => {
      const element = createElement(name, options)
      if (name === 'style') element.nonce = nonce
      return element
    }
  )
  const { setAttribute } = Element.prototype
  Element.prototype.setAttribute = /** @type {typeof setAttribute} */ (
    function (name, value) {
      const styled = name === 'style' && (this instanceof HTMLElement || this instanceof SVGElement)
      if (styled) this.style.cssText = value
      else setAttribute.call(this, name, value)
    }
  )
}

/** @param {string} name a custom property such as "--ink" */
export function pageColor(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}

/**
 * Runs `work` while the page has its light colours, as on paper.
 * @template T
 * @param {() => T} work
 */
export function inLight(work) {
  const { classList } = document.documentElement
  const already = classList.contains('light')
  classList.add('light')
  try {
    return work()
  } finally {
    if (!already) classList.remove('light')
  }
}

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', Arial, sans-serif"

/** What all plots ask of plotly. */
export const PLOT_CONFIG = { displayModeBar: false, responsive: true, showTips: false }

/**
 * The look that all plots share.
 * @param {object} layout plotly's, which goes before
 */
export const plotLayout = layout => ({
  paper_bgcolor: 'rgba(0, 0, 0, 0)',
  plot_bgcolor: 'rgba(0, 0, 0, 0)',
  font: { family: FONT, size: 12, color: 'var(--ink)' },
  hoverlabel: {
    bgcolor: 'var(--surface)',
    bordercolor: 'var(--border)',
    font: { family: FONT, size: 12, color: 'var(--ink)' },
  },
  hovermode: 'closest',
  showlegend: false,
  ...layout,
})

/**
 * A copy in which every "var(--name)" is the page's colour of that name.
 * @template T
 * @param {T} value
 * @returns {T}
 */
export function withColors(value) {
  return JSON.parse(JSON.stringify(value), (_, item) => {
    const name = typeof item === 'string' && /^var\((--[\w-]+)\)$/.exec(item)
    return name ? pageColor(name[1] ?? '') : item
  })
}
