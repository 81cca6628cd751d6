/** Told apart by lightness too, for those who do not see red and green; other elements are drawn as the host is. */
const ELEMENT_COLORS = {
  H: '#d5d9dd',
  Li: '#b894d6',
  C: '#7b838c',
  N: '#3f6fc4',
  O: '#c8443c',
  F: '#5fae8b',
  Al: '#b9a88f',
  S: '#d9a400',
  Mn: '#a0764f',
  Co: '#4f6fa8',
  Ni: '#79aeb0',
}

/**
 * The page's style sheet. Colours are custom properties: figures read them too. `.light` on the root forces the light
 * set, for paper and for exported figures.
 */
const LIGHT = `
  --page: #f7f7f5; --surface: #ffffff; --ink: #16191d; --muted: #59626e; --border: #e2e3e0; --grid: #ecedeb;
  --axis: #b4b9bf; --band: rgba(110, 118, 128, 0.2); --window: rgba(110, 118, 128, 0.1); --null: #9aa0a6;
  --veil: rgba(255, 255, 255, 0.82); --link: #0b5a94; --focus: #0072b2; --good: #00745a; --bad: #b3261e;
  --bad-surface: #fdf1ef; --button: #f3f3f0; --code: #f3f3f0;
  --ramp-1: #bfe3d8; --ramp-2: #4fb296; --ramp-3: #00624b; --on-ramp-1: #16191d; --on-ramp-2: #0b0f0d;
  --on-ramp-3: #ffffff; --scene: #fbfbfa; --scene-host: #aab1b9; --scene-cell: #8b929a;
  color-scheme: light;`

const DARK = `
  --page: #0f1215; --surface: #171b20; --ink: #e9ebee; --muted: #a0a9b4; --border: #2a3037; --grid: #232930;
  --axis: #59626e; --band: rgba(160, 169, 180, 0.22); --window: rgba(160, 169, 180, 0.1); --null: #7d858e;
  --veil: rgba(23, 27, 32, 0.82); --link: #7cc0f0; --focus: #56b4e9; --good: #4cc9a4; --bad: #ff8a7a;
  --bad-surface: #2b1b1a; --button: #20262c; --code: #11151a;
  --ramp-1: #1d4a3e; --ramp-2: #2f8f75; --ramp-3: #a5e3d0; --on-ramp-1: #e9ebee; --on-ramp-2: #ffffff;
  --on-ramp-3: #10211c; --scene: #14181c; --scene-host: #6d757e; --scene-cell: #6b737c;
  color-scheme: dark;`

const RULES = `
*, *::before, *::after { box-sizing: border-box }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-behavior: smooth }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', Arial, sans-serif;
  font-variant-numeric: tabular-nums;
}
main, header, footer { max-width: 1160px; margin: 0 auto; padding: 0 32px }
a { color: var(--link); text-underline-offset: 2px; text-decoration-thickness: 1px }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 4px }
code, pre, .hash { font-family: ui-monospace, 'SF Mono', Menlo, Consolas, 'Liberation Mono', monospace; font-size: 0.86em }

.masthead { display: flex; gap: 8px 20px; align-items: baseline; flex-wrap: wrap; padding-top: 28px; color: var(--muted); font-size: 0.875rem }
.masthead strong { color: var(--ink); font-weight: 650; letter-spacing: -0.01em; font-size: 1rem }
.masthead time { margin-left: auto }
.answer { font-size: clamp(1.3rem, 0.95rem + 1.25vw, 1.8rem); line-height: 1.38; font-weight: 500; letter-spacing: -0.012em; max-width: 36em; margin: 36px 0 32px; text-wrap: pretty }

.cards { display: flex; flex-wrap: wrap; gap: 16px }
.card { background: var(--surface); border: 1px solid var(--border); border-radius: 12px; padding: 18px 20px 16px; display: flex; flex-direction: column; flex: 1 1 min(240px, 100%); min-width: 0 }
.card h2 { all: unset; display: block; color: var(--muted); font-size: 0.875rem; line-height: 1.35 }
.card .body { margin: 10px 0 14px }
.card .value { font-size: 1.75rem; line-height: 1.15; font-weight: 600; letter-spacing: -0.02em; white-space: nowrap }
.card .pair { display: grid; gap: 8px }
.card .pair .value { font-size: 1.25rem }
.card .row { display: grid; grid-template-columns: 1fr auto; gap: 0 12px; align-items: baseline }
.card .row .name { overflow-wrap: anywhere }
.card .row .interval { grid-column: 1 / -1; text-align: right }
.card .unit { font-size: 0.9375rem; font-weight: 450; color: var(--muted); letter-spacing: 0 }
.card .interval, .card .aside { font-size: 0.875rem; color: var(--muted) }
.card .foot { margin-top: auto; display: flex; gap: 10px; align-items: center; justify-content: space-between; flex-wrap: wrap }
.card .foot .aside { font-size: 0.8125rem }
.tag { display: inline-block; font-size: 0.75rem; line-height: 1; padding: 5px 9px; border-radius: 99px; border: 1px solid var(--border); color: var(--muted); white-space: nowrap }
.tag-calibrated { border-style: dashed; border-color: var(--muted) }
.tag-chosen { border-style: dotted; border-color: var(--muted) }
.swatch { display: inline-block; width: 0.7em; height: 0.7em; border-radius: 50%; background: var(--system); margin-right: 0.5em }
.alarm { margin: 16px 0 0; padding: 12px 18px; border: 1px solid var(--bad); border-radius: 12px; background: var(--bad-surface); font-size: 0.9375rem }
.alarm strong { color: var(--bad); font-weight: 600 }

nav { margin: 28px 0 0; padding: 0; font-size: 0.875rem; border-top: 1px solid var(--border) }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 24px; margin: 0; padding: 14px 0 0 }
nav a { color: var(--muted); text-decoration: none }
nav a:hover { color: var(--ink); text-decoration: underline }

section { margin-top: 64px; scroll-margin-top: 16px }
section > h2 { font-size: 1.375rem; line-height: 1.25; letter-spacing: -0.015em; font-weight: 620; margin: 0 }
section > .lead { color: var(--muted); margin: 6px 0 0; max-width: 46em }
.key { display: flex; flex-wrap: wrap; gap: 4px 20px; font-size: 0.875rem; color: var(--muted); list-style: none; padding: 0; margin: 14px 0 0 }
.line { display: inline-block; width: 22px; border-top: 3px solid var(--system, var(--muted)); vertical-align: 0.24em; margin-right: 8px }
.line-thin { border-top-width: 1px } .line-dashed { border-top: 2px dashed var(--ink) }
.line-null { border-top-color: var(--null) }
.line-band { border-top: 10px solid var(--band); vertical-align: 0.04em }

.figures { display: flex; flex-wrap: wrap; gap: 16px; margin-top: 16px }
.figures > figure { flex: 1 1 min(440px, 100%) }
.small > figure { flex-basis: min(300px, 100%) }
figure { margin: 0; background: var(--surface); border: 1px solid var(--border); border-radius: 12px; padding: 14px 16px 12px; min-width: 0; break-inside: avoid }
figcaption { display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: center; justify-content: space-between; min-height: 30px }
figcaption h3 { font-size: 0.9375rem; font-weight: 600; margin: 0 }
.plot { height: 400px; width: 100% }
.tall .plot { height: 540px }
.medium .plot { height: 300px }
.small .plot { height: 264px }
figure > .key { margin: 2px 0 4px }
figure > .key + .plot { height: 272px }
.note { color: var(--muted); font-size: 0.875rem }

button { font: inherit; font-size: 0.8125rem; line-height: 1.2; color: var(--muted); background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 5px 8px; cursor: pointer }
button:hover { color: var(--ink); background: var(--button) }
figcaption .tools { display: flex; gap: 2px; margin-right: -8px }
.actions { display: flex; flex-wrap: wrap; gap: 8px; margin: 10px 0 0 }
.actions button, .pills button { border-color: var(--border); background: var(--surface); color: var(--ink); padding: 8px 13px; border-radius: 8px }
.actions button:hover, .pills button:hover { background: var(--button) }
.pills { display: flex; flex-wrap: wrap; gap: 8px }
.pills button { border-radius: 99px }
.pills button[aria-pressed='true'] { background: var(--button) }
.pills button[aria-pressed='false'] { color: var(--muted); background: transparent }
.chip { display: inline-block; width: 10px; height: 10px; border-radius: 50%; margin-right: 7px; background: var(--chip) }
.pills button[aria-pressed='false'] .chip { background: transparent; box-shadow: inset 0 0 0 1.5px var(--chip) }

.table { overflow-x: auto; margin-top: 16px; background: var(--surface); border: 1px solid var(--border); border-radius: 12px }
.group th { padding-top: 18px; font-weight: 600 } .group .aside { font-weight: 400 }
table { border-collapse: collapse; width: 100%; font-size: 0.9063rem }
caption { text-align: left; padding: 14px 18px 4px; font-weight: 600; font-size: 0.9375rem }
caption .aside { font-weight: 400; font-size: 0.8125rem; color: var(--muted); margin-left: 6px }
th, td { text-align: left; padding: 10px 18px; border-top: 1px solid var(--border); vertical-align: top }
thead th, thead td { border-top: 0; color: var(--muted); font-weight: 500; white-space: nowrap }
tbody tr:first-child > * { border-top-color: var(--border) }
tbody th { font-weight: 500 }
td small, th small, td .aside { display: block; color: var(--muted); font-size: 0.8125rem }
.axis small { display: inline; margin-left: 8px }

.checks { list-style: none; margin: 16px 0 0; padding: 0; background: var(--surface); border: 1px solid var(--border); border-radius: 12px }
.checks li { display: grid; grid-template-columns: 28px minmax(8em, 15em) 1fr; gap: 4px 12px; padding: 11px 18px; border-top: 1px solid var(--border); align-items: baseline }
.checks li:first-child { border-top: 0 }
.checks .mark { font-weight: 700; font-size: 1.0625rem; line-height: 1 }
.checks strong { font-weight: 560 }
.checks .detail { color: var(--muted) }
.passed .mark { color: var(--good) } .failed .mark, .failed strong { color: var(--bad) } .untested .mark { color: var(--muted) }
.failed { background: var(--bad-surface) }
.checks li:first-child { border-radius: 12px 12px 0 0 } .checks li:last-child { border-radius: 0 0 12px 12px }

.box { background: var(--surface); border: 1px solid var(--border); border-radius: 12px; margin-top: 18px; overflow: hidden }
.box .controls { display: flex; flex-wrap: wrap; gap: 10px 24px; padding: 14px 16px; justify-content: space-between }
.scene { position: relative; height: min(620px, 78vh); background: var(--scene); border-top: 1px solid var(--border); border-bottom: 1px solid var(--border); touch-action: pan-y }
.scene:focus-visible { outline-offset: -3px }
.scene .wait { position: absolute; inset: 0; display: grid; place-items: center; color: var(--muted); padding: 24px; text-align: center }
.scene .wait button { border-color: var(--border); background: var(--surface); color: var(--ink); padding: 10px 18px; border-radius: 99px }
.box .note { margin: 0; padding: 10px 16px 12px; display: flex; flex-wrap: wrap; gap: 2px 24px; justify-content: space-between }

.player { display: grid; grid-template-columns: auto 1fr minmax(11em, auto); gap: 4px 18px; align-items: center; padding: 12px 16px 8px }
.player button { width: 44px; height: 44px; padding: 0; font-size: 1.0625rem; color: var(--ink); border-color: var(--border); border-radius: 50%; background: var(--surface) }
.player button:hover { background: var(--button) }
.track { min-width: 0 }
.track svg { display: block; width: 100%; height: 64px; overflow: visible }
.track input { display: block; width: 100%; height: 20px; margin: 2px 0 0; appearance: none; background: linear-gradient(var(--axis), var(--axis)) center / 100% 3px no-repeat }
.track input::-webkit-slider-thumb { appearance: none; width: 16px; height: 16px; border-radius: 50%; background: var(--ink); border: 2px solid var(--surface); cursor: grab }
.track input::-moz-range-thumb { width: 12px; height: 12px; border-radius: 50%; background: var(--ink); border: 2px solid var(--surface); cursor: grab }
.profile-line { fill: none; stroke: var(--scene-ion); stroke-width: 2 }
.profile-image { fill: var(--scene-ion) } .profile-saddle { fill: var(--surface); stroke: var(--scene-ion); stroke-width: 2 }
.profile-now { fill: var(--ink); stroke: var(--surface); stroke-width: 2 } .profile-floor { stroke: var(--grid) }
.player output { font-size: 0.9063rem; line-height: 1.35 } .player output small { display: block; color: var(--muted) }
.elements { padding: 0 16px 12px; margin: 0 }
.mark-image { display: inline-block; width: 8px; height: 8px; border-radius: 50%; background: var(--muted); margin-right: 8px }
.mark-saddle { display: inline-block; width: 9px; height: 9px; transform: rotate(45deg); border: 2px solid var(--muted); margin-right: 9px }
.mark-whisker { display: inline-block; width: 20px; height: 9px; border: solid var(--ink); border-width: 0 1.5px; margin-right: 8px; background: linear-gradient(var(--ink), var(--ink)) center / 100% 1.5px no-repeat }
.good { color: var(--good); font-weight: 700 } .bad { color: var(--bad); font-weight: 600 }

dl { display: grid; grid-template-columns: max-content 1fr; gap: 8px 24px; margin: 16px 0 0; font-size: 0.9375rem }
dt { color: var(--muted) } dd { margin: 0; min-width: 0; overflow-wrap: anywhere }
pre { background: var(--code); border: 1px solid var(--border); border-radius: 10px; padding: 14px 18px; margin: 14px 0 0; overflow-x: auto; line-height: 1.5 }
pre.command { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--surface) }
details { margin-top: 12px } summary { cursor: pointer; font-size: 0.9375rem; padding: 4px 0 } summary:hover { color: var(--link) }
.sub { font-size: 1rem; font-weight: 600; margin: 32px 0 0 }
footer { margin-top: 72px; padding-top: 20px; padding-bottom: 40px; color: var(--muted); font-size: 0.8125rem; display: flex; flex-wrap: wrap; gap: 4px 24px }
.hash { color: var(--muted); overflow-wrap: anywhere }
.nowrap { white-space: nowrap }

@media (max-width: 640px) {
  main, header, footer { padding-left: 16px; padding-right: 16px }
  .answer { margin: 24px 0 22px } .masthead time { margin-left: 0 } .masthead { gap: 2px 14px }
  .cards, .figures { gap: 12px }
  section { margin-top: 48px }
  figure { padding: 12px 10px 8px } figcaption { padding: 0 4px } .plot { height: 340px }
  table { font-size: 0.8438rem } th, td { padding: 9px 10px } caption { padding: 12px 10px 4px } .nowrap { white-space: normal }
  .records thead { display: none } .records caption { display: block }
  .records table, .records tbody { display: block } .records tr { display: block; padding: 10px 0; border-top: 1px solid var(--border) }
  .records table > tbody:nth-child(2) > tr:first-child { border-top: 0 }
  .records th, .records td { display: block; border: 0; padding: 2px 14px } .records caption { padding: 12px 14px 4px }
  .records td { display: grid; grid-template-columns: 6em 1fr; gap: 0 12px } .records td::before { content: attr(data-label); color: var(--muted) }
  .dense tr { display: grid; grid-template-columns: repeat(3, 1fr); gap: 4px 0 } .dense th { grid-column: 1 / -1 }
  .dense td { display: block } .dense td::before { display: block; font-size: 0.75rem; line-height: 1.3 }
  .checks li { grid-template-columns: 22px 1fr; padding: 11px 14px } .checks .detail { grid-column: 2 }
  dl { grid-template-columns: 1fr; gap: 0 } dd { margin-bottom: 10px }
  .scene { height: 440px } .tall .plot { height: 500px }
  .player { grid-template-columns: auto 1fr; gap: 8px 14px; padding: 12px 14px 6px } .track { grid-row: 1; grid-column: 1 / -1 }
}
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto } }
@media print {
  body { font-size: 10pt; background: none }
  nav, .actions, .sub, figcaption .tools, .box .controls, .scene .wait, .box .hint, .player button, .track input, footer { display: none }
  main, header { max-width: none; padding: 0 } .masthead { padding-top: 0 }
  .answer { font-size: 15pt; max-width: none; margin: 14pt 0 }
  section { margin-top: 22pt } section > h2 { break-after: avoid }
  .card, .checks li, tr { break-inside: avoid } .card { flex-basis: 40% } .card .value { font-size: 16pt }
  .card, figure, .table, .checks, .box { border-color: #cccccc } .table { overflow: visible } .dense thead th { white-space: normal } .dense th, .dense td { padding: 7px 10px }
  .figures > figure { flex-basis: 45% } .small > figure { flex-basis: 30% } .plot { height: 320px }
  .small .plot { height: 220px } .scene { height: 460px } a { color: inherit }
}
`

/** @param colors one "#rrggbb" per system, in order: class `system-k` carries the k-th as --system */
export function styleSheet(colors: readonly string[]): string {
  return [
    `:root {${LIGHT}\n}`,
    `@media screen and (prefers-color-scheme: dark) { :root:not(.light) {${DARK}\n} }`,
    RULES,
    ...colors.map((color, k) => `.system-${k} { --system: ${color}; --chip: ${color} }`),
    '.chip-host { --chip: var(--scene-host) } .chip-double { --chip: #009e73 } .chip-anion { --chip: #d9a400 }',
    '.chip-cell { --chip: var(--scene-cell) } .chip-ion, .chip-path { --chip: var(--scene-ion) }',
    '.chip-trace, .element-hopping { --chip: var(--hopping) }',
    '.chip-frozen { --chip: var(--scene-cell) } .chip-adsorbate { --chip: var(--el-C) }',
    `:root { --hopping: #e69f00; ${Object.entries(ELEMENT_COLORS)
      .map(([symbol, color]) => `--el-${symbol}: ${color};`)
      .join(' ')} }`,
    ...Object.keys(ELEMENT_COLORS).map(symbol => `.element-${symbol} { --chip: var(--el-${symbol}) }`),
    '.chip-ramp-1 { --chip: var(--ramp-1) } .chip-ramp-2 { --chip: var(--ramp-2) } .chip-ramp-3 { --chip: var(--ramp-3) }',
  ].join('\n')
}
