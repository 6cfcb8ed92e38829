/** The style sheet of the report. It needs no other file, and follows the reader's light or dark mode. */

import { grounds, palette } from "./palette.ts";
import { classOf } from "./plot/svg.ts";

const colours = (scheme: "light" | "dark") =>
  Object.entries(palette)
    .map(([name, look]) => `.${classOf(name)}{--k:${look[scheme]}}`)
    .join("\n");

export const STYLE = `
:root { color-scheme: light dark; --ground: ${grounds.light.page}; --ink: #1c1d22; --soft: #5f6470; --rule: #e2e4ea; --panel: ${grounds.light.card}; --good: #157347; --bad: #b3261e; --k: #888 }
${colours("light")}
@media (prefers-color-scheme: dark) {
:root { --ground: ${grounds.dark.page}; --ink: #e8e9ee; --soft: #a0a5b2; --rule: #2e3139; --panel: ${grounds.dark.card}; --good: #5fd39a; --bad: #ff8a80 }
${colours("dark")}
}
* { box-sizing: border-box }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; color: var(--ink); background: var(--ground) }
h1 { font-size: 1.9rem; margin: 0 }
h2 { font-size: 1.35rem; margin: 3rem 0 .5rem; border-top: 1px solid var(--rule); padding-top: 1.25rem }
h3 { font-size: 1rem; margin: 0 0 .15rem }
p { margin: .4rem 0; max-width: 60rem }
.soft { color: var(--soft) }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: .75rem; margin: 1.25rem 0 }
dl div, .card, .failed { background: var(--panel); border-radius: 8px; padding: .7rem .9rem }
dt { color: var(--soft); font-size: .8rem } dd { margin: 0 }
.opening { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); gap: 1rem; margin: 1.25rem 0 }
.opening h2 { margin: 0; border: 0; padding: 0; font-size: 1.2rem }
.opening .soft { font-size: .85rem }
.grid2 { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(27rem, 100%), 1fr)); gap: 1rem; margin: 1rem 0 }
.whole { grid-column: 1 / -1 }
.card td, .card th { padding-right: .7rem }
.failed { border-left: 4px solid var(--bad); margin: 1rem 0 }
.wide { overflow-x: auto }
.phone { display: none }
table { border-collapse: collapse; margin: .6rem 0; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .25rem .9rem .25rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; white-space: nowrap }
td.text { white-space: normal; min-width: 12rem }
th { font-weight: 600; color: var(--soft); font-size: .85rem }
details { margin-top: .4rem } summary { cursor: pointer; color: var(--soft); font-size: .85rem }
.pill { border-radius: 99px; padding: .05rem .6rem; font-size: .8rem; border: 1px solid currentColor; color: var(--soft) }
.reached { color: var(--good) } .missed { color: var(--bad) }
.legend span { display: inline-block; margin: 0 1rem .3rem 0; font-size: .85rem }
.key { width: .8rem; height: .8rem; margin-right: .45rem; vertical-align: -1px }
.shape { fill: var(--k) }
.pairs { max-width: 56rem }
.bars { font-size: .875rem; margin: .6rem 0 }
.group { font-weight: 600; margin: .8rem 0 .2rem }
.row { display: flex; align-items: center; gap: .6rem; line-height: 1.6rem }
.who { flex: none; width: 10.2em; white-space: nowrap }
.track { flex: 1; min-width: 1.5rem; height: 1.1rem; position: relative }
.bar { display: block; height: 100%; min-width: 2px; border-radius: 2px; background: var(--k) }
.cut { background: linear-gradient(110deg, var(--k) calc(100% - 22px), var(--panel) calc(100% - 22px) calc(100% - 16px), var(--k) calc(100% - 16px)) }
.range { position: absolute; top: calc(50% - 1px); height: 2px; background: var(--ink); outline: 1px solid var(--panel) }
.figure, .times { flex: none; text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
.figure { min-width: 4.6em }
.times { min-width: 3.6em; color: var(--soft) }
@media (max-width: 30rem) { .bars { font-size: .78rem } .row { gap: .4rem } .opening .card { padding: .7rem } .screen { display: none } .phone { display: block } }
a { color: inherit }
.plot { width: 100%; height: auto; margin: .5rem 0; display: block; font: 13px system-ui, sans-serif; fill: var(--ink) }
svg .axis { fill: var(--soft); font-size: 12px } svg .group { font-weight: 600 } svg .figure { font-variant-numeric: tabular-nums }
svg .grid { stroke: var(--rule); fill: none } svg .even { stroke: var(--soft); fill: none; stroke-dasharray: 4 3 }
svg .line { stroke: var(--k); stroke-width: 2; fill: none } svg .name { font-weight: 600 } svg .small { font-size: 11px }
`;
