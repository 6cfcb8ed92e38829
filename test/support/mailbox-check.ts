/** Compares the mailboxes, the run queue and the ties in the kernel's memory with plain arrays. */

import { bears, isSame } from "./kernel-items.ts";
import { audit, insist, readMarks, readQueue, type StoredMailbox, word } from "./kernel-memory.ts";
import type { KernelPlayer } from "./kernel-player.ts";
import { checkTies } from "./kernel-ties.ts";
import * as W from "./words.ts";

/** Compares all that is stored with the models. */
export function check(player: KernelPlayer): void {
  const mailboxes = audit(player.memory, player.records, [], player.blocks.all);
  mailboxes.forEach((mailbox, index) => {
    checkMailbox(player, index, mailbox);
  });
  const kept = mailboxes.flatMap(({ items }) => items.map(({ outside }) => outside).filter(outside => outside !== 0));
  insist(
    kept.length === player.kept.size && kept.every(handle => player.kept.has(handle)),
    "the host keeps other payloads",
  );
  checkTies(player.memory, player.records, player.ties, player.kernel);
  const queue = readQueue(player.memory);
  insist(queue.join() === player.queue.join(), `the run queue is ${queue}, and should be ${player.queue}`);
}

function checkMailbox(player: KernelPlayer, index: number, { items, positions, dead, segments }: StoredMailbox): void {
  const model = player.models[index];
  const record = player.records[index];
  insist(items.length === model.items.length, `actor ${index} has ${items.length} items of ${model.items.length}`);
  items.forEach((item, i) => {
    insist(isSame(item, model.items[i]), `actor ${index}: the item ${i} is another one`);
  });
  const seen = positions.get(word(player.memory, record + W.SAVED));
  insist(seen === model.seen, `actor ${index}: the save pointer is before the item ${seen}, not ${model.seen}`);
  insist(player.hasFallen || items.length > 0 || segments.length === 0, "an empty mailbox has segments");
  insist(
    player.hasFallen || dead <= 16 || dead <= items.length,
    `actor ${index} has ${dead} dead items and ${items.length} live ones`,
  );
  const marks = readMarks(player.memory, record);
  insist(marks.map(({ ref }) => ref).join() === model.marks.join(), `actor ${index} has other marks`);
  if (word(player.memory, record + W.STATE) === W.PARKED)
    insist(
      word(player.memory, record + W.SAVED) === word(player.memory, record + W.TAIL),
      "a parked actor has not seen all",
    );
  for (const { ref, position } of marks) {
    const place = model.items.findIndex(item => bears(item, ref));
    insist(place < 0 || place >= (positions.get(position) ?? 0), "an item before its mark bears the ref");
    const at = player.kernel.findRef(record, player.kernel.startFor(record, ref), ref);
    insist(at === (items[place]?.at ?? 0), "an item is not found from its mark");
  }
}
