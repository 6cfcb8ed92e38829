/**
 * How long the stack of a parked guest can get, read from code that Asyncify has just instrumented.
 *
 * Guarantee: an answer is an upper bound of every unwinding that begins below the given functions. Where recursion, or a call that is not
 * understood, leaves none, the answer is Infinity.
 */

/** The pass moves the top of its stack on by a constant for each part of a frame. */
const GROWTH =
  /\(i32\.store\s+\(global\.get \$__asyncify_data\)\s+\(i32\.add\s+\(i32\.load\s+\(global\.get \$__asyncify_data\)\s*\)\s+\(i32\.const (\d+)\)/g;
const FUNCTION = /^ \(func \$("(?:[^"\\]|\\.)*"|[^\s()]+)/gm;
const CALL = /\((?:return_)?call \$("(?:[^"\\]|\\.)*"|[^\s()]+)/g;
const INDIRECT = /\((?:return_)?call_(?:indirect|ref)\b/;
const ELEMENTS = /^ \(elem [^\n]*/gm;
const REFERENCE = /\$("(?:[^"\\]|\\.)*"|[^\s()]+)/g;

interface Instrumented {
  /** Bytes of its frame. */
  readonly frame: number;
  readonly calls: readonly string[];
}

/**
 * @param text the module as text, right after the pass
 * @param roots the functions that an unwinding may begin below, by their internal names
 * @returns bytes
 */
export function longestStack(text: string, roots: readonly string[]): number {
  const code = text.replace(/^\s*;;@.*\n/gm, "");
  const functions = instrumented(code);
  // One that is not in the text at all has a name that was not understood.
  const names = new Set(namesIn(code, FUNCTION));
  if (!roots.every(root => names.has(root))) return Number.POSITIVE_INFINITY;
  const known = new Map<string, number>();
  // Infinity while it is being computed: who meets it again is in a recursion.
  const below = (name: string): number => {
    const found = known.get(name);
    if (found !== undefined) return found;
    const { frame, calls } = functions.get(name) ?? { frame: 0, calls: [] };
    known.set(name, Number.POSITIVE_INFINITY);
    let deepest = 0;
    for (const called of calls) deepest = Math.max(deepest, below(called));
    const bytes = frame + deepest;
    known.set(name, bytes);
    return bytes;
  };
  return Math.max(...roots.map(below));
}

/** Those that can unwind: none of the others is on the stack when that happens. */
function instrumented(code: string): Map<string, Instrumented> {
  const begins = [...code.matchAll(FUNCTION)];
  const bodies = new Map<string, string>();
  begins.forEach(({ 1: name, index }, i) => {
    const body = code.slice(index, begins[i + 1]?.index);
    if (body.includes("$__asyncify_data")) bodies.set(plain(name), body);
  });
  const inTables = (code.match(ELEMENTS) ?? []).flatMap(line => namesIn(line, REFERENCE));
  const found = new Map<string, Instrumented>();
  for (const [name, body] of bodies) {
    let frame = 0;
    for (const { 1: bytes } of body.matchAll(GROWTH)) frame += Number(bytes);
    const calls = namesIn(body, CALL);
    if (INDIRECT.test(body)) calls.push(...inTables);
    found.set(name, { frame, calls: [...new Set(calls)].filter(called => bodies.has(called)) });
  }
  return found;
}

function namesIn(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(({ 1: name }) => plain(name));
}

/** A name in quotes has its other characters escaped, as UTF-8 in hexadecimal or behind a backslash. */
function plain(name: string): string {
  if (!name.startsWith('"')) return name;
  const text = name
    .slice(1, -1)
    .replace(/\\(["'\\])/g, (_, character: string) => `\\${character.charCodeAt(0).toString(16)}`);
  const encoded = text.replace(/%/g, "%25").replace(/\\([0-9a-f]{2})/gi, "%$1");
  return decodeURIComponent(encoded);
}
