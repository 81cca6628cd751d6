import type { Figure } from '../../src/web/figure.ts'
import type { Payload } from '../../src/web/payload.ts'

/** The page without the libraries and the data. */
export function markupOf(html: string): string {
  return html.replace(/(<script[^>]*>)[\s\S]*?(<\/script>)/g, '$1$2')
}

/** What the page's script reads, figures with their data. */
export function payloadOf(html: string): Omit<Payload, 'figures'> & { readonly figures: Figure[] } {
  const [, json] = /<script[^>]*id="payload">([\s\S]*?)<\/script>/.exec(html)!
  const payload = JSON.parse(json!) as Payload
  const figures = payload.figures.map(figure => ({
    ...figure,
    dataset: payload.datasets.find(({ id }) => id === figure.dataset)!,
  }))
  return { ...payload, figures }
}
