import { compiled } from "../compiled.ts";
import { guestScenario } from "../scenario.ts";

export const fairness = guestScenario({
  name: "fairness",
  summary: "calls beside guests that compute for ever and are preempted",
  operation: "a call answered",
  parameters: { calls: 500, spinners: 1 },
  paced: true,
  guest: "call",
  entry: "beside",
  operations: ({ calls }) => calls,
  async around({ runtime }, { spinners }) {
    const spinner = await runtime.load(await compiled("spinner", "asyncify", true), { name: "spinner" });
    const options = { way: "asyncify", reductions: { policy: "yield" } } as const;
    const spinning = Array.from({ length: spinners }, () => runtime.spawn(spinner, options));
    return () => {
      if (!spinning.every(pid => runtime.kill(pid))) throw new Error("a guest that computes for ever has ended");
      return {};
    };
  },
});
