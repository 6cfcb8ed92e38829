/** Compares the kernel's memory with what guests that are written in TypeScript should have in it. */

import type { KernelGuests } from "./kernel-guests.ts";
import { audit, insist } from "./kernel-memory.ts";
import { checkTies, TieModel } from "./kernel-ties.ts";
import * as W from "./words.ts";

/** What is stored is what the guests should have. */
export function checkGuests(guests: KernelGuests): void {
  const mailboxes = audit(
    guests.memory,
    guests.guests.map(({ record }) => record),
    [],
    guests.blocks.all,
  );
  guests.guests.forEach(({ at, mailbox }) => {
    const stored = mailboxes[at].items.map(({ kind, tag, ref, reason, length }) => [kind, tag, ref, reason, length]);
    const items = mailbox.map(({ kind, tag, ref, reason, payload }) => [kind, tag, ref, reason, payload.length]);
    insist(stored.join() === items.join(), `the mailbox of ${at} has other items`);
  });
  const counters = new Float64Array(guests.memory.buffer);
  insist(
    counters[W.SENT / 8] === guests.sent && counters[W.RECEIVED / 8] === guests.received,
    "the counters are wrong",
  );
  const model = new TieModel(guests.guests.length);
  for (const [ref, { by, of, answered }] of guests.requests) {
    model.add(W.MONITOR, by, of, ref);
    Object.assign(model.monitorOf(by, ref) ?? {}, { isAnswered: answered });
  }
  const records = guests.guests.map(({ record }) => record);
  checkTies(guests.memory, records, model, guests.kernel);
}
