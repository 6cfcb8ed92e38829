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
 * A handler exports `handle`, which is called for each message and never waits; see handler.ts. More guests are in
 * examples/.
 *
 * Receiving and sending allocate nothing: a `Message` is a view of the one window that the host writes into, valid until
 * the next receive. docs/abi.md says what the host does; the other files here say it in AssemblyScript.
 */

export { listen, received } from "./handler";
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
export { Matcher, match } from "./match";
export { Kind, Message, Reason } from "./message";
export { Pid } from "./pid";
export { args, argsText, exit, exitText, exitWith, Level, log, now, self, shutdown } from "./process";
export { Reader } from "./reader";
export { forward, Sent, send, sendRaw, sendTag, sendText } from "./send";
export { Writer } from "./writer";
