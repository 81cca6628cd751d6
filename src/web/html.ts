/** Text that is already HTML. */
export interface Markup {
  readonly markup: string
}

type Value = string | number | null | undefined | false | Markup | readonly Markup[]

/** Template tag: every interpolated value is escaped unless it is markup itself; null, undefined and false vanish. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return { markup: strings.map((text, k) => text + render(values[k] ?? null)).join('') }
}

function render(value: Value): string {
  if (value === null || value === undefined || value === false) return ''
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value))
  return 'markup' in value ? value.markup : value.map(part => part.markup).join('')
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => ENTITIES[character]!)
}

/** JSON that cannot end the script element that holds it. */
export function embedJson(value: unknown): string {
  return JSON.stringify(value).replace(/</g, '\\u003c')
}

/**
 * JavaScript that cannot end or reopen the script element that holds it: both sequences occur only inside strings
 * and regular expressions, where the backslash changes nothing.
 */
export function embedScript(source: string): string {
  return source.replace(/<(?=\/script|script)/gi, '\\x3c').replace(/<!--/g, '\\x3c!--')
}

/** Returns a link to a DOI. */
export function doiLink(doi: string, text = doi): Markup {
  return html`<a href="https://doi.org/${encodeURI(doi)}" rel="noreferrer">${text}</a>`
}
