/** The console. It writes to the log of the actor; without the grant `log`, nobody reads it. */
import * as native from "isopod:native";
import { URL } from "isopod:url";

const MAX_DEPTH = 2;
const MAX_VALUES = 100;

const quoted = text => {
  const quote = !text.includes("'") ? "'" : !text.includes('"') ? '"' : "`";
  return quote + JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll(quote, `\\${quote}`) + quote;
};

const keyOf = key => (typeof key === "symbol" ? String(key) : /^[a-z_$][\w$]*$/i.test(key) ? key : quoted(key));

const classOf = value => {
  for (let proto = Object.getPrototypeOf(value); proto !== null; proto = Object.getPrototypeOf(proto)) {
    const { value: of } = Object.getOwnPropertyDescriptor(proto, "constructor") ?? {};
    if (typeof of === "function" && of.name !== "") return of.name;
  }
  return "";
};

function ofFunction(value) {
  const isClass = Object.getOwnPropertyDescriptor(value, "prototype")?.writable === false;
  if (!isClass) return `[Function${value.name ? `: ${value.name}` : " (anonymous)"}]`;
  const { name } = Object.getPrototypeOf(value) ?? {};
  return `[class ${value.name || "(anonymous)"}${name ? ` extends ${name}` : ""}]`;
}

function ofPrimitive(value) {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "bigint") return `${value}n`;
  return Object.is(value, -0) ? "-0" : String(value);
}

/** The elements of an array or a view, with its holes. */
function* elements(value, inner) {
  let holes = 0;
  for (let i = 0; i <= value.length; i++) {
    const isHole = i < value.length && !(i in value);
    if (!isHole && holes > 0) yield `<${holes} empty item${holes > 1 ? "s" : ""}>`;
    holes = isHole ? holes + 1 : 0;
    if (!isHole && i < value.length) yield inner(value[i]);
  }
}

function* entries(map, inner) {
  for (const [key, of] of map) yield `${inner(key)} => ${inner(of)}`;
}

function* items(set, inner) {
  for (const of of set) yield inner(of);
}

/** The own properties. Getters are not called. */
function* properties(value, inner, isIndexed) {
  for (const key of Reflect.ownKeys(value)) {
    const property = Object.getOwnPropertyDescriptor(value, key);
    const isHidden = !property.enumerable || (isIndexed && typeof key === "string" && /^\d+$/.test(key));
    if (isHidden && !(key === "cause" && value instanceof Error)) continue;
    const name = property.enumerable ? keyOf(key) : `[${key}]`;
    if (property.get !== undefined) yield `${name}: [Getter${property.set === undefined ? "" : "/Setter"}]`;
    else yield `${name}: ${property.set === undefined ? inner(property.value) : "[Setter]"}`;
  }
}

/** What an object begins with, its brackets, and what is in it beside its properties. */
function partsOf(value, inner) {
  const name = classOf(value);
  if (Array.isArray(value))
    return [name === "Array" ? "" : `${name}(${value.length})`, "[]", elements(value, inner), value.length];
  if (value instanceof Map) return [`${name}(${value.size})`, "{}", entries(value, inner), value.size];
  if (value instanceof Set) return [`${name}(${value.size})`, "{}", items(value, inner), value.size];
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return [`${name}(${value.length})`, "[]", elements(value, inner), value.length];
  return [name === "" ? "[Object: null prototype]" : name === "Object" ? "" : name, "{}", [], 0];
}

/** Of objects that are one text, that. */
function textOf(value) {
  if (typeof value === "function") return ofFunction(value);
  if (value instanceof Error) {
    const header = String(value);
    const stack = typeof value.stack === "string" ? value.stack.trimEnd() : "";
    return stack === "" ? `[${header}]` : stack.startsWith(header) ? stack : `${header}\n${stack}`;
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (value instanceof URL) return value.href;
  if (value instanceof Number || value instanceof Boolean || value instanceof String)
    return `[${classOf(value)}: ${ofPrimitive(value.valueOf())}]`;
  return undefined;
}

/** A value as text. `around`: the objects that it is in; `circles`: those that are shown as circular. */
function shown(value, around, circles) {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return ofPrimitive(value);
  if (around.includes(value)) {
    if (!circles.includes(value)) circles.push(value);
    return `[Circular *${circles.indexOf(value) + 1}]`;
  }
  const text = textOf(value);
  if (text === undefined && around.length > MAX_DEPTH) return `[${classOf(value) || "Object: null prototype"}]`;
  const inner = of => shown(of, [...around, value], circles);
  const [name, brackets, contents, size] = text === undefined ? partsOf(value, inner) : [text, "{}", [], 0];
  const parts = [];
  for (const part of contents) {
    if (parts.length === MAX_VALUES) {
      parts.push(`... ${size - MAX_VALUES} more item${size > MAX_VALUES + 1 ? "s" : ""}`);
      break;
    }
    parts.push(part);
  }
  const isIndexed = size > 0 || value instanceof String;
  for (const part of properties(value, inner, isIndexed)) if (parts.push(part) > 2 * MAX_VALUES) break;
  if (parts.length === 0 && text !== undefined) return text;
  const body = parts.length === 0 ? brackets : `${brackets[0]} ${parts.join(", ")} ${brackets[1]}`;
  const circle = circles.includes(value) ? `<ref *${circles.indexOf(value) + 1}> ` : "";
  return circle + (name === "" ? body : `${name} ${body}`);
}

const inspect = value => shown(value, [], []);

const formats = {
  s: value => (typeof value === "string" ? value : inspect(value)),
  d: value =>
    typeof value === "bigint" ? `${value}n` : ofPrimitive(typeof value === "object" ? Number.NaN : Number(value)),
  i: value =>
    typeof value === "bigint"
      ? `${value}n`
      : ofPrimitive(typeof value === "object" ? Number.NaN : Number.parseInt(value, 10)),
  f: value => ofPrimitive(Number.parseFloat(typeof value === "symbol" ? "" : value)),
  j: value => JSON.stringify(value),
  o: inspect,
  O: inspect,
  c: () => "",
};

function format(first, ...rest) {
  let text = typeof first === "string" ? first : inspect(first);
  if (typeof first === "string" && rest.length > 0) {
    text = first.replace(/%([sdifjoOc%])/g, (found, letter) =>
      letter === "%" ? "%" : rest.length > 0 ? formats[letter](rest.shift()) : found,
    );
  }
  return [text, ...rest.map(value => (typeof value === "string" ? value : inspect(value)))].join(" ");
}

let indent = "";
const counts = new Map();
const begins = new Map();

function write(level, values) {
  const text = values.length === 0 ? "" : format(...values);
  native.log(level, indent === "" ? text : indent + text.replaceAll("\n", `\n${indent}`));
}

const took = label => `${label}: ${Math.round((performance.now() - begins.get(label)) * 1000) / 1000}ms`;

export const console = {
  debug: (...values) => write(0, values),
  log: (...values) => write(1, values),
  info: (...values) => write(1, values),
  warn: (...values) => write(2, values),
  error: (...values) => write(3, values),
  dir: value => write(1, [inspect(value)]),
  table: value => write(1, [value]),
  trace: (...values) =>
    write(3, [`Trace${values.length > 0 ? `: ${format(...values)}` : ""}\n${new Error().stack.trimEnd()}`]),
  assert: (condition, ...values) => {
    if (!condition) write(3, [`Assertion failed${values.length > 0 ? `: ${format(...values)}` : ""}`]);
  },
  count: (label = "default") => {
    counts.set(label, (counts.get(label) ?? 0) + 1);
    write(1, [`${label}: ${counts.get(label)}`]);
  },
  countReset: (label = "default") => void counts.delete(label),
  time: (label = "default") => void begins.set(label, performance.now()),
  timeLog: (label = "default", ...values) => {
    if (begins.has(label)) write(1, [took(label), ...values]);
  },
  timeEnd: (label = "default") => {
    if (begins.has(label)) write(1, [took(label)]);
    begins.delete(label);
  },
  group: (...values) => {
    if (values.length > 0) write(1, values);
    indent += "  ";
  },
  groupEnd: () => {
    indent = indent.slice(2);
  },
};
