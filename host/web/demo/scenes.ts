/**
 * The demo's scenes. A scene is a guest to edit, the actors made of it, and how their supervisor
 * restarts them.
 */
import type { Limits, Restart, Strategy } from "../../index.ts";
import type { GuestName, ScriptName } from "./protocol.ts";

/** A child of the scene's supervisor. */
export interface Part {
  /** Its id at the supervisor, and its name in the registry. */
  readonly id: string;
  readonly guest: GuestName | ScriptName;
  /** It runs the example, whatever is in the editor. */
  readonly isUnchanged?: boolean;
  readonly entry?: string;
  readonly restart?: Restart;
  readonly args?: string;
  /** Reductions of each turn. Default: the runtime's. */
  readonly perTurn?: number;
  /** Limits that differ from the runtime's. */
  readonly limits?: Partial<Limits>;
  /**
   * How the page makes it crash: it sends or asks the text "crash". Absent where the guest receives
   * nothing.
   */
  readonly crash?: "send" | "ask";
}

export interface Break {
  readonly title: string;
  readonly line: string;
}

export interface Scene {
  readonly title: string;
  readonly about: string;
  /** The guest in the editor. */
  readonly guest: GuestName | ScriptName;
  readonly strategy: Strategy;
  /** In the order in which the supervisor starts them. */
  readonly parts: readonly Part[];
  /** The actor that the page can ask, and the text that it offers. */
  readonly ask?: { readonly part: string; readonly text: string };
  /** What the reader can break it with: lines that take the place of the one that ends with `// break`. */
  readonly breaks?: readonly Break[];
  /** Whether the browser keeps what was written, until it is undone. */
  readonly isKept?: boolean;
}

/** The page may be slow, and these scripts are ours. */
const PATIENT: Partial<Limits> = { turnMs: 1000 };

const table: readonly Part[] = [
  { id: "pong", guest: "table-tennis", entry: "pong", crash: "send" },
  { id: "ping", guest: "table-tennis", entry: "ping", crash: "send" },
];

export const scenes: readonly Scene[] = [
  {
    title: "Ping-pong",
    about: "Two actors of one module. When one crashes, both are started again.",
    guest: "table-tennis",
    strategy: "one_for_all",
    parts: table,
  },
  {
    title: "Prime numbers beside ping-pong",
    about: "An endless loop is preempted, so the other actors keep their turns.",
    guest: "primes",
    strategy: "rest_for_one",
    parts: [{ id: "primes", guest: "primes", perTurn: 4_000 }, ...table],
  },
  {
    title: "A counter that is asked",
    about: "Ask it “add 5” or “get”. Anything else crashes it, and its supervisor restarts it at 0.",
    guest: "supervised-counter",
    strategy: "one_for_one",
    parts: [{ id: "counter", guest: "supervised-counter", crash: "ask" }],
    ask: { part: "counter", text: "add 5" },
  },
  {
    title: "A plug-in in JavaScript",
    about: "The shop asks three plug-ins for prices. One of them is yours: break it, and the two others go on.",
    guest: "plugin",
    strategy: "one_for_one",
    parts: [
      { id: "yours", guest: "plugin", limits: { turnMs: 50, memoryPages: 64 } },
      { id: "ann", guest: "plugin", isUnchanged: true, limits: PATIENT },
      { id: "bob", guest: "plugin", isUnchanged: true, limits: PATIENT },
      { id: "shop", guest: "shop", limits: PATIENT },
    ],
    breaks: [
      { title: "an endless loop", line: "  while (true) {}" },
      { title: "too much memory", line: "  for (const all = []; ; ) all.push(new Uint8Array(100_000));" },
      { title: "an exception", line: '  throw new RangeError("no price today");' },
    ],
  },
  {
    title: "Hello",
    about: "Logs one line and ends. Change it as you like.",
    guest: "hello",
    strategy: "one_for_one",
    parts: [{ id: "hello", guest: "hello", restart: "temporary", args: "page" }],
  },
  {
    title: "Your own",
    about: 'Write a guest. It is restarted when it crashes, can be asked, and may spawn("own", …).',
    guest: "own",
    strategy: "one_for_one",
    parts: [{ id: "own", guest: "own", restart: "transient" }],
    ask: { part: "own", text: "hello" },
    isKept: true,
  },
];
