/** What can be played: which guest is shown, which actors are made of it, and how they are kept running. */
import type { Restart, Strategy } from "../../index.ts";

/** Guests that the server has the sources of. */
export type GuestName = "table-tennis" | "primes" | "supervised-counter" | "hello";

/** A child of the scene's supervisor. */
export interface Part {
  /** Its id, and its name in the registry. */
  readonly id: string;
  readonly guest: GuestName;
  readonly entry?: string;
  readonly restart?: Restart;
  readonly args?: string;
  /** Reductions of one of its turns. */
  readonly perTurn?: number;
  /** How it is brought to crash: by the text "crash", sent or asked. Without: it listens to nobody. */
  readonly crash?: "send" | "ask";
}

export interface Scene {
  readonly title: string;
  readonly about: string;
  /** The one in the editor. */
  readonly guest: GuestName;
  readonly strategy: Strategy;
  /** In the order of their starts. */
  readonly parts: readonly Part[];
  /** Whom a text can be asked, and one to begin with. */
  readonly ask?: { readonly part: string; readonly text: string };
}

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
    about: "A loop without end gets its turns, and takes nobody else’s.",
    guest: "primes",
    strategy: "rest_for_one",
    parts: [{ id: "primes", guest: "primes", perTurn: 4_000 }, ...table],
  },
  {
    title: "A counter that is asked",
    about: "Ask it “add 5” or “get”. Asked anything else it crashes, and begins again at 0.",
    guest: "supervised-counter",
    strategy: "one_for_one",
    parts: [{ id: "counter", guest: "supervised-counter", crash: "ask" }],
    ask: { part: "counter", text: "add 5" },
  },
  {
    title: "Hello",
    about: "Says one line and ends. Change it as you like.",
    guest: "hello",
    strategy: "one_for_one",
    parts: [{ id: "hello", guest: "hello", restart: "temporary", args: "page" }],
  },
];
