/** The actors of one run by their names: who they are for a reader, and who of them may be killed. */
import type { Actor } from "../actor/actor.ts";
import type { Actors } from "../mail/actors.ts";
import type { InspectEvent } from "../wire/events.ts";
import { highWord, lowWord, type Pid } from "../wire/pid.ts";

type Spawn = Extract<InspectEvent, { kind: "spawn" }>;

export class Cast {
  readonly #victims: readonly string[];
  readonly #actors: () => Actors<Actor>;
  /** What each actor is called, and which one of that name it is. */
  readonly #roles = new Map<Pid, { readonly role: string; readonly number: number }>();
  readonly #counts = new Map<string, number>();
  /** The first name that each actor was registered by. */
  readonly #registered = new Map<Pid, string>();
  readonly #killable = new Set<Pid>();
  /** Actors of the host's code. */
  hosts = 0;

  /** @param victims names of modules, entries or actors */
  constructor(victims: readonly string[], actors: () => Actors<Actor>) {
    this.#victims = victims;
    this.#actors = actors;
  }

  clear(): void {
    this.#roles.clear();
    this.#counts.clear();
    this.#registered.clear();
    this.#killable.clear();
    this.hosts = 0;
  }

  spawned({ pid, module, entry }: Spawn): void {
    const stem = module?.replace(/\.(ts|js|wasm)$/, "");
    const role = stem === undefined ? "host" : entry === "run" || entry === "handle" ? stem : `${entry}`;
    const number = (this.#counts.get(role) ?? 0) + 1;
    this.#counts.set(role, number);
    this.#roles.set(pid, { role, number });
    if (stem === undefined) this.hosts++;
    if (this.#victims.some(name => name === module || name === stem || name === role)) this.#killable.add(pid);
  }

  registered(pid: Pid, name: string): void {
    if (!this.#registered.has(pid)) this.#registered.set(pid, name);
    if (this.#victims.includes(name)) this.#killable.add(pid);
  }

  isVictim(pid: Pid): boolean {
    return this.#killable.has(pid);
  }

  /** Those who live and may be killed, in the order of their spawns. */
  get victims(): Actor[] {
    if (this.#killable.size === 0) return [];
    return [...this.#killable].flatMap(pid => this.#actors().get(lowWord(pid), highWord(pid)) ?? []);
  }

  /** For a reader: the name that it is registered by, or its entry or module, with a number where there are several. */
  nameOf(pid: Pid): string {
    return this.#registered.get(pid) ?? this.roleOf(pid);
  }

  /** Its entry or module, with a number where there are several. */
  roleOf(pid: Pid): string {
    const known = this.#roles.get(pid);
    if (known === undefined) return "the host";
    return (this.#counts.get(known.role) ?? 1) > 1 ? `${known.role} ${known.number}` : known.role;
  }
}
