import type { Scenario } from "../harness/scenario.ts";
import { runtimeWith } from "../harness/scenario-runtime.ts";

export const hostCall: Scenario = {
  name: "host-call",
  summary: "the host calls a server and waits for each reply",
  operation: "a call of the host and its reply",
  parameters: { calls: 20_000 },
  guest: "call",
  styles: ["process", "jspi"],
  async prepare({ calls }, style) {
    const runtime = await runtimeWith({ guest: "call" }, style);
    const server = runtime.spawn("guest", { entry: "doubler" });
    const request = new DataView(new ArrayBuffer(4));
    const bytes = new Uint8Array(request.buffer);
    return {
      async round() {
        let check = 0;
        const beganMs = performance.now();
        for (let i = 0; i < calls; i++) {
          request.setUint32(0, i, true);
          const reply = await runtime.call(server, bytes);
          if (new DataView(reply.buffer, reply.byteOffset).getUint32(0, true) === 2 * i) check++;
        }
        const elapsedMs = performance.now() - beganMs;
        if (check !== calls) throw new Error(`host-call: ${calls} calls, but ${check} right replies`);
        return { operations: calls, elapsedMs, check };
      },
      stop: () => runtime.stop(),
    };
  },
};
