/**
 * The drawer: one actor with its mailbox, links and events. The reader can follow it, send to
 * it and kill it here.
 */
import { escapeControls } from "../../wire/escape-controls.ts";
import { button, el } from "../page/dom.ts";
import { bytes, count, duration, percent } from "../page/text.ts";
import type { TimePlot } from "../page/time-plot.ts";
import { moduleText } from "./actors.ts";
import { act, ask, inPath } from "./api.ts";
import { countOf, endNode, eventNode, itemNodes, pidLink } from "./ends.ts";
import type { Followed } from "./followed.ts";
import { messagesOf } from "./messages.ts";
import { depthPlot } from "./plots.ts";
import type { ActorDetail, ActorRef, EndedDetail } from "./protocol.ts";
import { SendBox } from "./send-box.ts";

const FOLLOW_MS = 250;
const LOOK_MS = 1000;

export class Drawer {
  readonly #host: HTMLElement;
  readonly #onChange: (pid: string) => void;
  readonly #followed: Followed;
  readonly #head = el("div", { class: "head" });
  readonly #send = new SendBox();
  readonly #body = el("div", { class: "body" });
  #pid = "";
  #isSure = false;
  #plot: { readonly figure: HTMLElement; readonly plot: TimePlot } | undefined;
  /** Counts the loops of `#goOn`; only the last one goes on. */
  #look = 0;

  /** @param onChange gets the pid of the actor that is shown, or "" for none */
  constructor(host: HTMLElement, followed: Followed, onChange: (pid: string) => void) {
    this.#host = host;
    this.#followed = followed;
    this.#onChange = onChange;
    host.append(this.#head, this.#send.element, this.#body);
    addEventListener("keydown", ({ key }) => {
      if (key === "Escape") this.close();
    });
  }

  readonly open = (pid: string): void => {
    this.#pid = pid;
    this.#isSure = false;
    this.#plot = undefined;
    this.#host.hidden = false;
    this.#body.scrollTop = 0;
    this.#send.choose(pid);
    this.#onChange(pid);
    void this.#goOn(++this.#look);
  };

  /** Looks at once: the reader follows the actor, or no longer. */
  refresh(): void {
    if (!this.#host.hidden) void this.#goOn(++this.#look);
  }

  close(): void {
    this.#look++;
    this.#pid = "";
    this.#host.hidden = true;
    this.#onChange("");
  }

  get #isFollowed(): boolean {
    return this.#followed.has(this.#pid);
  }

  /** Refreshes at intervals, until another loop begins. */
  async #goOn(look: number): Promise<void> {
    while (look === this.#look) {
      try {
        const detail = await ask<ActorDetail | EndedDetail>(`actors/${inPath(this.#pid)}`);
        if (look !== this.#look) return;
        this.#show(detail);
      } catch {
        // The page reports that the server does not answer. It may answer again.
      }
      await new Promise(resolve => setTimeout(resolve, this.#isFollowed ? FOLLOW_MS : LOOK_MS));
    }
  }

  #show(detail: ActorDetail | EndedDetail): void {
    if ("state" in detail) this.#showLive(detail);
    else this.#showEnded(detail);
  }

  #title(text: string, pid: string): HTMLElement {
    const close = button("Close", {}, () => this.close());
    return el("h2", {}, escapeControls(text), el("code", { class: "quiet" }, pid), close);
  }

  #showLive(actor: ActorDetail): void {
    // Buttons are replaced only when they change, so that none vanishes under the pointer.
    const state = `${actor.pid} ${actor.name} ${this.#isFollowed} ${this.#isSure}`;
    if (this.#head.dataset.state !== state) {
      this.#head.dataset.state = state;
      this.#head.replaceChildren(
        this.#title(actor.names[0] ?? moduleText(actor), actor.pid),
        this.#actions(actor.kind),
      );
    }
    this.#send.allow(actor.kind !== "calls");
    if (this.#isFollowed) this.#follow(actor.items);
    else this.#plot = undefined;
    const nodes = [
      this.#plot?.figure,
      facts(actor, this.open),
      ...messages(actor, this.open),
      ...mailbox(actor, this.open),
      ...events(actor, this.open),
    ];
    replaceUnlessSelected(
      this.#body,
      nodes.filter(node => node !== undefined),
    );
  }

  #actions(kind: ActorDetail["kind"]): HTMLElement {
    const follow = button(
      this.#isFollowed ? "Following" : "Follow",
      { "aria-pressed": String(this.#isFollowed) },
      () => void this.#followed.toggle(this.#pid).catch(() => {}),
    );
    follow.title =
      "Its messages are kept, which costs each of them about a microsecond. Its mailbox is looked at four times a second.";
    const kill = this.#isSure
      ? button("Yes, kill it", { class: "danger sure" }, () => this.#kill())
      : button("Kill", { class: "danger" }, () => this.#ask(true));
    const keep = button("No", {}, () => this.#ask(false));
    // The actor that receives the answers of `runtime.call` belongs to the runtime.
    const mayEnd = kind !== "calls";
    return el("div", { class: "actions" }, follow, mayEnd && kill, this.#isSure && keep);
  }

  #ask(isSure: boolean): void {
    this.#isSure = isSure;
    void this.#goOn(++this.#look);
  }

  #kill(): void {
    this.#isSure = false;
    void act(`actors/${inPath(this.#pid)}/kill`).finally(() => this.#goOn(++this.#look));
  }

  #follow(items: number): void {
    if (this.#plot === undefined) {
      const figure = el("figure", {}, el("figcaption", {}, "Mailbox"));
      this.#body.prepend(figure);
      this.#plot = { figure, plot: depthPlot(figure) };
    }
    this.#plot.plot.add(Date.now() / 1000, [items]);
    this.#plot.plot.show();
  }

  #showEnded({ pid, ended, successors, events: told }: EndedDetail): void {
    this.#head.dataset.state = pid;
    this.#send.allow(false);
    const name = ended === undefined ? "ended" : ((ended.name || ended.module) ?? "ended");
    this.#head.replaceChildren(this.#title(name, pid));
    const heirs = successors.map(heir => el("p", {}, "Its name now belongs to ", pidLink(heir, this.open)));
    const end = ended && el("ol", { class: "entries" }, endNode(ended, this.open));
    const gone = el(
      "p",
      { class: "notice" },
      `This actor has ended${ended === undefined ? "." : `: ${escapeControls(ended.kind)}`}`,
    );
    const nodes = [gone, ...heirs, end, ...events({ events: told }, this.open)];
    replaceUnlessSelected(
      this.#body,
      nodes.filter(node => node !== undefined),
    );
  }
}

function facts(actor: ActorDetail, open: (pid: string) => void): HTMLElement {
  const list = el("dl", { class: "facts" });
  const add = (title: string, ...content: (Node | string)[]) =>
    void list.append(el("dt", {}, title), el("dd", {}, ...content));
  const refs = (title: string, found: readonly ActorRef[]) => {
    if (found.length > 0) add(title, ...found.flatMap(ref => [pidLink(ref, open), el("br")]));
  };
  add("State", actor.state, actor.waits === undefined ? "" : `, for ${actor.waits}`);
  add("Module", moduleText(actor), actor.way === undefined ? "" : ` · ${actor.way}`);
  if (actor.names.length > 1) add("Names", escapeControls(actor.names.join(", ")));
  if (actor.groups.length > 0) add("Groups", escapeControls(actor.groups.join(", ")));
  add("Mailbox", `${count(actor.items)} items, ${bytes(actor.bytes)}`);
  if (actor.memory !== undefined) add("Memory", bytes(actor.memory));
  if (actor.pinned !== undefined) add("Instance", `it keeps its own, because ${actor.pinned}`);
  if (actor.image !== undefined) add("Instance", `none; its image has ${bytes(actor.image)}`);
  if (actor.cpu !== undefined) add("CPU", `${percent(actor.cpu)} of the thread`);
  if (actor.reductions !== undefined) add("Reductions", count(actor.reductions));
  if (actor.timers > 0) add("Timers", count(actor.timers));
  add("Age", duration(actor.ageMs));
  if (actor.strategy !== undefined) add("Strategy", actor.strategy);
  if (actor.supervisor !== undefined) {
    add("Supervisor", pidLink(actor.supervisor, open), ` as ${escapeControls(actor.supervisor.id)}`);
  }
  if (actor.parent !== undefined) refs("Spawned by", [actor.parent]);
  refs("Links", actor.linkedTo);
  refs("Monitors", actor.monitors);
  refs("Monitored by", actor.monitoredBy);
  return list;
}

function messages({ pid, messages: rows }: ActorDetail, open: (pid: string) => void): Node[] {
  if (rows === undefined) return [];
  const title = rows.length === 0 ? "Messages: none since it is followed" : `The last messages: ${count(rows.length)}`;
  return [el("h3", {}, title), messagesOf(pid, rows, open)];
}

function mailbox(actor: ActorDetail, open: (pid: string) => void): Node[] {
  const { items, mailbox: shown } = actor;
  const title = el("h3", {}, `Waiting in the mailbox: ${countOf(shown.length, items)}`);
  if (shown.length === 0) return [title];
  return [title, el("ol", { class: "items" }, ...shown.map(item => el("li", {}, ...itemNodes(item, open))))];
}

function events(actor: Pick<EndedDetail, "events">, open: (pid: string) => void): Node[] {
  if (actor.events.length === 0) return [];
  const rows = actor.events.toReversed().map(event => eventNode(event, open));
  return [el("h3", {}, "Events"), el("ol", { class: "entries events" }, ...rows)];
}

/** Replaces nothing while the reader has selected text in it. */
function replaceUnlessSelected(host: HTMLElement, nodes: readonly Node[]): void {
  const selection = getSelection();
  if (selection?.isCollapsed === false && host.contains(selection.anchorNode)) return;
  host.replaceChildren(...nodes);
}
