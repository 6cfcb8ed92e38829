/**
 * Computes how long the stack of a parked guest can get, from the text of code that Asyncify has
 * just instrumented.
 *
 * Guarantee: the result is an upper bound for every unwinding inside the given functions. It is
 * Infinity where recursion, or a call that is not understood, leaves no bound.
 */

/**
 * A move of the stack top by a constant. The pass has one for each part of a frame: forward to
 * unwind, back to rewind. Binaryen writes "subtract -64" instead of "add 64", because that is a
 * byte shorter.
 */
const MOVE =
  /\(i32\.store\s+\(global\.get \$__asyncify_data\)\s+\(i32\.(add|sub)\s+\(i32\.load\s+\(global\.get \$__asyncify_data\)\s*\)\s+\(i32\.const (-?\d+)\)/g;
const FUNCTION = /^ \(func \$("(?:[^"\\]|\\.)*"|[^\s()]+)/gm;
const CALL = /\((?:return_)?call \$("(?:[^"\\]|\\.)*"|[^\s()]+)/g;
const INDIRECT = /\((?:return_)?call_(?:indirect|ref)\b/;
const ELEMENTS = /^ \(elem [^\n]*/gm;
/** The names of a segment and of its table. */
const NOT_FUNCTIONS = /^ \(elem \$[^\s()]+|\(table \$[^\s()]+\)/g;
const ADDRESS = /\(ref\.func \$("(?:[^"\\]|\\.)*"|[^\s()]+)/g;
const REFERENCE = /\$("(?:[^"\\]|\\.)*"|[^\s()]+)/g;

interface Instrumented {
  /** Bytes of its frame. Infinity where the code is not understood. */
  readonly frame: number;
  readonly calls: readonly string[];
}

/**
 * The longest stack that an unwinding can write.
 *
 * @param text the module as text, right after the pass
 * @param roots internal names of the functions that the host calls
 * @returns bytes, or Infinity
 */
export function longestStack(text: string, roots: readonly string[]): number {
  const code = withoutPlaces(text);
  const functions = instrumented(code);
  // A root that is not in the text has a name that was not understood.
  const names = new Set(namesIn(code, FUNCTION));
  if (!roots.every(root => names.has(root))) return Number.POSITIVE_INFINITY;
  const known = new Map<string, number>();
  // Infinity while a function is being computed, because a second visit means recursion.
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

/** The bytes of the frame of each function that can unwind, by its internal name. */
export function framesOf(text: string): ReadonlyMap<string, number> {
  const frames = new Map<string, number>();
  for (const [name, { frame }] of instrumented(withoutPlaces(text))) if (frame > 0) frames.set(name, frame);
  return frames;
}

/** The text of each function, by its internal name. */
export function functionsOf(text: string): ReadonlyMap<string, string> {
  return functionsIn(withoutPlaces(text));
}

/** The internal names of the functions that a function calls directly. */
export function callsIn(body: string): readonly string[] {
  return namesIn(body, CALL);
}

/** The internal names of the functions that can be in a table. */
export function addressesTaken(text: string): readonly string[] {
  return [...new Set([...inTables(text), ...namesIn(text, ADDRESS)])];
}

function inTables(text: string): readonly string[] {
  const segments = (text.match(ELEMENTS) ?? []).map(line => line.replace(NOT_FUNCTIONS, ""));
  return segments.flatMap(segment => namesIn(segment, REFERENCE));
}

function functionsIn(code: string): Map<string, string> {
  const begins = [...code.matchAll(FUNCTION)];
  return new Map(begins.map(({ 1: name, index }, i) => [plain(name), code.slice(index, begins[i + 1]?.index)]));
}

function withoutPlaces(text: string): string {
  return text.replace(/^\s*;;@.*\n/gm, "");
}

/** The functions that can unwind. No other function is on the stack during an unwinding. */
function instrumented(code: string): Map<string, Instrumented> {
  const bodies = new Map([...functionsIn(code)].filter(([, body]) => body.includes("$__asyncify_data")));
  const tables = inTables(code);
  const found = new Map<string, Instrumented>();
  for (const [name, body] of bodies) {
    const frame = frameIn(body);
    const calls = namesIn(body, CALL);
    if (INDIRECT.test(body)) calls.push(...tables);
    found.set(name, { frame, calls: [...new Set(calls)].filter(called => bodies.has(called)) });
  }
  return found;
}

/**
 * The frame is the sum of the moves forward. It is understood only if the moves back have the same
 * sum.
 */
function frameIn(body: string): number {
  const moves = [...body.matchAll(MOVE)].map(({ 1: operation, 2: bytes }) =>
    operation === "add" ? Number(bytes) : -Number(bytes),
  );
  const written = moves.reduce((sum, move) => sum + Math.max(move, 0), 0);
  return moves.reduce((sum, move) => sum + move, 0) === 0 ? written : Number.POSITIVE_INFINITY;
}

function namesIn(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(({ 1: name }) => plain(name));
}

/**
 * The name without quotes. Inside quotes, special characters are UTF-8 in hexadecimal, or follow a
 * backslash.
 */
export function plain(name: string): string {
  if (!name.startsWith('"')) return name;
  const text = name
    .slice(1, -1)
    .replace(/\\(["'\\])/g, (_, character: string) => `\\${character.charCodeAt(0).toString(16)}`);
  const encoded = text.replace(/%/g, "%25").replace(/\\([0-9a-f]{2})/gi, "%$1");
  return decodeURIComponent(encoded);
}
