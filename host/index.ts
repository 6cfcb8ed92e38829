/**
 * The public names of isopod. It runs in any JavaScript engine. `isopod/node` adds what only Node
 * can do.
 */

export { CallError, type CallOptions, CallTimeoutError } from "./javascript/calls.ts";
export {
  type Backoff,
  type ChildSpec,
  formatReport,
  type Restart,
  type Strategy,
  type SupervisorOptions,
} from "./javascript/child.ts";
export type { DemonitorOptions, HostMailbox, SendAfterOptions } from "./javascript/host-mailbox.ts";
export type { ReceiveOptions } from "./javascript/inbox.ts";
export type { Supervisor } from "./javascript/supervisor.ts";
export type { ModuleDefaults, SpawnOptions } from "./life/spawner.ts";
export type { Lookup, ReadSourceMap } from "./module/crash-places.ts";
export { hasJspi } from "./module/engine.ts";
export type { GuestModule } from "./module/guest-module.ts";
export type { BuiltModule, ModuleSource } from "./module/source.ts";
export type { ActorInfo, PeekOptions, Snapshot, Wait, WaitingItem } from "./observe/snapshot.ts";
export type { LoadOptions, RuntimeOptions, SendOptions } from "./options.ts";
export { Runtime } from "./runtime.ts";
export type { OnError } from "./time/call-out.ts";
export type { Clock } from "./time/clock.ts";
export { systemClock } from "./time/clock.ts";
export { ClosedError, IsopodError, LoadError, SpawnError } from "./wire/errors.ts";
export { escapeControls } from "./wire/escape-controls.ts";
export type {
  ActorExit,
  ChildReport,
  Counters,
  DeadLetter,
  Denial,
  InspectEvent,
  InspectKind,
  LogLevel,
} from "./wire/events.ts";
export type { Grants } from "./wire/grants.ts";
export type { FailingHostFunction, HostContext, HostFunction, HostImports } from "./wire/host-functions.ts";
export {
  defaultLimits,
  type Limits,
  type ReductionOptions,
  type ReductionPolicy,
  type RuntimeLimits,
  type WayName,
} from "./wire/limits.ts";
export type { MemoryUse } from "./wire/memory-use.ts";
export type { Down, Exit, ExitReason, GivenReason, Message, Received, TimerItem } from "./wire/message.ts";
export { formatPid, type Pid, parsePid } from "./wire/pid.ts";
export { formatReason } from "./wire/reason.ts";
