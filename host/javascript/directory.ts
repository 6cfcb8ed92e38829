/** How the host's code reaches actors: it finds them by pid or name, and sends to them. */

import type { Actor, Services } from "../actor/actor.ts";
import { delegate } from "../between/delegate.ts";
import type { Registry } from "../between/names.ts";
import { post } from "../between/post.ts";
import { exitSignal, kill } from "../between/signals.ts";
import type { Actors } from "../mail/actors.ts";
import { checkPid, shown } from "../wire/checks.ts";
import { type GivenReason, MESSAGE, type Message, SEND_ACCEPTED } from "../wire/message.ts";
import { highWord, lowWord, type Pid } from "../wire/pid.ts";
import { reasonGiven } from "../wire/reason.ts";

/** Finds actors, and sends to them, for the host's code. */
export class Directory {
  readonly registry: Registry;
  readonly #services: Services;
  readonly #actors: Actors<Actor>;

  constructor(services: Services, actors: Actors<Actor>, registry: Registry) {
    this.registry = registry;
    this.#services = services;
    this.#actors = actors;
  }

  /** The live actor of a pid, or what stands for one that lives on another thread or node. */
  find(pid: Pid): Actor | undefined {
    checkPid(pid);
    return this.#actors.get(lowWord(pid), highWord(pid));
  }

  /** The live actor of a pid, if it lives here. */
  here(pid: Pid): Actor | undefined {
    checkPid(pid);
    return this.#actors.here(lowWord(pid), highWord(pid));
  }

  /** The live actor of a pid, or of a name. */
  receiver(to: Pid | string): Actor | undefined {
    if (typeof to === "string") return this.registry.whereis(to);
    if (typeof to !== "number") throw new TypeError(`the receiver is a pid or a name, not ${shown(to)}`);
    return this.find(to);
  }

  /** Sends a message; `from` is null for the host. Returns true where it was accepted. */
  send(from: Actor | null, to: Pid | string, bytes: Uint8Array, tag: number): boolean {
    const actor = this.receiver(to);
    const pid = actor?.pid ?? (typeof to === "string" ? 0 : to);
    const status = post(
      this.#services,
      from,
      from?.lo ?? 0,
      from?.hi ?? 0,
      actor,
      lowWord(pid),
      highWord(pid),
      MESSAGE,
      tag,
      0,
      bytes,
    );
    return status === SEND_ACCEPTED;
  }

  /** Sends a message to each member of a group. Returns how many accepted it. */
  broadcast(from: Actor | null, group: string, bytes: Uint8Array, tag: number): number {
    // An outbox, or a dead letter's listener, may change the group.
    return [...this.registry.members(group).keys()].filter(pid => this.send(from, pid, bytes, tag)).length;
  }

  /** Sends an exit signal; `from` is null for the host. Returns false where there is no such actor. */
  exit(from: Actor | null, pid: Pid, given: GivenReason): boolean {
    const reason = reasonGiven(given, "exit");
    const to = this.find(pid);
    if (to === undefined) return false;
    const { lo, hi } = from ?? { lo: 0, hi: 0 };
    if (reason.kind === "killed") kill(to, lo, hi);
    else exitSignal(to, lo, hi, reason);
    return true;
  }

  /** Hands on a request that `by` was asked. Returns true where it was accepted. */
  delegate(by: Actor, { from, ref }: Message, to: Pid, bytes: Uint8Array): boolean {
    const asker = this.find(from);
    const [lo, hi] = [lowWord(from), highWord(from)];
    const status = delegate(this.#services, by, asker, lo, hi, ref, this.find(to), 0, bytes);
    return status === SEND_ACCEPTED;
  }
}
