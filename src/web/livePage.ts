import { HOPLITE_VERSION } from '../version.ts'
import { html, type Markup } from './html.ts'

import { BACKEND_CHOICES, type BackendChoice, type LiveInput, temperatureOf } from './live/input.ts'

const BACKEND_LABELS: Readonly<Record<BackendChoice, string>> = {
  auto: 'the fastest there is',
  webgpu: 'WebGPU',
  webgl2: 'WebGL 2',
  webasm: 'WebAssembly, by gpu.js',
  simd: 'WebAssembly SIMD',
  reference: 'double precision',
}

const OTHER_TEMPERATURES_K = [300, 500, 700]

/**
 * Returns the page of `hoplite serve` as an HTML document; its programs come from the same address and fill it.
 * @param command runs the same recipe without a browser
 */
export function livePage(input: LiveInput, command: string): string {
  const { name: title, system, state, species, speciesLabel, groups, seed } = input
  const temperature_K = temperatureOf(input)
  const temperatures_K = [...new Set([...OTHER_TEMPERATURES_K, temperature_K ?? 300])].sort((a, b) => a - b)
  const ions = groups.filter(group => group === 'ion').length
  const edges = [0, 3, 6].map(k => Math.hypot(...state.box.matrix.subarray(k, k + 3)).toFixed(1)).join(' × ')
  const description = `${system.atomCount} atoms, ${ions} ${speciesLabel}, cell ${edges} Å.`
  const elements = [...new Set(system.elements)].filter(element => element !== species)
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
<label>Computed on <select id="backend">${BACKEND_CHOICES.map(
    name => html`<option value="${name}">${BACKEND_LABELS[name]}</option>`,
  )}</select></label>
<label>Seed <input id="seed" type="number" min="0" step="1" value="${seed}"></label>
</div>
<div class="live">
<div class="box"><div class="scene" id="scene" role="img" tabindex="0" aria-label="${description}"></div>
<ul class="key elements"><li class="species"><span class="chip"></span>${speciesLabel}</li>${elements.map(
    element => html`<li class="element-${element}"><span class="chip"></span>${element}</li>`,
  )}</ul>
<p class="note"><span>${description}</span><span class="hint">Drag to turn; arrow keys turn, + and − zoom.</span></p></div>
<div class="plots">
<figure><figcaption><h3>Mean-squared displacement of ${speciesLabel}</h3></figcaption><div class="plot" id="msd" role="img" aria-label="Mean-squared displacement against lag, growing as the run goes on; its last value is in the sentence above."></div></figure>
<figure><figcaption><h3>Temperature</h3></figcaption><div class="plot" id="temperature" role="img" aria-label="Temperature against time; its mean is in a card below."></div></figure>
</div>
</div>
<div class="cards">
${card('Simulated', 'time', 'stage')}${card('Speed', 'speed', 'rate')}${card('Temperature', 'kelvin', 'mean-kelvin')}
<div class="card"><h2>Computes</h2><div class="body"><div class="value words" id="running">–</div><p class="remarks" id="remarks" hidden></p></div><div class="foot"><span class="aside" id="adapter"></span></div></div>
</div>
<p class="repeat">At the recipe’s own temperature and seed this is the run of <code>${command}</code>: same stages, same random numbers, same analysis. The box was made for that temperature; at another one its density stays.</p>
</main>
<footer><span>hoplite ${HOPLITE_VERSION}</span><span>Figures by plotly.js; GPU kernels by gpu.js</span></footer>
</body>
</html>
`.markup
}
