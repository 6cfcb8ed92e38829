/** URLSearchParams. */
import { percentDecode, percentEncode } from "isopod:host";

const decode = text => percentDecode(text.replaceAll("+", " "));
const encode = text => percentEncode(text, /[^\w*\-. ]/gu).replaceAll(" ", "+");

function pairsOf(query) {
  const parts = query.split("&").filter(part => part !== "");
  return parts.map(part => {
    const end = part.includes("=") ? part.indexOf("=") : part.length;
    return [decode(part.slice(0, end)), decode(part.slice(end + 1))];
  });
}

const text = value => `${value}`.toWellFormed();

/** Whether a pair has this name, and this value if one is given. */
function matcher(name, value) {
  const [wanted, also] = [text(name), value === undefined ? undefined : text(value)];
  return ([of, is]) => of === wanted && (also === undefined || also === is);
}

function pairsIn(init) {
  if ((typeof init !== "object" && typeof init !== "function") || init === null)
    return pairsOf(text(init).replace(/^\?/, ""));
  if (typeof init[Symbol.iterator] !== "function")
    return Reflect.ownKeys(init)
      .filter(key => Object.getOwnPropertyDescriptor(init, key)?.enumerable)
      .map(key => [text(key), text(init[key])]);
  return Array.from(init, pair => {
    const both = typeof pair === "object" && pair !== null ? [...pair] : [];
    if (both.length !== 2) throw new TypeError("URLSearchParams takes pairs: a name and a value each");
    return both.map(text);
  });
}

/** Iterates over what is there, also over what comes meanwhile. */
function* walk(pairs, of) {
  for (let i = 0; i < pairs().length; i++) yield of(pairs()[i]);
}

/** connect(params, query, changed) makes them those of a URL, which is told of each change. */
export let connect;

export class URLSearchParams {
  #pairs = [];
  #changed = () => {};

  constructor(init = "") {
    this.#pairs = pairsIn(init);
  }

  static {
    connect = (params, query, changed) => {
      params.#pairs = pairsOf(query);
      params.#changed = changed;
    };
  }

  get size() {
    return this.#pairs.length;
  }

  append(name, value) {
    this.#pairs.push([text(name), text(value)]);
    this.#changed();
  }

  delete(name, value) {
    const matches = matcher(name, value);
    this.#pairs = this.#pairs.filter(pair => !matches(pair));
    this.#changed();
  }

  get(name) {
    return this.#pairs.find(matcher(name))?.[1] ?? null;
  }

  getAll(name) {
    return this.#pairs.filter(matcher(name)).map(([, value]) => value);
  }

  has(name, value) {
    return this.#pairs.some(matcher(name, value));
  }

  set(name, value) {
    const matches = matcher(name);
    const pair = [text(name), text(value)];
    const first = this.#pairs.findIndex(matches);
    if (first < 0) this.#pairs.push(pair);
    else
      this.#pairs = [
        ...this.#pairs.slice(0, first),
        pair,
        ...this.#pairs.slice(first + 1).filter(pair => !matches(pair)),
      ];
    this.#changed();
  }

  sort() {
    this.#pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    this.#changed();
  }

  forEach(call, self) {
    for (const [name, value] of this) call.call(self, value, name, this);
  }

  keys() {
    return walk(
      () => this.#pairs,
      ([name]) => name,
    );
  }

  values() {
    return walk(
      () => this.#pairs,
      ([, value]) => value,
    );
  }

  entries() {
    return walk(
      () => this.#pairs,
      ([name, value]) => [name, value],
    );
  }

  [Symbol.iterator]() {
    return this.entries();
  }

  get [Symbol.toStringTag]() {
    return "URLSearchParams";
  }

  toString() {
    return this.#pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&");
  }
}
