/** A poll of a guest, played on a mailbox of the kernel and on a plain array. */
import * as W from "../../host/kernel/words.ts";
import { bears, hasTag } from "./kernel-items.ts";
import { insist, readMailbox, setWord, word } from "./kernel-memory.ts";
import type { KernelPlayer } from "./kernel-player.ts";

/** A poll of the actor's guest. */
export function poll(player: KernelPlayer, index: number, wanted: number, want: number, capacity: number): void {
  const { kernel } = player;
  const record = player.enter(index);
  const model = player.models[index];
  setWord(player.memory, record + W.HELD, 0);
  const wants = [() => true, hasTag, bears][want];
  const place = model.items.findIndex(item => wants(item, wanted));
  const answer = want === 0 ? kernel.recv(64, 65_536, capacity, 0) : kernel.recvTag(64, 65_536, capacity, 0, wanted);
  insist(answer === (place < 0 ? -1 : model.items[place].payload.length), `a receive answers ${answer}`);
  const { items, positions } = readMailbox(player.memory, record);
  model.seen = positions.get(word(player.memory, record + W.SAVED)) ?? 0;
  if (place < 0) insist(want === 0 || model.seen === items.length, "a poll has not looked at all items");
  else if (answer > capacity)
    insist(model.seen === (want === 0 ? 0 : place), "the save pointer is not at the held item");
  else player.takeOut({ ...model, seen: 0 }, place);
}
