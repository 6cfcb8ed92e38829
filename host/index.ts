/**
 * The public names of isopod, as a table of contents of host/. It runs in any JavaScript engine;
 * `isopod/node` adds what only Node can do. docs/design.md names the rooms behind these files.
 */

// The runtime, its options, and its limits and grants.

export type { LoadOptions, RuntimeOptions } from "./options.ts";
export { Runtime } from "./runtime.ts";
export type { OnError } from "./time/call-out.ts";
export type { Clock } from "./time/clock.ts";
export { systemClock } from "./time/clock.ts";
export type { Grants } from "./wire/grants.ts";
export {
  defaultLimits,
  type Limits,
  type ReductionOptions,
  type ReductionPolicy,
  type RuntimeLimits,
  type WayName,
} from "./wire/limits.ts";

// Guest modules: loading them and spawning actors of them.

export type { DeriveOptions, ModuleDefaults, SpawnOptions } from "./life/spawn-options.ts";
export type { Lookup, ReadSourceMap } from "./module/crash-places.ts";
export type { DerivedModule } from "./module/derived-module.ts";
export { hasJspi } from "./module/engine.ts";
export type { GuestModule } from "./module/guest-module.ts";
export type { BuiltModule, ModuleSource } from "./module/source.ts";

// Messages: pids, items, and exit reasons.

export { type Codec, DecodeError } from "./wire/codec.ts";
export type { Down, Exit, ExitReason, GivenReason, Message, Received, TimerItem } from "./wire/message.ts";
export { formatPid, type Pid, parsePid } from "./wire/pid.ts";
export { Reader } from "./wire/reader.ts";
export { formatReason } from "./wire/reason.ts";
export { Writer } from "./wire/writer.ts";

// Actors in JavaScript: calls, host mailboxes, and supervisors.

export { CallError, type CallOptions, CallTimeoutError, type TypedCallOptions } from "./javascript/calls.ts";
export {
  type Backoff,
  type ChildSpec,
  formatReport,
  type Restart,
  type Strategy,
  type SupervisorOptions,
} from "./javascript/child.ts";
export { type Client, type ClientOptions, RemoteError } from "./javascript/client.ts";
export type { DemonitorOptions, HostMailbox, SendAfterOptions, SendOptions } from "./javascript/host-mailbox.ts";
export type { ReceiveOptions } from "./javascript/inbox.ts";
export type { Supervisor } from "./javascript/supervisor.ts";

// Functions of the embedder that guests import.

export type {
  AnsweringHostFunction,
  FailingHostFunction,
  HostContext,
  HostFunction,
  HostImports,
} from "./wire/host-functions.ts";

// What those outside see: snapshots, events, counters.

export type { ActorFilter } from "./observe/actor-filter.ts";
export type { ActorInfo, Wait } from "./observe/actor-info.ts";
export type { ActorOrder } from "./observe/actor-order.ts";
export type { Arrivals } from "./observe/arrivals.ts";
export type { Follow, FollowedMessage, FollowOptions } from "./observe/follows.ts";
export type { Snapshot, SnapshotOptions } from "./observe/snapshot.ts";
export type { Totals } from "./observe/totals.ts";
export type { TurnTimes, TurnWindow } from "./observe/turn-times.ts";
export type { PeekOptions, WaitingItem } from "./observe/waiting-item.ts";
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
export type { MemoryUse } from "./wire/memory-use.ts";
export type { Recording } from "./wire/recording.ts";

// Errors.

export { ClosedError, EngineError, ImageError, IsopodError, LoadError, SpawnError } from "./wire/errors.ts";
