/**
 * The agent of a node: an actor that answers what other nodes ask. Requests and answers are those of clients
 * (docs/messages.md), in CBOR, and ordinary messages: so they have the order and the ends of all others.
 */
import { type Cbor, cbor } from "../adapters/codec.ts";
import type { Client } from "../javascript/client.ts";
import type { HostMailbox } from "../javascript/host-mailbox.ts";
import type { Codec } from "../wire/codec.ts";
import type { Message } from "../wire/message.ts";
import type { Pid } from "../wire/pid.ts";

/** What may be asked, by name. What one throws is the answer. */
export type Answers = Readonly<Record<string, (from: Pid, ...args: readonly Cbor[]) => Cbor>>;

/** What nodes ask each other. */
export interface AgentApi {
  spawn(name: string, options: Cbor): Pid;
  whereis(name: string): Pid | null;
  /** All members that its groups have there: in place of what was told before. */
  groups(all: readonly (readonly [string, readonly Pid[]])[]): null;
}

export class Agent {
  readonly #mailbox: HostMailbox;
  readonly #answers: Map<string, Answers[string]>;

  constructor(mailbox: HostMailbox, answers: Answers) {
    this.#mailbox = mailbox;
    this.#answers = new Map(Object.entries(answers));
    mailbox.onArrival(() => {
      for (let item = mailbox.poll(); item !== undefined; item = mailbox.poll()) {
        if (item.kind === "message" && item.ref !== 0) this.#answer(item);
      }
      return false;
    });
  }

  get pid(): Pid {
    return this.#mailbox.pid;
  }

  /** The functions of another node's agent. */
  of(pid: Pid): Client<AgentApi> {
    return this.#mailbox.client<AgentApi>(pid, cbor as Codec<unknown>);
  }

  #answer(request: Message): void {
    let answer: Cbor;
    try {
      const [name, ...args] = cbor.decode(request.bytes) as readonly Cbor[];
      const found = this.#answers.get(String(name));
      if (found === undefined) throw new RangeError(`a node cannot be asked to ${name}`);
      answer = [true, found(request.from, ...args)];
    } catch (error) {
      answer = error instanceof Error ? [false, error.name, error.message] : [false, "Error", String(error)];
    }
    this.#mailbox.reply(request, cbor.encode(answer));
  }
}
