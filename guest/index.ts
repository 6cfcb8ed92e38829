/**
 * The guest library: what an actor written in AssemblyScript imports as `isopod/guest`.
 *
 * A guest is a process or a handler. A process exports `run`, which may wait in `receive`; the actor ends when it returns:
 *
 * ```ts
 * import { forward, receive } from "isopod/guest";
 *
 * export function run(): void {
 *   while (true) {
 *     const message = receive();
 *     forward(message.from, message);
 *   }
 * }
 * ```
 *
 * A handler exports `handle`, which is called for each message and never waits; see handler.ts. An actor that answers calls
 * is best a `Server` (server.ts), one that starts others and keeps them running a `Supervisor` (supervisor.ts). More guests
 * are in examples/.
 *
 * Receiving and sending allocate nothing: a `Message` is a view of the one window that the host writes into, valid until
 * the next receive; reading it later crashes. docs/abi.md says what the host does; the other files here say it in AssemblyScript.
 */

export { Caller, call, callRaw, callText, Outcome, Reply, reply, replyText } from "./call";
export { CborKind, CborReader } from "./cbor-reader";
export { CborWriter } from "./cbor-writer";
export { Child, Restart } from "./child";
export { broadcast, join, leave, members } from "./groups";
export { listen, received } from "./handler";
export { answerOf } from "./host";
export { JsonWriter } from "./json-writer";
export { demonitor, exitTo, isAlive, kill, link, monitor, trapExit, unlink } from "./links";
export {
  receive,
  receiveMatch,
  receiveMatchWithin,
  receiveTag,
  receiveTagWithin,
  receiveWhere,
  receiveWhereWithin,
  receiveWithin,
} from "./mailbox";
export { Matcher, match, matchFirst } from "./match";
export { Kind, Message, MessageCopy, Reason } from "./message";
export { Pid } from "./pid";
export { args, argsText, exit, exitFor, exitText, exitWith, Level, log, now, parent, self, shutdown } from "./process";
export { Reader } from "./reader";
export { ExitReason } from "./reason";
export { dropRef, makeRef, Ref } from "./ref";
export { Registered, register, sendNamed, unregister, whereis } from "./registry";
export { Request, Requests, request, requestRaw, requestText } from "./request";
export { forward, Sent, send, sendRaw, sendTag, sendText } from "./send";
export { Server, serve } from "./server";
export { Spawned, SpawnStatus, spawn, spawnLink, spawnLinkMonitor, spawnMonitor } from "./spawn";
export { NOT_GRANTED, OVER_LIMIT } from "./status";
export { Strategy, Supervisor, supervise } from "./supervisor";
export { cancelTimer, sendAfter } from "./timers";
export { Writer } from "./writer";
