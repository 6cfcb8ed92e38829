/** What an actor may use. Every limit has a safe default and can be set per runtime and, within that, per actor. */

export interface Limits {
  /** Pages of 64 KiB that a guest's memory may grow to, where the host makes the memory (`env.memory`). */
  readonly memoryPages: number;
  /** The longest message, in bytes, that may be sent to the actor; longer ones answer -2. */
  readonly messageBytes: number;
  /** Messages in the mailbox, saved ones included; `send` answers -1 beyond. Signals are never refused. */
  readonly mailboxMessages: number;
  /** Payload bytes in the mailbox. */
  readonly mailboxBytes: number;
  /** Reductions of one `handle`, of `_start` or of a start function, and of a turn with the policy `kill`. */
  readonly handlerReductions: number;
  /** Reductions of all predicates in one turn. */
  readonly predicateReductions: number;
}

export const defaultLimits: Limits = {
  memoryPages: 256,
  messageBytes: 16 * 2 ** 20,
  mailboxMessages: 1_000_000,
  mailboxBytes: 64 * 2 ** 20,
  handlerReductions: 50_000_000,
  predicateReductions: 20_000_000,
};

const greatest: Limits = {
  memoryPages: 65_536,
  messageBytes: 2 ** 28,
  mailboxMessages: 2 ** 28,
  mailboxBytes: 2 ** 28,
  handlerReductions: 2 ** 48,
  predicateReductions: 2 ** 48,
};

/** The defaults with some replaced. Throws a RangeError that names a limit which is no whole number in its range. */
export function limitsFrom(base: Limits, changes: Partial<Limits> = {}): Limits {
  const limits = { ...base, ...changes };
  for (const name of Object.keys(changes) as (keyof Limits)[]) {
    const most = greatest[name];
    if (most === undefined)
      throw new RangeError(`there is no limit called ${name}; there are ${Object.keys(greatest).join(", ")}`);
    const value = limits[name];
    if (!Number.isInteger(value) || value < 0 || value > most) {
      throw new RangeError(`the limit ${name} must be a whole number from 0 to ${most}, not ${value}`);
    }
  }
  return limits;
}
