/** Selective receive, of scripts with main. */
import * as native from "isopod:native";
import { after, cancel, waiting } from "isopod:waits";

const NO_TAG = -1;

/** The calls of receive() that wait, in their order. */
const receives = [];
/** The one that wants the item which the host takes next. */
let wanting;

function wants({ tag, where }, message) {
  if (tag !== undefined) {
    const { kind } = message;
    if (kind === "exit" || (kind === "down" ? message.ref : message.tag) !== tag) return false;
  }
  return where === undefined || Boolean(where(message));
}

function tellReceives() {
  const isForAny = receives.some(({ tag, where }) => tag === undefined && where === undefined);
  const [only] = receives;
  const isForTag = receives.length === 1 && only.where === undefined && only.tag !== undefined;
  native.receiving(receives.length, isForAny, isForTag ? only.tag : NO_TAG);
}

/** Whether a message is for a call that waits, or for one of the receives. The host then takes it. */
export function isWanted(message) {
  wanting = undefined;
  if (message.kind === "down" && waiting.has(message.ref)) return true;
  wanting = receives.find(receive => wants(receive, message));
  return wanting !== undefined;
}

/** A message was taken. Somebody wants it: `where` is not asked again, because it may answer otherwise. */
export function deliver(message) {
  const receive = wanting ?? receives.find(receive => wants(receive, message));
  wanting = undefined;
  end(receive, message);
}

/** A receive has what it has waited for. */
function end(receive, message) {
  receives.splice(receives.indexOf(receive), 1);
  tellReceives();
  cancel(receive.timer);
  receive.resolve(message);
}

/**
 * The next message that `tag` and `where` want; all others stay in the mailbox. A ref as the tag wants what bears it.
 * Resolves to undefined after `timeoutMs`.
 */
export function receive({ tag, where, timeoutMs = Number.POSITIVE_INFINITY } = {}) {
  if (!native.isMain())
    throw new TypeError("receive() is for scripts with main: onMessage and functions get their messages");
  if (tag !== undefined && (tag | 0) !== tag) throw new TypeError("a tag is a whole number of 32 bits");
  if (where !== undefined && typeof where !== "function") throw new TypeError("where is a function of a message");
  return new Promise(resolve => {
    const receive = { tag, where, resolve, timer: 0 };
    if (timeoutMs !== Number.POSITIVE_INFINITY) receive.timer = after(timeoutMs, () => end(receive, undefined));
    receives.push(receive);
    tellReceives();
  });
}
