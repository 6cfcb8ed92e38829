import { openRecovery } from "../fault-recovery.ts";
import type { Scenario } from "../scenario.ts";

export const faultRecovery: Scenario = {
  name: "fault-recovery",
  summary: "a supervised server that crashes, is restarted and answers again",
  operation: "a crash and the first answer after it",
  parameters: { crashes: 500 },
  styles: ["process", "jspi"],
  async prepare({ crashes }, style) {
    const { runtime, crashAndRecover } = await openRecovery(style === "jspi" ? "jspi" : "process");
    return {
      async round() {
        const samplesNs: number[] = [];
        const beganMs = performance.now();
        for (let lastMs = beganMs, i = 0; i < crashes; i++) {
          await crashAndRecover();
          const nowMs = performance.now();
          samplesNs.push((nowMs - lastMs) * 1e6);
          lastMs = nowMs;
        }
        return { operations: crashes, elapsedMs: performance.now() - beganMs, check: samplesNs.length, samplesNs };
      },
      stop: () => runtime.stop(),
    };
  },
};
