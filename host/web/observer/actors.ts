/** The columns of the two lists of actors: the flat list, which can be sorted, and the tree. */
import { escapeControls } from "../../wire/escape-controls.ts";
import { el, setAttribute, setText } from "../page/dom.ts";
import { bytes, count, duration, short } from "../page/text.ts";
import type { ActorRow, TreeRow } from "./protocol.ts";
import type { Column } from "./table.ts";

const INDENT_PX = 18;
/** Deeper rows are not indented further. */
const DEEPEST = 24;

const state: Column<ActorRow> = {
  title: "State",
  about: "running, ready (in the run queue), parked (in a receive), idle (a host mailbox that no receive waits on)",
  widthPx: 168,
  sort: "state",
  fill(cell, row) {
    cell.classList.add("state");
    setAttribute(cell, "data-state", row.state);
    const text = row.waits === undefined ? row.state : `${row.state} · ${row.waits}`;
    setText(cell, text);
    setAttribute(cell, "title", text);
  },
};
const items: Column<ActorRow> = {
  title: "Mailbox",
  about: "Items in its mailbox",
  widthPx: 82,
  sort: "items",
  isNumber: true,
  fill(cell, row) {
    setText(cell, count(row.items));
    cell.classList.toggle("strong", row.items > 0);
    cell.classList.toggle("quiet", row.items === 0);
  },
};
const size: Column<ActorRow> = {
  title: "Bytes",
  about: "Payload bytes in its mailbox",
  widthPx: 84,
  sort: "bytes",
  isNumber: true,
  isMinor: true,
  fill(cell, row) {
    setText(cell, bytes(row.bytes));
    cell.classList.toggle("quiet", row.bytes === 0);
  },
};
const reductions: Column<ActorRow> = {
  title: "Reductions",
  about: "What it has computed since its spawn, if its module counts reductions",
  widthPx: 106,
  sort: "reductions",
  isNumber: true,
  fill: (cell, row) => setText(cell, row.reductions === undefined ? "" : short(row.reductions)),
};
const memory: Column<ActorRow> = {
  title: "Memory",
  about: "The guest’s linear memory",
  widthPx: 86,
  sort: "memory",
  isNumber: true,
  fill: (cell, row) => setText(cell, row.memory === undefined ? "" : bytes(row.memory)),
};
const links: Column<ActorRow> = {
  title: "Links",
  about: "Actors that it is linked to",
  widthPx: 66,
  sort: "links",
  isNumber: true,
  isMinor: true,
  fill(cell, row) {
    setText(cell, count(row.links));
    cell.classList.toggle("quiet", row.links === 0);
  },
};
const age: Column<ActorRow> = {
  title: "Age",
  about: "Since it was spawned",
  widthPx: 86,
  sort: "age",
  isNumber: true,
  fill: (cell, row) => setText(cell, duration(row.ageMs)),
};
const pid: Column<ActorRow> = {
  title: "Pid",
  about: "node.thread.slot.generation",
  widthPx: 150,
  sort: "pid",
  fill(cell, row) {
    cell.classList.add("mono");
    setText(cell, row.pid);
  },
};
const name: Column<ActorRow> = {
  title: "Name",
  about: "Its registered names",
  sort: "name",
  fill(cell, row) {
    setText(cell, escapeControls(row.name));
    cell.classList.add("strong");
  },
};
const module: Column<ActorRow> = {
  title: "Module",
  about: "Its module, and the entry that it runs",
  sort: "module",
  fill(cell, row) {
    setText(cell, moduleText(row));
    setAttribute(cell, "title", moduleText(row));
    cell.classList.toggle("quiet", row.module === undefined);
  },
};

export function moduleText({ module, entry, kind }: ActorRow): string {
  if (module !== undefined) return escapeControls(entry === undefined ? module : `${module} · ${entry}`);
  return { guest: "", mailbox: "host mailbox", supervisor: "supervisor", calls: "runtime.call" }[kind];
}

/** The column of reductions appears only where an actor counts them. */
export function actorColumns(hasReductions: boolean): Column<ActorRow>[] {
  const all = [pid, name, module, state, items, size, reductions, memory, links, age];
  return hasReductions ? all : all.filter(column => column !== reductions);
}

const place: Column<TreeRow> = {
  title: "Actor",
  about: "Supervisors with their children; guests with the actors that they have spawned",
  fill(cell, row) {
    const label = row.id ?? (row.name !== "" ? row.name : moduleText(row));
    const spare = [row.name, row.module].filter(word => word !== undefined && word !== "" && word !== label);
    const notes = [row.strategy, ...spare].filter(word => word !== undefined).map(word => escapeControls(word));
    const text = `${escapeControls(label)}\n${notes.join(", ")}`;
    cell.style.paddingLeft = `${10 + INDENT_PX * Math.min(row.depth, DEEPEST)}px`;
    if (cell.dataset.text === text) return;
    cell.dataset.text = text;
    cell.replaceChildren(
      el("span", { class: "strong" }, escapeControls(label)),
      "  ",
      el("small", {}, notes.join(", ")),
    );
  },
};
const restarts: Column<TreeRow> = {
  title: "Restarts",
  about: "How often its supervisor has started it again, since the observer began",
  widthPx: 84,
  isNumber: true,
  fill(cell, row) {
    setText(cell, row.id === undefined ? "" : count(row.restarts));
    cell.classList.toggle("quiet", row.restarts === 0);
  },
};

/** These columns cannot be sorted, because the order is the tree's. */
export const treeColumns: readonly Column<TreeRow>[] = [
  place,
  pid,
  state,
  restarts,
  items,
  { ...memory, isMinor: true },
  age,
].map(column => {
  const { sort: _, ...rest } = column;
  return rest;
});
