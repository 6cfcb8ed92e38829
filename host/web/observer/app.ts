/**
 * The observer's page: it asks the server once a second and shows the answers. The first file of
 * `web/observer/`.
 *
 * Guarantee: no text of a guest becomes markup. This folder imports `web/page/`, wire/, and types
 * of host/index.ts.
 */

import { byId, el, setAttribute, setText } from "../page/dom.ts";
import { count, duration } from "../page/text.ts";
import { actorColumns } from "./actors.ts";
import { ask, Refused, takeToken, tokenIn, useToken } from "./api.ts";
import { Drawer } from "./drawer.ts";
import { EndList, EventList } from "./ends.ts";
import { Followed } from "./followed.ts";
import { MessageList } from "./messages.ts";
import { Pager } from "./pager.ts";
import { Plots } from "./plots.ts";
import { type ActorPage, type ActorRow, eventFilters, type Overview, type Sample } from "./protocol.ts";
import { VirtualTable } from "./table.ts";
import { Totals } from "./totals.ts";
import { TreeList } from "./tree.ts";

const EVERY_MS = 1000;

/** The content of a tab. */
interface List {
  refresh(): Promise<void>;
  select?(pid: string): void;
  /** Of the tree. */
  closeAll?(): void;
  leave?(): void;
}

const main = document.querySelector("main") as HTMLElement;
const host = byId("list");
const filter = byId("filter") as HTMLInputElement;
const closeAll = byId("close-all");
const kind = byId("kind", HTMLSelectElement);
const form = byId("token") as HTMLFormElement;
const status = byId("status");
const pause = byId("pause");

let sort = "pid";
let descending = false;
let hasReductions = false;
let isPaused = false;
let lastSample: Sample | undefined;
let list: List;
let round: NodeJS.Timeout | number | undefined;

const plots = new Plots(byId("rates"), byId("delays"));
const totals = new Totals(byId("totals"));
const followed = new Followed(
  () => {
    tell("");
    showFollowed();
    refresh();
    drawer.refresh();
  },
  why => tell(why),
);
const drawer = new Drawer(byId("drawer"), followed, pid => list.select?.(pid));

const pager = new Pager(byId("pages"), () => {
  host.scrollTop = 0;
  refresh();
});

const makers: Readonly<Record<string, () => List>> = {
  actors: actorList,
  tree: () => new TreeList(host, () => filter.value, drawer.open),
  ends() {
    const ends = new EndList(host, drawer.open);
    return { refresh: () => ends.refresh(filter.value) };
  },
  events() {
    const events = new EventList(host, drawer.open);
    return { refresh: () => events.refresh(filter.value, kind.value) };
  },
  messages() {
    const messages = new MessageList(host, followed, drawer.open);
    return { refresh: () => messages.refresh(filter.value) };
  },
};

function actorList(): List {
  const table = new VirtualTable<ActorRow>(host, {
    columns: actorColumns(hasReductions, followed.column),
    empty: "No actor is alive, or none matches.",
    async load(from, rows) {
      const { at } = pager;
      const parameters = { at, from, count: rows, filter: filter.value, sort, descending: descending ? 1 : 0 };
      const page = await ask<ActorPage>("actors", parameters);
      if (list !== table) return page;
      if (at === pager.at) pager.show(page, sort === "pid" && !descending);
      if (page.hasReductions !== hasReductions) {
        hasReductions = page.hasReductions;
        // The table needs other columns now.
        queueMicrotask(() => show("actors"));
      }
      return page;
    },
    open: drawer.open,
    sort(key) {
      // Numbers begin with the greatest, because people look for those.
      descending = key === sort ? !descending : !["pid", "name", "module", "state"].includes(key);
      sort = key;
      table.showSort(sort, descending);
      toTop();
    },
  });
  table.showSort(sort, descending);
  return table;
}

function show(tab: string): void {
  for (const other of document.querySelectorAll<HTMLElement>("[role=tab]")) {
    setAttribute(other, "aria-selected", String(other.dataset.tab === tab));
  }
  kind.hidden = tab !== "events";
  closeAll.hidden = tab !== "tree";
  list?.leave?.();
  host.replaceChildren();
  pager.hide();
  list = makers[tab]();
  toTop();
}

/** Begins with the first page. */
function toTop(): void {
  pager.at = "";
  host.scrollTop = 0;
  refresh();
}

/** Refreshes now instead of in the next round. The round reports a server that does not answer. */
function refresh(): void {
  list.refresh().catch(() => {});
}

function setCount(tab: string, text: string): void {
  const span = document.querySelector(`[data-tab=${tab}] span`);
  if (span !== null) setText(span, text);
}

function showFollowed(): void {
  setCount("messages", followed.size > 0 ? count(followed.size) : "");
}

/** Says why a request of the reader was refused, until the next one. */
function tell(why: string): void {
  const note = byId("note");
  note.hidden = why === "";
  setText(note, why);
}

function showCounts({ actors, crashes, followed: pids }: Overview): void {
  setCount("actors", count(actors));
  setCount("ends", crashes > 0 ? count(crashes) : "");
  followed.know(pids);
  showFollowed();
  const tab = document.querySelector("[data-tab=ends]");
  if (tab !== null) setAttribute(tab, "data-alarm", String(crashes > 0));
}

async function look(): Promise<void> {
  const now = await ask<Overview>("overview", { after: lastSample?.index ?? 0 });
  // Between two samples, the last one stays.
  lastSample = now.samples.at(-1) ?? lastSample;
  totals.show(now, lastSample);
  showCounts(now);
  if (now.samples.length > 0) plots.add(now.samples);
  setText(byId("process"), now.process);
  await list.refresh();
  say("live", `live, for ${duration(now.observedMs)}`);
}

function say(state: string, text: string): void {
  setAttribute(status, "data-state", state);
  setText(status, text);
}

async function go(): Promise<void> {
  clearTimeout(round);
  const beganMs = performance.now();
  try {
    if (!isPaused && !document.hidden) await look();
  } catch (error) {
    if (error instanceof Refused) {
      askForToken(error.message);
      return;
    }
    say("lost", "the runtime does not answer");
  }
  clearTimeout(round);
  round = setTimeout(go, Math.max(100, EVERY_MS - (performance.now() - beganMs)));
}

function askForToken(why: string): void {
  say("waiting", "no token");
  main.hidden = true;
  form.hidden = false;
  setText(byId("token-error"), why);
}

function begin(): void {
  form.hidden = true;
  main.hidden = false;
  show("actors");
  void go();
}

for (const tab of document.querySelectorAll<HTMLElement>("[role=tab]")) {
  tab.addEventListener("click", () => show(tab.dataset.tab ?? "actors"));
}
filter.addEventListener("input", toTop);
kind.append(...Object.keys(eventFilters).map(name => el("option", {}, name)));
kind.addEventListener("input", toTop);
closeAll.addEventListener("click", () => list.closeAll?.());
pause.addEventListener("click", () => {
  isPaused = !isPaused;
  setAttribute(pause, "aria-pressed", String(isPaused));
  setText(pause, isPaused ? "Resume" : "Pause");
  if (isPaused) say("waiting", "paused");
  else void go();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && form.hidden) void go();
});
form.addEventListener("submit", event => {
  event.preventDefault();
  const token = tokenIn(String(new FormData(form).get("token")));
  if (token === undefined) {
    setText(byId("token-error"), "That holds no token: copy what follows #token= in the address.");
    return;
  }
  useToken(token);
  begin();
});
addEventListener("hashchange", () => {
  if (takeToken()) begin();
});

if (takeToken()) begin();
else askForToken("");
