/** What the visitor has written into the scenes: until the page is left, or until it is undone. */
import type { Scene } from "./scenes.ts";

const KEY = "isopod-demo:";

export class Written {
  readonly #texts = new Map<Scene, string>();

  get(scene: Scene): string | undefined {
    return (
      this.#texts.get(scene) ?? (scene.isKept === true ? kept(store => store.getItem(KEY + scene.guest)) : undefined)
    );
  }

  /** @param text undefined forgets what was written */
  set(scene: Scene, text: string | undefined): void {
    if (text === undefined) this.#texts.delete(scene);
    else this.#texts.set(scene, text);
    if (scene.isKept !== true) return;
    kept(store => (text === undefined ? store.removeItem(KEY + scene.guest) : store.setItem(KEY + scene.guest, text)));
  }
}

/** Undefined where the browser keeps nothing for this page, for example in a private window. */
function kept<T>(use: (store: Storage) => T | null): T | undefined {
  try {
    return use(localStorage) ?? undefined;
  } catch {
    return undefined;
  }
}
