import type { Payload } from '../../src/report/payload.ts'

/** The page without the libraries and the data. */
export function markupOf(html: string): string {
  return html.replace(/(<script[^>]*>)[\s\S]*?(<\/script>)/g, '$1$2')
}

/** What the page's script reads. */
export function payloadOf(html: string): Payload {
  const [, json] = /<script[^>]*id="payload">([\s\S]*?)<\/script>/.exec(html)!
  return JSON.parse(json!) as Payload
}
