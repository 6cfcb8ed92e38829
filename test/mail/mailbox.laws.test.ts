/** A mailbox does what a plain list of items does, for any sequence of operations. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { Bytes } from "../../host/mail/bytes.ts";
import { Mailbox, NONE, RingPool, TAG } from "../../host/mail/mailbox.ts";
import { MESSAGE } from "../../host/wire/message.ts";

/**
 * What a mailbox should be: an array of items, and how many of them the receive in progress has
 * looked at.
 */
interface Model {
  items: { id: number; tag: number; length: number }[];
  seen: number;
}

const push = fc.record({
  do: fc.constant("push" as const),
  tag: fc.nat(4),
  length: fc.oneof(fc.nat(80), fc.nat(3000)),
});
const step = fc.oneof(
  { weight: 5, arbitrary: push },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("takeFirst" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("takeTag" as const), tag: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("takeAt" as const), at: fc.nat(200) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("look" as const), many: fc.nat(20) }) },
  // A message bears the ref that is its tag.
  { weight: 1, arbitrary: fc.record({ do: fc.constant("flush" as const), tag: fc.nat(4) }) },
  // Refs that are made, and items that bear one of those.
  { weight: 1, arbitrary: fc.record({ do: fc.constant("mark" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("answer" as const), which: fc.nat(9), length: fc.nat(80) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("rewind" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("clear" as const) }) },
);

function payload(id: number, length: number): Uint8Array {
  const bytes = Uint8Array.from({ length }, (_, i) => (id * 7 + i) & 255);
  if (length >= 4) new DataView(bytes.buffer).setUint32(0, id);
  return bytes;
}

function positions(mailbox: Mailbox): number[] {
  const found: number[] = [];
  for (let at = mailbox.first(); at !== NONE; at = mailbox.next(at)) found.push(at);
  return found;
}

function remove(model: Model, index: number): void {
  model.items.splice(index, 1);
  if (index < model.seen) model.seen--;
}

/** What was behind the save pointer is taken, from the middle first. */
const SEEN_THEN_TAKEN = [
  { do: "push", tag: 0, length: 0 },
  { do: "push", tag: 0, length: 0 },
  { do: "look", many: 1 },
  { do: "push", tag: 0, length: 0 },
  { do: "takeAt", at: 1 },
  { do: "takeAt", at: 1 },
] as const;

describe("any history of a mailbox", () => {
  test.prop([fc.array(step, { maxLength: 300 })], { numRuns: 300, examples: [[[...SEEN_THEN_TAKEN]]] })(
    "leaves the same items in the same order as a plain array, and the save pointer in front of the same one",
    steps => {
      const mailbox = new Mailbox(new RingPool());
      const model: Model = { items: [], seen: 0 };
      let id = 0;
      let refs = 0;
      const send = (tag: number, length: number) => {
        id++;
        mailbox.push(MESSAGE, tag, id, 0, 0, 0, Bytes.ofPayload(payload(id, length)), 0, length);
        model.items.push({ id, tag, length });
      };
      for (const s of steps) {
        if (s.do === "push") send(s.tag, s.length);
        else if (s.do === "mark") mailbox.mark(-++refs);
        else if (s.do === "answer" && refs > 0) send(-1 - (s.which % refs), s.length);
        else if (s.do === "takeFirst") {
          const at = mailbox.first();
          expect(at === NONE).toBe(model.items.length === 0);
          if (at === NONE) continue;
          const { id: wanted, length } = model.items[0];
          expect(mailbox.payload(at)).toEqual(payload(wanted, length));
          mailbox.remove(at);
          remove(model, 0);
        } else if (s.do === "takeTag") {
          const at = mailbox.findTag(mailbox.saved, s.tag);
          const index = model.items.findIndex((item, i) => i >= model.seen && item.tag === s.tag);
          expect(at === NONE).toBe(index < 0);
          if (at === NONE) continue;
          expect(mailbox.payload(at)).toEqual(payload(model.items[index].id, model.items[index].length));
          mailbox.remove(at);
          remove(model, index);
        } else if (s.do === "takeAt" && model.items.length > 0) {
          const index = s.at % model.items.length;
          mailbox.remove(positions(mailbox)[index]);
          remove(model, index);
        } else if (s.do === "look") {
          for (let i = 0; i < s.many; i++) {
            const at = mailbox.from(mailbox.saved);
            if (at === NONE) break;
            const next = mailbox.next(at);
            mailbox.saved = next === NONE ? mailbox.tail : next;
            model.seen++;
          }
        } else if (s.do === "flush") {
          const flushed = model.items.filter(({ tag }) => tag === s.tag);
          expect(mailbox.removeRef(MESSAGE, s.tag).map(({ length }) => length)).toEqual(flushed.map(i => i.length));
          for (const item of flushed) remove(model, model.items.indexOf(item));
        } else if (s.do === "rewind") {
          mailbox.rewind();
          model.seen = 0;
        } else if (s.do === "clear") {
          mailbox.clear();
          model.items = [];
          model.seen = 0;
        }
        const unseen = mailbox.from(mailbox.saved);
        expect(unseen === NONE ? undefined : mailbox.word(unseen, TAG)).toBe(model.items[model.seen]?.tag);
        expect(mailbox.saved === mailbox.tail).toBe(model.seen === model.items.length);
        expect(mailbox.count).toBe(model.items.length);
        for (let ref = -1; ref >= -refs; ref--) {
          const at = mailbox.findRef(0, MESSAGE, ref);
          const found = at === NONE ? undefined : new DataView(mailbox.payload(at).buffer);
          const wanted = model.items.find(({ tag }) => tag === ref);
          expect(found?.byteLength).toBe(wanted?.length);
          if (found !== undefined && found.byteLength >= 4) expect(found.getUint32(0)).toBe(wanted?.id);
        }
        expect(mailbox.bytes).toBe(model.items.reduce((sum, item) => sum + item.length, 0));
      }
      expect(positions(mailbox).map(at => mailbox.payload(at))).toEqual(
        model.items.map(item => payload(item.id, item.length)),
      );
    },
  );
});
