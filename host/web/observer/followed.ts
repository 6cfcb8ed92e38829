/** Which actors are followed, as the server has said last, and how a reader changes that. */
import { button, setAttribute, setText } from "../page/dom.ts";
import { act, inPath } from "./api.ts";
import type { ActorRow, FollowResult } from "./protocol.ts";
import type { Column } from "./table.ts";

export class Followed {
  #pids: ReadonlySet<string> = new Set();
  readonly #changed: () => void;
  readonly #refused: (why: string) => void;

  /**
   * @param changed is called after a reader has changed it
   * @param refused is told why an actor could not be followed
   */
  constructor(changed: () => void, refused: (why: string) => void) {
    this.#changed = changed;
    this.#refused = refused;
  }

  get size(): number {
    return this.#pids.size;
  }

  has(pid: string): boolean {
    return this.#pids.has(pid);
  }

  /** What the server says. */
  know(pids: readonly string[]): void {
    this.#pids = new Set(pids);
  }

  /** Follows an actor, or no longer. */
  readonly toggle = async (pid: string): Promise<void> => {
    const isFollowed = this.has(pid);
    const { error } = await act<FollowResult>(`actors/${inPath(pid)}/${isFollowed ? "unfollow" : "follow"}`);
    if (error !== undefined) return this.#refused(error);
    const pids = new Set(this.#pids);
    if (isFollowed) pids.delete(pid);
    else pids.add(pid);
    this.#pids = pids;
    this.#changed();
  };

  /** A button in the row of each actor. */
  readonly column: Column<ActorRow> = {
    title: "●",
    about: "Follow an actor: its messages are kept, and shown under Messages",
    widthPx: 36,
    fill: (cell, { pid }) => {
      const follow = cell.firstElementChild ?? this.#button(cell);
      const isFollowed = this.has(pid);
      setText(follow, isFollowed ? "●" : "○");
      setAttribute(follow, "aria-pressed", String(isFollowed));
      setAttribute(follow, "aria-label", `Follow ${pid}`);
      setAttribute(follow, "title", isFollowed ? "Stop following it" : "Follow it: its messages are kept");
    },
  };

  #button(cell: HTMLTableCellElement): HTMLButtonElement {
    cell.classList.add("follow");
    const follow = button("", {}, () => {
      const pid = cell.parentElement?.dataset.pid;
      if (pid !== undefined) void this.toggle(pid).catch(() => {});
    });
    cell.append(follow);
    return follow;
  }
}
