import { html, type Markup } from './html.ts'

/** What stands on the page of `hoplite serve` before its programs fill it. */
export interface LivePage {
  readonly title: string
  readonly hopliteVersion: string
  /** Of the box, for those who cannot see it. */
  readonly description: string
  readonly speciesLabel: string
  /** K; the recipe's own is `temperature_K`, null where it has none to choose. */
  readonly temperatures_K: readonly number[]
  readonly temperature_K: number | null
  readonly backends: readonly { readonly name: string; readonly label: string }[]
  readonly seed: number
  /** Symbols that occur besides the followed species, for the key. */
  readonly elements: readonly string[]
  /** Computes the same without a browser. */
  readonly command: string
}

/** The page as one HTML document; its programs come from the same address. */
export function livePage(page: LivePage): string {
  const { title, hopliteVersion, description, temperatures_K, temperature_K, backends, seed } = page
  const card = (name: string, id: string, aside: string): Markup =>
    html`<div class="card"><h2>${name}</h2><div class="body"><div class="value" id="${id}">–</div></div><div class="foot"><span class="aside" id="${aside}"></span></div></div>`
  return html`<!doctype html>
<html lang="en" data-state="loading">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}, live – hoplite</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="page.css">
<script defer src="plotly.js"></script>
<script defer src="page.js"></script>
</head>
<body>
<header><div class="masthead"><strong>hoplite</strong><span>${title}, live in this browser</span></div></header>
<main>
<h1 class="answer" id="sentence" aria-live="off">Getting ready.</h1>
<noscript><p class="alarm">This page computes, and needs JavaScript to do so.</p></noscript>
<p class="alarm" id="alarm" role="alert" hidden></p>
<div class="bar">
<div class="pills" role="group" aria-label="Run"><button type="button" id="pause">Pause</button><button type="button" id="restart">Restart</button></div>
${
  temperature_K !== null &&
  html`<div class="pills" role="group" aria-label="Temperature">${temperatures_K.map(
    value =>
      html`<button type="button" data-temperature="${value}" aria-pressed="${value === temperature_K ? 'true' : 'false'}">${value} K</button>`,
  )}</div>`
}
<label>Computed on <select id="backend">${backends.map(
    ({ name, label }) => html`<option value="${name}">${label}</option>`,
  )}</select></label>
<label>Seed <input id="seed" type="number" min="0" step="1" value="${seed}"></label>
</div>
<div class="live">
<div class="box"><div class="scene" id="scene" role="img" tabindex="0" aria-label="${description}"></div>
<ul class="key elements"><li class="species"><span class="chip"></span>${page.speciesLabel}</li>${page.elements.map(
    element => html`<li class="element-${element}"><span class="chip"></span>${element}</li>`,
  )}</ul>
<p class="note"><span>${description}</span><span class="hint">Drag to turn; arrow keys turn, + and − zoom.</span></p></div>
<div class="plots">
<figure><figcaption><h3>Mean-squared displacement of ${page.speciesLabel}</h3></figcaption><div class="plot" id="msd" role="img" aria-label="Mean-squared displacement against lag, growing as the run goes on; its last value is in the sentence above."></div></figure>
<figure><figcaption><h3>Temperature</h3></figcaption><div class="plot" id="temperature" role="img" aria-label="Temperature against time; its mean is in a card below."></div></figure>
</div>
</div>
<div class="cards">
${card('Simulated', 'time', 'stage')}${card('Speed', 'speed', 'rate')}${card('Temperature', 'kelvin', 'mean-kelvin')}
<div class="card"><h2>Computes</h2><div class="body"><div class="value words" id="running">–</div><p class="remarks" id="remarks" hidden></p></div><div class="foot"><span class="aside" id="adapter"></span></div></div>
</div>
<p class="repeat">At the recipe’s own temperature and seed this is the run of <code>${page.command}</code>: same stages, same random numbers, same analysis. The box was made for that temperature; at another one its density stays.</p>
</main>
<footer><span>hoplite ${hopliteVersion}</span><span>Figures by plotly.js; GPU kernels by gpu.js</span></footer>
</body>
</html>
`.markup
}
