/**
 * Reports changes of files, also of files that do not exist yet. It watches their folders, because
 * editors replace files. On each event of a folder it compares the files themselves, so that only
 * real changes are reported.
 *
 * Guarantee: no change after a call of `follow` is missed, nor one since the time that `follow` was
 * given.
 */
import { type FSWatcher, statSync, watch } from "node:fs";
import { dirname } from "node:path";

/**
 * How long after the last event the files are compared. One save of an editor causes several
 * events.
 */
const QUIET_MS = 30;

export class FileWatch {
  /** By folder. */
  readonly #watchers = new Map<string, FSWatcher>();
  /** By path: the time, size and inode when the file was last compared. */
  readonly #stamps = new Map<string, string>();
  readonly #changed = new Set<string>();
  #look: NodeJS.Timeout | undefined;
  #closed = false;
  #waiting: (() => void) | undefined;

  /**
   * Watches these files, and stops watching all others. A file that is new here counts as changed
   * when it was modified after `sinceMs`, in milliseconds since 1970.
   */
  follow(files: Iterable<string>, sinceMs: number): void {
    const wanted = new Set(files);
    for (const file of this.#stamps.keys()) if (!wanted.has(file)) this.#stamps.delete(file);
    for (const file of wanted) {
      if (this.#stamps.has(file)) continue;
      const { stamp, modifiedMs } = stateOf(file);
      this.#stamps.set(file, stamp);
      if (modifiedMs > sinceMs) this.#changed.add(file);
    }
    this.#lookSoon();
  }

  /**
   * Waits for changes since the last call. Resolves to the changed files, or to undefined when the
   * watch is closed.
   */
  async changes(): Promise<ReadonlySet<string> | undefined> {
    while (this.#changed.size === 0 && !this.#closed) {
      await new Promise<void>(resolve => {
        this.#waiting = resolve;
      });
    }
    const changed = new Set(this.#changed);
    this.#changed.clear();
    return this.#closed ? undefined : changed;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#look);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    this.#waiting?.();
  }

  #lookSoon(): void {
    clearTimeout(this.#look);
    if (!this.#closed) this.#look = setTimeout(() => this.#lookNow(), QUIET_MS);
  }

  #lookNow(): void {
    // Before the comparison, so that a change during it causes an event.
    this.#watchFolders();
    for (const [file, before] of this.#stamps) {
      const { stamp } = stateOf(file);
      if (stamp === before) continue;
      this.#stamps.set(file, stamp);
      this.#changed.add(file);
    }
    if (this.#changed.size > 0) this.#waiting?.();
  }

  #watchFolders(): void {
    const folders = new Set([...this.#stamps.keys()].map(file => dirname(file)));
    for (const [folder, watcher] of this.#watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of folders) if (!this.#watchers.has(folder)) this.#watch(folder);
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, () => this.#lookSoon());
      watcher.on("error", () => {
        watcher.close();
        this.#watchers.delete(folder);
      });
      this.#watchers.set(folder, watcher);
    } catch {
      // The folder does not exist yet. The watcher of its parent will report it.
    }
  }
}

function stateOf(file: string): { stamp: string; modifiedMs: number } {
  try {
    const { mtimeMs, size, ino } = statSync(file);
    return { stamp: `${mtimeMs} ${size} ${ino}`, modifiedMs: mtimeMs };
  } catch {
    return { stamp: "", modifiedMs: 0 };
  }
}
