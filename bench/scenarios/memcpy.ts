/**
 * The least that a message could cost: its bytes are copied from one WebAssembly memory to another
 * and back, as from the sender to a mailbox and from there to the receiver. There is no scheduler
 * and no call into a guest. Ping-pong plays it in its rounds.
 */
import type { Beside } from "../harness/scenario.ts";

const PAGE_BYTES = 65_536;

export const memcpy: Beside = {
  name: "memcpy",
  async prepare({ bytes, messages }) {
    const [near, far] = [region(bytes), region(bytes)];
    let ball = 0;
    return {
      async round() {
        const beganMs = performance.now();
        let check = 0;
        for (; check < messages; check++) {
          if (bytes > 0) near[bytes - 1] = ++ball;
          far.set(near);
          near.set(far);
        }
        const elapsedMs = performance.now() - beganMs;
        // The last byte of the last ball has arrived.
        if (bytes > 0 && far[bytes - 1] !== (ball & 255)) throw new Error("memcpy: nothing was copied");
        return { operations: messages, elapsedMs, check };
      },
      async stop() {},
    };
  },
};

function region(bytes: number): Uint8Array {
  const memory = new WebAssembly.Memory({ initial: Math.max(1, Math.ceil(bytes / PAGE_BYTES)) });
  return new Uint8Array(memory.buffer, 0, bytes);
}
