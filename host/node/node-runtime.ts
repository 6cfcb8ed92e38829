/** The runtime on Node: it publishes its events on diagnostics channels, and can be observed. */
import type { RuntimeOptions } from "../options.ts";
import { Runtime } from "../runtime.ts";
import { publish } from "./channels.ts";
import type { ObserveOptions, ObserverServer } from "./observer/server.ts";

export class NodeRuntime extends Runtime {
  constructor(options: RuntimeOptions = {}) {
    super(options);
    publish(this);
  }

  /**
   * Serves a page about this runtime on 127.0.0.1, until it is closed or the process ends, which it does not keep alive. Rejects where the port is taken.
   * What it costs, and who may see what, is in docs/observer.md.
   */
  async observe(options: ObserveOptions = {}): Promise<ObserverServer> {
    const { observe } = await import("./observer/server.ts");
    return observe(this, options);
  }
}
