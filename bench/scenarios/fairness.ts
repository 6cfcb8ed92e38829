import { compiled } from "../harness/compiled.ts";
import { guestScenario } from "../harness/guest-scenario.ts";

export const fairness = guestScenario({
  name: "fairness",
  summary: "calls while another guest computes without end",
  operation: "a call and its reply",
  parameters: { calls: 500, spinners: 1 },
  paced: true,
  guest: "call",
  entry: "beside",
  operations: ({ calls }) => calls,
  async around(runtime, { spinners }) {
    const spinner = await runtime.load(await compiled("spinner", "asyncify", true), { name: "spinner" });
    const options = { way: "asyncify", reductions: { policy: "yield" } } as const;
    const spinning = Array.from({ length: spinners }, () => runtime.spawn(spinner, options));
    return () => {
      if (!spinning.every(pid => runtime.kill(pid))) throw new Error("a guest that computes without end has ended");
      return {};
    };
  },
});
