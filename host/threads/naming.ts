/**
 * Names and groups over all threads. A name is taken at once where the threads share memory (name-table.ts), else soon
 * (told-names.ts). Groups are told to all threads, so they are soon the same, as Erlang's `pg`.
 */
import type { Actor } from "../actor/actor.ts";
import type { SharedNames } from "../between/names.ts";
import { highWord, lowWord, type Pid, threadOf } from "../wire/pid.ts";
import { NameTable } from "./name-table.ts";
import type { SharedSpace } from "./shared.ts";
import type { Thread } from "./thread.ts";
import { ToldNames } from "./told-names.ts";

export class Naming implements SharedNames {
  readonly #thread: Thread;
  readonly #names: NameTable | ToldNames;

  constructor(thread: Thread, space: SharedSpace | undefined) {
    this.#thread = thread;
    const { agent, parts, number } = thread;
    const { registry } = parts;
    const told = new ToldNames(
      number,
      (name, pid, isTaken) => this.#tellAll("named", [name, pid, isTaken]),
      name => void registry.unregister(name),
    );
    this.#names = space === undefined ? told : new NameTable(space, number);
    registry.shared = this;
    agent.on("named", body => told.told(...(body as [string, Pid, boolean])));
    agent.on("unname", name => void registry.unregister(name as string));
    agent.on("name", body => {
      const [name, pid] = body as [string, Pid];
      const actor = parts.directory.here(pid);
      if (actor === undefined) this.#names.release(name, number);
      else registry.register(name, actor);
    });
    agent.on("member", body => this.#changed(...(body as [string, Pid, boolean])));
    agent.on("join", body => {
      const [group, pid, isMember] = body as [string, Pid, boolean];
      const actor = parts.directory.here(pid);
      if (actor === undefined) return;
      if (isMember) registry.join(group, actor);
      else registry.leave(group, actor);
    });
  }

  /** Tells a thread that has just been connected what this one has. */
  opened(other: number): void {
    for (const [group, members] of this.#thread.parts.registry.groups) {
      for (const pid of members.keys()) if (this.#isHere(pid)) this.#tell(other, "member", [group, pid, true]);
    }
  }

  /** A thread is lost: its names are free, and groups go on without its members. Called before ties are told. */
  lost(thread: number): void {
    this.#names.lose(thread);
    const { registry } = this.#thread.parts;
    for (const [group, members] of [...registry.groups]) {
      const gone = [...members.keys()].filter(pid => threadOf(highWord(pid)) === thread);
      for (const pid of gone) this.#changed(group, pid, false);
    }
  }

  claim(name: string, { pid }: Actor): boolean {
    return this.#names.claim(name, pid);
  }

  /** Reserves a name for an actor of another thread, which begins there. */
  claimFor(name: string, pid: Pid): boolean {
    return this.#names.claim(name, pid);
  }

  release(name: string): void {
    this.#names.release(name, this.#thread.number);
  }

  find(name: string): Actor | undefined {
    const pid = this.#names.find(name);
    return pid === undefined || this.#isHere(pid) ? undefined : this.#thread.parts.directory.find(pid);
  }

  /** Takes a name from an actor of another thread. False: none has it. */
  take(name: string): boolean {
    const pid = this.find(name)?.pid;
    if (pid === undefined) return false;
    const thread = threadOf(highWord(pid));
    this.#names.release(name, thread);
    this.#tell(thread, "unname", name);
    return true;
  }

  /** Gives a name to an actor of another thread. */
  give(name: string, pid: Pid): boolean {
    if (!this.#names.claim(name, pid)) return false;
    this.#tell(threadOf(highWord(pid)), "name", [name, pid]);
    return true;
  }

  /** Makes an actor of another thread a member of a group, or ends that. */
  join(group: string, pid: Pid, isMember: boolean): void {
    this.#tell(threadOf(highWord(pid)), "join", [group, pid, isMember]);
  }

  changed(group: string, { pid }: Actor, isMember: boolean): void {
    this.#tellAll("member", [group, pid, isMember]);
  }

  /** The actor of another thread is a member, or is no longer. */
  #changed(group: string, pid: Pid, isMember: boolean): void {
    const { parts, away } = this.#thread;
    const isKnown = parts.registry.members(group).has(pid);
    if (isKnown === isMember) return;
    const actor = away.standIns.get(lowWord(pid), highWord(pid));
    const { groups } = parts.registry;
    const members = groups.get(group) ?? new Map<Pid, Actor>();
    if (isMember) groups.set(group, members.set(pid, actor));
    else if (members.delete(pid) && members.size === 0) groups.delete(group);
    away.standIns.keep(actor, isMember ? 1 : -1);
  }

  #isHere(pid: Pid): boolean {
    return threadOf(highWord(pid)) === this.#thread.number;
  }

  #tell(thread: number, name: string, body: string | (string | number | boolean)[]): void {
    this.#thread.agent.tell({ thread, node: 0 }, name, body);
  }

  #tellAll(name: string, body: (string | number | boolean)[]): void {
    for (const thread of this.#thread.others) this.#tell(thread, name, body);
  }
}
