/**
 * What a message would cost if it were nothing but its bytes: copied twice, from one memory to another and back, as from the sender to a mailbox and from there to the
 * receiver. No scheduler, no call into a guest. It plays as one more contestant of ping-pong.
 */
import type { Beside } from "./scenario.ts";

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
        // The last ball has been there.
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
