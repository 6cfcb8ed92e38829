/** The events of a runtime on Node's diagnostics channels, `isopod:spawn` and so on. None is made while its channel has no subscriber. */

import { type Channel, channel } from "node:diagnostics_channel";
import type { Runtime } from "../runtime.ts";
import type { InspectKind } from "../wire/events.ts";

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

/** A message is the event and its runtime. */
export function publish(runtime: Runtime): void {
  runtime.inspect(
    event => channels[event.kind].publish({ runtime, ...event }),
    kind => channels[kind].hasSubscribers,
  );
}
