/** Compares the kernel's memory with what guests that are written in TypeScript should have in it. */
import * as W from "../../host/kernel/words.ts";
import type { KernelGuests } from "./kernel-guests.ts";
import { audit, checkCallers, insist } from "./kernel-memory.ts";

/** What is stored is what the guests should have. */
export function checkGuests(guests: KernelGuests): void {
  const mailboxes = audit(
    guests.memory,
    guests.guests.map(({ record }) => record),
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
  const asked = guests.guests.map(({ at }) => [...guests.requests.values()].find(({ by }) => by === at)?.of);
  checkCallers(
    guests.memory,
    guests.guests.map(({ record }) => record),
    asked,
  );
}
