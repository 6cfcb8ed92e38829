/** The columns of the list of actors. The tree has some of them. */
import { escapeControls } from "../../wire/escape-controls.ts";
import { el, setAttribute, setText } from "../page/dom.ts";
import { bytes, count, duration, percent, rate, residence, short } from "../page/text.ts";
import type { ActorRow, SortKey } from "./protocol.ts";
import type { Column } from "./table.ts";

export const state: Column<ActorRow> = {
  title: "State",
  about: "running, ready (in the run queue), parked (in a receive), idle (a host mailbox that no receive waits on)",
  widthPx: 168,
  narrowPx: 112,
  sort: "state",
  fill(cell, row) {
    cell.classList.add("state");
    setAttribute(cell, "data-state", row.state);
    const waits = row.waits === undefined ? "" : ` · ${row.waits}`;
    setAttribute(cell, "title", row.state + waits);
    if (cell.textContent === row.state + waits) return;
    cell.replaceChildren(row.state, el("span", { class: "medium" }, waits));
  },
};

/** The room that columns of numbers need. */
const roomOf: Readonly<Partial<Record<SortKey, "medium" | "wide">>> = {
  bytes: "wide",
  memory: "wide",
  image: "wide",
  links: "wide",
  age: "medium",
  reductions: "medium",
};

/** A column of numbers. A row without the number has an empty cell, and a 0 is quiet. */
function numbers(
  title: string,
  sort: SortKey,
  widthPx: number,
  value: (row: ActorRow) => number | undefined,
  text: (value: number) => string,
  about: string,
): Column<ActorRow> {
  const fill = (cell: HTMLTableCellElement, row: ActorRow) => {
    const number = value(row);
    setText(cell, number === undefined ? "" : text(number));
    cell.classList.toggle("quiet", number === 0);
    cell.classList.toggle("strong", sort === "items" && number !== 0);
  };
  return {
    title,
    about,
    widthPx,
    sort,
    isNumber: true,
    ...(roomOf[sort] && { room: roomOf[sort] }),
    fill,
  };
}

export const memory = numbers("Memory", "memory", 86, row => row.memory, bytes, "The guest’s linear memory");
const resident: Column<ActorRow> = {
  title: "Resident",
  about: "Whether it has an instance: yes, no, or pinned, if it keeps the one that it has",
  widthPx: 82,
  sort: "resident",
  room: "wide",
  fill(cell, row) {
    setText(cell, residence(row.resident, row.pinned));
    setAttribute(cell, "title", row.pinned ?? "");
    cell.classList.toggle("quiet", row.resident !== false);
  },
};
export const items = numbers("Mailbox", "items", 82, row => row.items, count, "Items in its mailbox");
export const age = numbers("Age", "age", 86, row => row.ageMs, duration, "Since it was spawned");
export const cpu = numbers(
  "CPU",
  "cpu",
  76,
  row => row.cpu,
  percent,
  "The share of the thread that its turns take, lately: an estimate",
);
const counted = "What it has computed since its spawn, if its module counts reductions";
const reductions = numbers("Reductions", "reductions", 106, row => row.reductions, short, counted);
const measures: readonly Column<ActorRow>[] = [
  items,
  numbers(
    "Items/s",
    "rate",
    82,
    row => row.rate,
    rate,
    "Items that came to its mailbox in a second, lately: messages, timers, signals",
  ),
  cpu,
  numbers("Bytes", "bytes", 84, row => row.bytes, bytes, "Payload bytes in its mailbox"),
  reductions,
  memory,
  resident,
  numbers("Image", "image", 82, row => row.image, bytes, "Its image, while it has no instance"),
  numbers("Links", "links", 66, row => row.links, count, "Actors that it is linked to"),
  age,
];
export const pid: Column<ActorRow> = {
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
  about: "Its module, and the entry that it runs or the language that it is written in",
  sort: "module",
  fill(cell, row) {
    setText(cell, moduleText(row));
    setAttribute(cell, "title", moduleText(row));
    cell.classList.toggle("quiet", row.module === undefined);
  },
};

const languages = { javascript: "JavaScript" } as const;

/** A script has no entries, so its language is shown. */
export function moduleText({ module, entry, language, kind }: ActorRow): string {
  const what = language === undefined ? entry : languages[language];
  if (module !== undefined) return escapeControls(what === undefined ? module : `${module} · ${what}`);
  return { guest: "", mailbox: "host mailbox", supervisor: "supervisor", calls: "runtime.call" }[kind];
}

/** The column of reductions appears only where an actor counts them. */
export function actorColumns(hasReductions: boolean, follow: Column<ActorRow>): Column<ActorRow>[] {
  const all = [follow, pid, name, module, state, ...measures];
  return hasReductions ? all : all.filter(column => column !== reductions);
}
