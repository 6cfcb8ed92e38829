/**
 * The table of a scene's actors. Its rows are made once for each scene, so that a button stays
 * under the pointer.
 */
import { formatPid } from "../../index.ts";
import { button, byId, el, setText } from "../page/dom.ts";
import type { PartState } from "./running-scene.ts";
import type { Part } from "./scenes.ts";

interface Row {
  readonly row: HTMLTableRowElement;
  readonly cells: readonly HTMLTableCellElement[];
  readonly buttons: readonly HTMLButtonElement[];
  starts: number;
}

/** The page's words for the runtime's states. */
const names: Readonly<Record<string, string>> = { ready: "ready", running: "running", parked: "waiting" };

export class Actors {
  readonly #body = byId("actors", HTMLTableElement).tBodies[0];
  readonly #onCrash: (part: Part) => void;
  readonly #onKill: (part: Part) => void;
  #rows = new Map<Part, Row>();

  constructor(onCrash: (part: Part) => void, onKill: (part: Part) => void) {
    this.#onCrash = onCrash;
    this.#onKill = onKill;
  }

  begin(parts: readonly Part[]): void {
    this.#rows = new Map(parts.map(part => [part, this.#newRow(part)]));
    this.#body.replaceChildren(...[...this.#rows.values()].map(({ row }) => row));
  }

  show(states: readonly PartState[]): void {
    for (const { part, pid, state, mailboxItems, starts } of states) {
      const row = this.#rows.get(part);
      if (row === undefined) continue;
      const values = [
        pid === undefined ? "–" : formatPid(pid),
        part.id,
        names[state] ?? state,
        mailboxItems.toLocaleString("en"),
        starts.toLocaleString("en"),
      ];
      row.cells.forEach((cell, i) => void setText(cell, values[i]));
      row.row.dataset.state = state;
      for (const button of row.buttons) button.disabled = pid === undefined;
      if (row.starts > 0 && starts > row.starts) flash(row.row);
      row.starts = starts;
    }
  }

  #newRow(part: Part): Row {
    const row = el("tr");
    const cells = Array.from({ length: 5 }, () => row.insertCell());
    cells[0].className = "mono";
    for (const cell of cells.slice(3)) cell.className = "number";
    const buttons = [button("Kill", {}, () => this.#onKill(part))];
    if (part.crash !== undefined) buttons.unshift(button("Crash it", {}, () => this.#onCrash(part)));
    const last = row.insertCell();
    last.className = "buttons";
    last.append(...buttons);
    return { row, cells, buttons, starts: 0 };
  }
}

/** Marks a restart: the row now shows another actor. */
function flash(row: HTMLElement): void {
  const color = getComputedStyle(row).getPropertyValue("--flash");
  row.animate([{ backgroundColor: color }, {}], { duration: 900, easing: "ease-out" });
}
