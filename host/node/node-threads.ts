/** The runtime over several threads on Node: it publishes its events on diagnostics channels, and can be observed. */
import { createThreads, ThreadedRuntime, type ThreadOptions } from "../threads/index.ts";
import { publish } from "./channels.ts";
import type { ObserveOptions, ObserverServer } from "./observer/server.ts";
import { needPackages, PAGE_PACKAGES } from "./optional-packages.ts";

export class NodeThreadedRuntime extends ThreadedRuntime {
  constructor(...given: ConstructorParameters<typeof ThreadedRuntime>) {
    super(...given);
    publish(this);
  }

  /** As `NodeRuntime.observe`. The page shows the actors of thread 0. */
  async observe(options: ObserveOptions = {}): Promise<ObserverServer> {
    needPackages("the observer", PAGE_PACKAGES);
    const { observe } = await import("./observer/server.ts");
    return observe(this, options);
  }
}

export function createNodeThreads(options: ThreadOptions): Promise<NodeThreadedRuntime> {
  return createThreads(options, (...given) => new NodeThreadedRuntime(...given));
}
