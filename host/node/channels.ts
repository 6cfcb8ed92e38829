/**
 * Publishes the events of a runtime on Node's diagnostics channels, such as `isopod:spawn`.
 * The runtime makes no event for a channel without subscribers.
 */
import { type Channel, channel } from "node:diagnostics_channel";
import type { InspectKind, Runtime } from "../index.ts";

const channels: Readonly<Record<InspectKind, Channel>> = {
  spawn: channel("isopod:spawn"),
  exit: channel("isopod:exit"),
  "dead-letter": channel("isopod:dead-letter"),
  log: channel("isopod:log"),
  register: channel("isopod:register"),
  unregister: channel("isopod:unregister"),
  child: channel("isopod:child"),
  report: channel("isopod:report"),
  dropped: channel("isopod:dropped"),
};

/** Each channel message is the event, with its runtime as `runtime`. */
export function publish(runtime: Runtime): void {
  runtime.inspect(
    event => channels[event.kind].publish({ runtime, ...event }),
    kind => channels[kind].hasSubscribers,
  );
}
