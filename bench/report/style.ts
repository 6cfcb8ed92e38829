/** The style sheet of the report. It needs no other file, and follows the reader's light or dark mode. */

/** The colour of each contestant, the same in all plots. Isopod's styles share a hue. */
const COLOURS: Readonly<Record<string, readonly [light: string, dark: string]>> = {
  "isopod-handler": ["#4b3bb8", "#9a8cff"],
  "isopod-process": ["#7a6be0", "#c0b6ff"],
  "isopod-jspi": ["#b3abec", "#6f63c9"],
  erlang: ["#b3153f", "#ff7a9c"],
  go: ["#0b7f95", "#4fd1e8"],
  rust: ["#c2570c", "#ffa25e"],
  nact: ["#4d7c0f", "#a6d854"],
  "empty-mailbox": ["#6b7280", "#9ca3af"],
  memcpy: ["#6b7280", "#9ca3af"],
};

const colours = (which: 0 | 1) =>
  Object.entries(COLOURS)
    .map(([name, pair]) => `.k-${name}{--k:${pair[which]}}`)
    .join("\n");

export const STYLE = `
:root { color-scheme: light dark; --ground: #fff; --ink: #1c1d22; --soft: #5f6470; --rule: #e2e4ea; --panel: #f6f7f9; --good: #157347; --bad: #b3261e; --k: #888 }
${colours(0)}
@media (prefers-color-scheme: dark) {
:root { --ground: #131418; --ink: #e8e9ee; --soft: #a0a5b2; --rule: #2e3139; --panel: #1b1d23; --good: #5fd39a; --bad: #ff8a80 }
${colours(1)}
}
* { box-sizing: border-box }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; color: var(--ink); background: var(--ground) }
h1 { font-size: 1.9rem; margin: 0 }
h2 { font-size: 1.35rem; margin: 3rem 0 .5rem; border-top: 1px solid var(--rule); padding-top: 1.25rem }
h3 { font-size: 1rem; margin: 0 0 .15rem }
p { margin: .4rem 0; max-width: 60rem }
.soft { color: var(--soft) }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: .75rem; margin: 1.25rem 0 }
dl div, .card, .failed { background: var(--panel); border-radius: 8px; padding: .7rem .9rem }
dt { color: var(--soft); font-size: .8rem } dd { margin: 0 }
.grid2 { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(27rem, 100%), 1fr)); gap: 1rem; margin: 1rem 0 }
.whole { grid-column: 1 / -1 }
.card td, .card th { padding-right: .7rem }
.failed { border-left: 4px solid var(--bad); margin: 1rem 0 }
.wide { overflow-x: auto }
table { border-collapse: collapse; margin: .6rem 0; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .25rem .9rem .25rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; white-space: nowrap }
td.text { white-space: normal; min-width: 12rem }
th { font-weight: 600; color: var(--soft); font-size: .85rem }
details { margin-top: .4rem } summary { cursor: pointer; color: var(--soft); font-size: .85rem }
.pill { border-radius: 99px; padding: .05rem .6rem; font-size: .8rem; border: 1px solid currentColor; color: var(--soft) }
.reached { color: var(--good) } .missed { color: var(--bad) }
.legend span { display: inline-block; margin: 0 1rem .3rem 0; font-size: .85rem }
.legend i { display: inline-block; width: .75rem; height: .75rem; border-radius: 3px; margin-right: .4rem; background: var(--k); vertical-align: -1px }
svg { width: 100%; height: auto; margin: .5rem 0; display: block; font: 13px system-ui, sans-serif; fill: var(--ink) }
svg .axis { fill: var(--soft); font-size: 12px } svg .group { font-weight: 600 } svg .figure { font-variant-numeric: tabular-nums }
svg .grid { stroke: var(--rule); fill: none } svg .even { stroke: var(--soft); fill: none; stroke-dasharray: 4 3 }
svg .bar, svg .dot { fill: var(--k) } svg .line { stroke: var(--k); stroke-width: 2; fill: none } svg .name { fill: var(--k); font-weight: 600 }
svg .range { stroke: var(--ink); stroke-width: 1.5; opacity: .55 } svg .cut { stroke: var(--ground); stroke-width: 3; fill: none }
`;
