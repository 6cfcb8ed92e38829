/** structuredClone. */

const refused = (what, why) => new DOMException(`${what} could not be cloned${why}`, "DataCloneError");

const errors = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
const unclonable = [Promise, WeakMap, WeakSet, WeakRef];

/** The copy of a view, of the class that the engine has made it of. */
function viewOf(view, buffer) {
  if (view instanceof DataView) return new DataView(buffer, view.byteOffset, view.byteLength);
  return new globalThis[view[Symbol.toStringTag]](buffer, view.byteOffset, view.length);
}

function errorOf(error, copyOf) {
  const of = errors[error.name] ?? Error;
  const copy = "message" in error ? new of(`${error.message}`) : new of();
  Object.defineProperty(copy, "stack", { value: error.stack, writable: true, configurable: true });
  if (Object.hasOwn(error, "cause"))
    Object.defineProperty(copy, "cause", { value: copyOf(error.cause), writable: true, configurable: true });
  return copy;
}

/** The copy of an object that is not a plain one, without what is in it; undefined of a plain one. */
function emptyCopyOf(object, copyOf) {
  if (Array.isArray(object)) return new Array(object.length);
  if (object instanceof Map) return new Map();
  if (object instanceof Set) return new Set();
  if (object instanceof Date) return new Date(object.getTime());
  if (object instanceof RegExp) return new RegExp(object.source, object.flags);
  if (object instanceof ArrayBuffer) return object.slice(0);
  if (ArrayBuffer.isView(object)) return viewOf(object, copyOf(object.buffer));
  if (object instanceof Error) return errorOf(object, copyOf);
  if (object instanceof Boolean || object instanceof Number || object instanceof String || object instanceof BigInt)
    return Object(object.valueOf());
  if (object instanceof Symbol || unclonable.some(kind => object instanceof kind))
    throw refused(`#<${object.constructor.name}>`, "");
  return undefined;
}

export function structuredClone(value, { transfer = [] } = {}) {
  const copies = new Map();
  function copyOf(thing) {
    if (typeof thing === "function") throw refused(`the function ${thing.name}`, "");
    if (typeof thing === "symbol") throw refused(String(thing), "");
    if (typeof thing !== "object" || thing === null) return thing;
    const known = copies.get(thing);
    if (known !== undefined) return known;
    const special = emptyCopyOf(thing, copyOf);
    const copy = special ?? {};
    copies.set(thing, copy);
    if (copy instanceof Map) for (const [key, of] of [...thing]) copy.set(copyOf(key), copyOf(of));
    else if (copy instanceof Set) for (const of of [...thing]) copy.add(copyOf(of));
    else if (special === undefined || Array.isArray(copy))
      for (const key of Object.keys(thing)) copy[key] = copyOf(thing[key]);
    return copy;
  }
  const moved = [...transfer];
  for (const thing of moved) {
    if (!(thing instanceof ArrayBuffer)) throw refused("a value", ": only an ArrayBuffer can be transferred");
    if (thing.detached) throw refused("an ArrayBuffer", ": it is detached");
  }
  if (new Set(moved).size < moved.length) throw refused("an ArrayBuffer", ": it is transferred twice");
  const copy = copyOf(value);
  for (const buffer of moved) buffer.transfer(0);
  return copy;
}
