/** isopod's public names. It runs in any JavaScript engine; `isopod/node` adds what only Node can do. */

export type { MemoryUse } from "./account.ts";
export type { Counters } from "./actor.ts";
export type { OnError } from "./call-out.ts";
export { CallError, type CallOptions, CallTimeoutError } from "./calls.ts";
export type { Clock } from "./clock.ts";
export { systemClock } from "./clock.ts";
export type { Denial } from "./denials.ts";
export type { ActorExit } from "./ends.ts";
export { ClosedError, IsopodError, LoadError, SpawnError } from "./errors.ts";
export { escapeControls } from "./escape-controls.ts";
export type { Grants } from "./grants.ts";
export type { GuestModule, WayName } from "./guest.ts";
export type { FailingHostFunction, HostContext, HostFunction, HostImports } from "./host-functions.ts";
export type { DemonitorOptions, HostMailbox, ReceiveOptions, SendAfterOptions } from "./host-mailbox.ts";
export type { LogLevel } from "./imports.ts";
export type { InspectEvent, InspectKind } from "./inspection.ts";
export { hasJspi } from "./jspi.ts";
export { defaultLimits, type Limits, type RuntimeLimits } from "./limits.ts";
export type { Down, Exit, ExitReason, GivenReason, Message, Received, TimerItem } from "./message.ts";
export type { BuiltModule, ModuleSource } from "./module-source.ts";
export type { ActorInfo, PeekOptions, Snapshot, Wait, WaitingItem } from "./observer.ts";
export { formatPid, type Pid, parsePid } from "./pid.ts";
export type { Lookup, ReadSourceMap } from "./places.ts";
export type { DeadLetter } from "./post.ts";
export type { ReductionOptions, ReductionPolicy } from "./preempt.ts";
export { formatReason } from "./reason.ts";
export type { LoadOptions, RuntimeOptions, SendOptions } from "./runtime.ts";
export { Runtime } from "./runtime.ts";
export type { ModuleDefaults, SpawnOptions } from "./spawner.ts";
export type {
  Backoff,
  ChildReport,
  ChildSpec,
  Restart,
  Strategy,
  Supervisor,
  SupervisorOptions,
} from "./supervisor.ts";
export { formatReport } from "./supervisor.ts";
