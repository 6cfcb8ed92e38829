/**
 * The guest library, which an actor in AssemblyScript imports as `isopod/guest`.
 *
 * A guest is a process or a handler. A process exports `run`, which can wait in `receive`. The
 * actor ends when it returns:
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
 * A handler exports `handle`, which is called for each message and cannot wait (handler.ts). For an
 * actor that answers calls, extend `Server` (server.ts). For an actor that starts others and
 * restarts them, use `Supervisor` (supervisor.ts). examples/ has more guests.
 *
 * Guarantee: receiving and sending allocate nothing. A `Message` is a view of the window that the
 * host writes into. It is valid until the next receive, and reading it later crashes.
 *
 * The library imports nothing but itself and the host's functions in actor.ts. docs/abi.md
 * describes those.
 */

export { Caller, call, callRaw, callText, Outcome, Reply, reply, replyText } from "./call";
export { CborKind, CborReader } from "./cbor-reader";
export { CborWriter } from "./cbor-writer";
export { Child, Restart } from "./child";
export { ClientRequest } from "./client-request";
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
export {
  args,
  argsText,
  epoch,
  exit,
  exitFor,
  exitText,
  exitWith,
  Level,
  log,
  now,
  parent,
  self,
  shutdown,
} from "./process";
export { ask, askText, question, questionText } from "./question";
export { Reader } from "./reader";
export { ExitReason } from "./reason";
export { dropRef, makeRef, Ref } from "./ref";
export { Registered, register, sendNamed, unregister, whereis } from "./registry";
export { Request, Requests, request, requestRaw, requestText } from "./request";
export { forward, Sent, send, sendRaw, sendTag, sendText } from "./send";
export { Server, serve } from "./server";
export { Spawned, SpawnStatus, spawn, spawnLink, spawnLinkMonitor, spawnMonitor } from "./spawn";
export { NOT_GRANTED, OVER_LIMIT } from "./status";
export { decode, encode, message, mustRead, read } from "./structure";
export { Strategy, Supervisor, supervise } from "./supervisor";
export { assert, assertEquals, sleep } from "./testing";
export { cancelTimer, sendAfter } from "./timers";
export { Writer } from "./writer";
