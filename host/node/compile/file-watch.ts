/**
 * Tells when files change, also files that are not there yet. It watches the folders that they are in, because editors replace files, and looks at the files
 * themselves whenever something happens there: what did not change is not told.
 *
 * Guarantee: no change is missed that happens after `follow` was called, or since the time that it was given.
 */
import { type FSWatcher, statSync, watch } from "node:fs";
import { dirname } from "node:path";

/** An editor's save is several events; so long after the last of them, files are looked at. */
const QUIET_MS = 30;

export class FileWatch {
  /** By folder. */
  readonly #watchers = new Map<string, FSWatcher>();
  /** By path: what it was like when it was last looked at. */
  readonly #stamps = new Map<string, string>();
  readonly #changed = new Set<string>();
  #look: NodeJS.Timeout | undefined;
  #closed = false;
  #waiting: (() => void) | undefined;

  /** Watches these files, and no others any more. Of one that is new to it, a change since `sinceMs` (of the epoch) counts. */
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

  /** The files that have changed since it was last asked, as soon as there are any; undefined when the watch is closed. */
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
    // First, so that what happens from here on is an event.
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
      // There is no such folder yet. When it comes, the one that it is in says so.
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
