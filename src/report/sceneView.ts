import { html, type Markup } from '../web/html.ts'

interface Pill {
  /** What the page's script does, and to what. */
  readonly action: string
  readonly target: string
  readonly pressed: boolean
  readonly content: Markup
}

/** A group of buttons that are on or off. */
export function pills(label: string, buttons: readonly Pill[]): Markup {
  return html`<div class="pills" role="group" aria-label="${label}">${buttons.map(
    ({ action, target, pressed, content }) =>
      html`<button type="button" data-action="${action}" data-target="${target}" aria-pressed="${pressed ? 'true' : 'false'}">${content}</button>`,
  )}</div>`
}

/** The frame of a 3D view: it is drawn when the reader comes to it or asks for it. */
export function sceneView(view: {
  readonly controls: Markup
  readonly description: string
  readonly below?: Markup
}): Markup {
  const { controls, description, below } = view
  return html`<div class="box"><div class="controls">${controls}</div>
<div class="scene" id="scene" role="img" tabindex="0" aria-label="${description}"></div>
${below}<p class="note"><span id="scene-text">${description}</span><span class="hint">Drag to turn; arrow keys turn, + and − zoom.</span></p></div>`
}
