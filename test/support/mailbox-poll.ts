/** A poll of a guest, played on a mailbox of the kernel and on a plain array. */

import { bears, hasTag, type Item } from "./kernel-items.ts";
import { insist, readMailbox, setWord, word } from "./kernel-memory.ts";
import type { KernelPlayer } from "./kernel-player.ts";
import * as W from "./words.ts";

/** A poll of the actor's guest. */
/** The guest's window. */
const INFO = 64;
const POINTER = 65_536;

/** Predicates that want items with a tag. */
export function predicates(guest: WebAssembly.Memory) {
  return {
    callMatch: (tag: number) => +(word(guest, INFO + W.TAG) === tag),
    callMatchFirst: (tag: number, pointer: number, length: number) => {
      for (let at = pointer; at < pointer + length; ) {
        const kind = word(guest, at + W.KIND);
        if (kind !== W.IS_DEAD && word(guest, at + W.TAG) === tag) return at - pointer;
        at += kind === W.IS_DEAD ? word(guest, at + W.TAG) : W.ITEM_HEADER + ((word(guest, at + W.LENGTH) + 7) & -8);
      }
      return -1;
    },
  };
}

export function poll(player: KernelPlayer, index: number, wanted: number, want: number, capacity: number): void {
  const { kernel } = player;
  const record = player.enter(index);
  const model = player.models[index];
  setWord(player.memory, record + W.HELD, 0);
  const wants = [() => true, hasTag, bears, ({ tag }: Item) => tag === wanted][want];
  const place = model.items.findIndex(item => wants(item, wanted));
  const window = [INFO, POINTER, capacity, 0] as const;
  const answer =
    want === 0
      ? kernel.recv(...window)
      : want === 3
        ? kernel.recvMatch(...window, wanted)
        : kernel.recvTag(...window, wanted);
  insist(answer === (place < 0 ? -1 : model.items[place].payload.length), `a receive answers ${answer}`);
  const { positions } = readMailbox(player.memory, record);
  model.seen = positions.get(word(player.memory, record + W.SAVED)) ?? 0;
  const isAtEnd = word(player.memory, record + W.SAVED) === word(player.memory, record + W.TAIL);
  if (place < 0) insist(isAtEnd, "a poll has not looked at all items");
  else if (answer > capacity)
    insist(model.seen === (want === 0 ? 0 : place), "the save pointer is not at the held item");
  else player.takeOut({ ...model, seen: 0 }, place);
}
