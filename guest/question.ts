/**
 * Questions to the embedder. The host may offer functions that guests do not import, but ask by name. `ask` waits for
 * the answer. With `question` an actor asks any number of them and does other work, as it does with requests.
 *
 * ```ts
 * const answer = askText("db.get", "color");
 * if (answer.ok) log(answer.text());
 * ```
 *
 * What a request and its answer mean, the function says. One that is made by `answering` of `isopod/codec` takes an
 * array of arguments, and answers `[true, result]` or `[false, name, message]`.
 */

import * as actor from "./actor";
import { answerTo, DEFAULT_TIMEOUT_MS, isRef, Outcome, Reply } from "./call";
import { Reason } from "./message";
import { ExitReason } from "./reason";
import { Request } from "./request";
import { NOT_GRANTED, OVER_LIMIT } from "./status";
import * as utf8 from "./utf8";

/**
 * Asks a function of the embedder and waits for its answer. A handler cannot wait, so it crashes there; use
 * `question` instead.
 *
 * @param name the function with its module: `db.get`
 * @param timeoutMs milliseconds to wait at most; negative waits for ever
 * @returns a reply as of `call`. `Outcome.Ended`: there is no such function (the reason is `Reason.NoProc`), or its
 * answer is too long for this actor (`Reason.NoConnection`)
 */
export function ask(name: string, request: Uint8Array, timeoutMs: i32 = DEFAULT_TIMEOUT_MS): Reply {
  const length = utf8.encode(name);
  return replyTo(actor.ask(utf8.ptr, length, request.dataStart, request.length), timeoutMs);
}

/** As `ask`, with a text as UTF-8. */
export function askText(name: string, request: string, timeoutMs: i32 = DEFAULT_TIMEOUT_MS): Reply {
  return replyTo(asked(name, request), timeoutMs);
}

/**
 * Asks a function of the embedder, and does not wait. `Request` says what to do with the answer, also beside requests
 * to actors. Its `to` is 0. A question that was refused is over at once.
 */
export function question(name: string, request: Uint8Array): Request {
  const length = utf8.encode(name);
  return requestOf(actor.ask(utf8.ptr, length, request.dataStart, request.length));
}

/** As `question`, with a text as UTF-8. */
export function questionText(name: string, request: string): Request {
  return requestOf(asked(name, request));
}

/** The name and the text share the buffer. */
function asked(name: string, request: string): i32 {
  const nameLength = String.UTF8.byteLength(name);
  const length = utf8.encode(name + request);
  return actor.ask(utf8.ptr, nameLength, utf8.ptr + nameLength, length - nameLength);
}

function replyTo(ref: i32, timeoutMs: i32): Reply {
  return isRef(ref) ? answerTo(ref, timeoutMs) : notAsked(ref);
}

function requestOf(ref: i32): Request {
  return isRef(ref) ? new Request(0, ref, null) : new Request(0, 0, notAsked(ref));
}

/** The reply to a question that was not asked. */
function notAsked(answer: i32): Reply {
  if (answer === 0) return new Reply(Outcome.Ended, null, ExitReason.plain(Reason.NoProc));
  if (answer === OVER_LIMIT) return new Reply(Outcome.OverLimit, null, null);
  return new Reply(answer === NOT_GRANTED ? Outcome.NotGranted : Outcome.TooLarge, null, null);
}
