/**
 * Source maps of scripts. A crash of a bundled script names places in the files that the bundle was made of.
 *
 * A map is read at the first crash of its script, and what is wrong with it changes nothing else. The script's own
 * may be a stranger's: a long one is not read.
 */
import { escapeControls } from "../wire/escape-controls.ts";
import { isOfScript } from "../wire/reason.ts";

const INLINE = "//# sourceMappingURL=data:application/json";
/** The longest map in a script that is read, in bytes of text: some 300 ms of the host's time. */
const MAX_INLINE_BYTES = 4 * 2 ** 20;

/** The source map that ends a script, as JSON. Undefined where there is none. */
export function inlineMap(source: string): string | undefined {
  const at = source.lastIndexOf(INLINE);
  if (at < 0 || source.length - at > MAX_INLINE_BYTES) return undefined;
  const [, base64, data] = /^[^,\s]*?(;base64)?,(\S*)\s*$/.exec(source.slice(at + INLINE.length)) ?? [];
  try {
    if (base64 === undefined) return data === undefined ? undefined : decodeURIComponent(data);
    return new TextDecoder().decode(Uint8Array.from(atob(data), character => character.charCodeAt(0)));
  } catch {
    return undefined;
  }
}

/** A frame as the engine writes it: `    at name (file:line:column)`. */
const FRAME = /^( {4}at (?:.*\()?)([^\n(]+):(\d+):(\d+)(?=\)?$)/gm;

/** Writes places of the sources into stacks of a script. `maps`: JSON by the names of its modules. */
export async function stacksBy(maps: ReadonlyMap<string, string>): Promise<((stack: string) => string) | undefined> {
  if (maps.size === 0) return undefined;
  const { readScriptMap } = await import("../adapters/source-map.ts");
  const read = new Map<string, ReturnType<typeof readScriptMap> | undefined>();
  const placeOf = (file: string, line: number, column: number) => {
    const json = maps.get(file);
    if (json === undefined) return undefined;
    if (!read.has(file))
      read.set(
        file,
        attempt(() => readScriptMap(json)),
      );
    return attempt(() => read.get(file)?.(line, column));
  };
  return stack => {
    if (!isOfScript(stack)) return stack;
    return stack.replaceAll(FRAME, (frame, begin: string, file: string, line: string, column: string) => {
      const place = placeOf(file, Number(line), Number(column));
      return place === undefined ? frame : begin + escapeControls(place);
    });
  };
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
