/** The ring of a mailbox: how it grows, wraps, shrinks, and gives its memory back. */
import { describe, expect, test } from "vitest";
import { Bytes } from "../../host/mail/bytes.ts";
import { LENGTH, Mailbox, NONE, type Ring, RingPool, TAG } from "../../host/mail/mailbox.ts";
import { DOWN, MESSAGE } from "../../host/wire/message.ts";

function put(mailbox: Mailbox, tag: number, payload: Uint8Array = Uint8Array.of(tag)): void {
  mailbox.push(MESSAGE, tag, 1, 0, 0, 0, Bytes.ofPayload(payload), 0, payload.length);
}

function tags(mailbox: Mailbox): number[] {
  const found: number[] = [];
  for (let at = mailbox.first(); at !== NONE; at = mailbox.next(at)) found.push(mailbox.word(at, TAG));
  return found;
}

function takeFirst(mailbox: Mailbox): Uint8Array {
  const at = mailbox.first();
  const bytes = mailbox.payload(at);
  mailbox.remove(at);
  return bytes;
}

function filled(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 255);
}

/** Counts the bytes of rings that are out. */
class CountingPool extends RingPool {
  out = 0;
  override take(capacity: number): Ring {
    this.out += capacity;
    return super.take(capacity);
  }
  override give(ring: Ring): void {
    this.out -= ring.capacity;
    super.give(ring);
  }
}

describe("a mailbox", () => {
  test("gives items back in order of arrival, whatever their lengths", () => {
    const mailbox = new Mailbox(new RingPool());
    const lengths = [0, 1, 7, 8, 9, 63, 64, 65, 300, 0, 5000, 3];
    lengths.forEach((length, i) => {
      put(mailbox, i, filled(length, i));
    });
    lengths.forEach((length, i) => {
      expect(takeFirst(mailbox)).toEqual(filled(length, i));
    });
    expect(mailbox.first()).toBe(NONE);
  });

  test("has no buffer before its first item nor after its last", () => {
    const pool = new CountingPool();
    const mailbox = new Mailbox(pool);
    expect(pool.out).toBe(0);
    put(mailbox, 1, filled(100_000, 1));
    expect(pool.out).toBeGreaterThanOrEqual(100_000);
    takeFirst(mailbox);
    expect(pool.out).toBe(0);
  });

  test("takes a message larger than its ring while others wait", () => {
    const mailbox = new Mailbox(new RingPool());
    put(mailbox, 1);
    put(mailbox, 2, filled(1_000_000, 2));
    put(mailbox, 3);
    expect(takeFirst(mailbox)).toEqual(Uint8Array.of(1));
    expect(takeFirst(mailbox)).toEqual(filled(1_000_000, 2));
    expect(takeFirst(mailbox)).toEqual(Uint8Array.of(3));
  });

  test("leaves a large ring for a small one when a flood is over but something stays", () => {
    const pool = new CountingPool();
    const mailbox = new Mailbox(pool);
    for (let i = 0; i < 10_000; i++) put(mailbox, i);
    const flooded = pool.out;
    for (let i = 0; i < 9_999; i++) takeFirst(mailbox);
    expect(tags(mailbox)).toEqual([9_999]);
    expect(pool.out).toBeLessThan(flooded / 16);
  });

  test("does not grow while one saved item lets a million others pass", () => {
    const pool = new CountingPool();
    const mailbox = new Mailbox(pool);
    put(mailbox, 7);
    for (let i = 0; i < 1_000_000; i++) {
      put(mailbox, 8);
      put(mailbox, 9);
      mailbox.remove(mailbox.findTag(0, 8));
      mailbox.remove(mailbox.findTag(0, 9));
    }
    expect(tags(mailbox)).toEqual([7]);
    expect(pool.out).toBeLessThanOrEqual(4096);
  });

  test("keeps fewer dead records than live ones when items are taken from the middle", () => {
    const pool = new CountingPool();
    const mailbox = new Mailbox(pool);
    for (let i = 0; i < 10_000; i++) put(mailbox, i);
    for (let i = 1; i < 9_999; i++) mailbox.remove(mailbox.findTag(0, i));
    expect(tags(mailbox)).toEqual([0, 9_999]);
    expect(pool.out).toBeLessThanOrEqual(4096);
  });

  test("moves the save pointer along when records move", () => {
    const mailbox = new Mailbox(new RingPool());
    for (let i = 0; i < 40; i++) put(mailbox, i);
    mailbox.saved = mailbox.findTag(0, 30);
    for (let i = 1; i < 30; i++) mailbox.remove(mailbox.findTag(0, i));
    for (let i = 40; i < 400; i++) put(mailbox, i);
    expect(mailbox.word(mailbox.from(mailbox.saved), TAG)).toBe(30);
  });

  test("counts live items and their bytes", () => {
    const mailbox = new Mailbox(new RingPool());
    put(mailbox, 1, filled(10, 0));
    put(mailbox, 2, filled(20, 0));
    put(mailbox, 3, filled(30, 0));
    mailbox.remove(mailbox.findTag(0, 2));
    expect([mailbox.count, mailbox.bytes]).toEqual([2, 40]);
    expect(mailbox.word(mailbox.first(), LENGTH)).toBe(10);
  });

  test("finds a tag among messages only: a signal with the same word is none", () => {
    const mailbox = new Mailbox(new RingPool());
    mailbox.push(DOWN, 5, 1, 0, 0, 0, Bytes.ofLength(0), 0, 0);
    expect(mailbox.findTag(0, 5)).toBe(NONE);
    put(mailbox, 5);
    expect(mailbox.word(mailbox.findTag(0, 5), TAG)).toBe(5);
  });
});

describe("a ring pool", () => {
  test("keeps a ring of up to 16 KiB where the switch reaches it, so that messages of 4 KiB find it there, and of up to 4 KiB elsewhere", () => {
    const [apart, shared] = [new CountingPool(), new CountingPool()];
    shared.share();
    for (const [pool, length, kept] of [
      [apart, 1000, 2048],
      [apart, 4096, 0],
      [shared, 4096, 8192],
      [shared, 16_000, 16_384],
      [shared, 17_000, 0],
    ] as const) {
      const mailbox = new Mailbox(pool);
      const before = pool.out;
      put(mailbox, 1, filled(length, 1));
      takeFirst(mailbox);
      expect(pool.out - before, `${length}`).toBe(kept);
    }
  });

  test("finds a small ring where the switch reaches it, however many large ones there are", () => {
    const pool = new RingPool();
    pool.share();
    let large = 0;
    while (pool.take(16_384).isShared) large += 16_384;
    expect(large).toBe(48 * 1024 * 1024);
    let small = 0;
    while (pool.take(4096).isShared) small += 4096;
    expect(small).toBe(16 * 1024 * 1024);
  });

  test("gives a ring out again, and keeps no more than its share", () => {
    const pool = new RingPool(undefined, 1024);
    const rings = [pool.take(512), pool.take(512), pool.take(512)];
    for (const ring of rings) pool.give(ring);
    const again = [pool.take(512), pool.take(512), pool.take(512)];
    expect(again.filter(ring => rings.includes(ring))).toHaveLength(2);
  });
});
