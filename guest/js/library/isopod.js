/**
 * The module "isopod" of scripts. Everything here is asked of the host, which checks grants and limits: a status
 * that says no becomes an error with what is missing.
 */
import * as native from "isopod:native";

const NOT_GRANTED = -100;
const OVER_LIMIT = -101;
const DEFAULT_TIMEOUT_MS = 5000;
const NO_TAG = -1;

/** The host has not granted this to the actor. */
export class NotGrantedError extends Error {
  name = "NotGrantedError";
}

/** It would be more than a limit of the actor allows. */
export class LimitError extends Error {
  name = "LimitError";
}

/** A call was not answered: the callee ended, or did not accept the request. */
export class CallError extends Error {
  name = "CallError";

  constructor(message, reason) {
    super(message);
    this.reason = reason;
  }
}

/** A call was not answered in time. */
export class CallTimeoutError extends Error {
  name = "CallTimeoutError";
}

/** The function that was called has thrown this. `remoteName` is the name of that error. */
export class RemoteError extends Error {
  name = "RemoteError";

  constructor(method, remoteName, remoteMessage) {
    super(`${method}: ${remoteName}: ${remoteMessage}`);
    this.method = method;
    this.remoteName = remoteName;
    this.remoteMessage = remoteMessage;
  }
}

/** Throws for the two statuses that every import has, else answers the status. */
function checked(status, what, grant, limit) {
  if (status === NOT_GRANTED) throw new NotGrantedError(`${what}: the host has not granted ${grant}`);
  if (status === OVER_LIMIT) throw new LimitError(`${what}: a limit is reached (${limit})`);
  return status;
}

// What the script waits for: answers and timers, by the refs that their items bear.

const waiting = new Map();

function expect(ref, settle) {
  waiting.set(ref, settle);
  native.await(ref);
}

function forget(ref) {
  if (waiting.delete(ref)) native.forget(ref);
}

/** An item that bears a ref has come. False: nobody waits for it. */
function settle(message) {
  const ref = message.kind === "message" ? message.tag : message.ref;
  const found = waiting.get(ref);
  if (found === undefined) return false;
  forget(ref);
  found(message);
  return true;
}

// Timers.

/** Calls a function in so many milliseconds. Answers the ref of the timer. */
export function after(delayMs, call) {
  const delay = Math.min(2 ** 31 - 1, Math.max(0, Math.trunc(Number(delayMs)) || 0));
  const ref = checked(native.sendAfter(delay), "a timer", "timers", "timers");
  expect(ref, call);
  return ref;
}

export function cancel(ref) {
  if (!waiting.has(ref)) return false;
  forget(ref);
  const isCancelled = native.cancelTimer(ref) === 1;
  // It has fired already, and its item is in the mailbox.
  if (!isCancelled) native.demonitor(ref);
  return true;
}

// Sending and calling.

/** The actor's own pid. */
export const self = () => native.self();

/** The pid of the actor that has spawned this one; undefined where the host has. */
export const parent = () => native.parent();

/** The bytes that were given at spawn. */
export const args = () => native.args();

/**
 * Sends a value to a pid or a name. True: it is in the mailbox. `raw` sends a string as UTF-8, or a Uint8Array, as it is.
 */
export const send = native.send;

/** Answers a message that was sent by `call`. False: the caller has ended, or waits no more. */
export function reply(message, value, { raw = false } = {}) {
  if (message.ref === 0) throw new TypeError("reply: this message is no call, so nobody waits for an answer");
  return native.answer(message.from, message.ref, value, raw) === 1;
}

function pidOf(to, what) {
  if (typeof to !== "string") return to;
  const pid = checked(native.whereis(to), what, "lookup", "names");
  if (pid < 1) throw new CallError(`${what}: no actor has the name ${to}`, { kind: "noproc" });
  return pid;
}

const shown = to => (typeof to === "string" ? to : `actor ${to}`);

function refusal(to, ref) {
  if (ref === OVER_LIMIT) return new LimitError(`the call to ${shown(to)}: a limit is reached (ties, or the mailbox)`);
  const why = ref === 1 ? "its mailbox is full" : "the message is longer than it accepts";
  return new CallError(`the call to ${shown(to)} was not accepted: ${why}`, undefined);
}

/** Sends a value to a pid or a name, and resolves to the answer. Rejects with a CallError, or after `timeoutMs` (5,000). */
export function call(to, value, { timeoutMs = DEFAULT_TIMEOUT_MS, tag = 0, raw = false } = {}) {
  return new Promise((resolve, reject) => {
    const ref = native.request(pidOf(to, "call"), value, tag, raw);
    if (ref >= 0 || ref === OVER_LIMIT) throw refusal(to, ref);
    const timer =
      timeoutMs === Number.POSITIVE_INFINITY
        ? 0
        : after(timeoutMs, () => {
            forget(ref);
            native.demonitor(ref);
            reject(new CallTimeoutError(`${shown(to)} did not answer within ${timeoutMs} ms`));
          });
    expect(ref, message => {
      if (timer !== 0) cancel(timer);
      native.demonitor(ref);
      try {
        if (message.kind === "message") resolve(raw ? message.bytes : message.value);
        else reject(new CallError(`${shown(to)} ended before it answered: ${message.reason.kind}`, message.reason));
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** The result in the answer [true, result] or [false, name, message] of a function's call. */
function unwrap(method, answer) {
  if (Array.isArray(answer)) {
    if (answer[0] === true) return answer[1];
    if (answer[0] === false) throw new RemoteError(method, answer[1], answer[2]);
  }
  throw new TypeError(`${method}: the answer is neither [true, result] nor [false, name, message]`);
}

/** An object whose properties are functions by their names. Promises and JSON ask objects for some names, which are none. */
function functionsOf(called) {
  return new Proxy(Object.freeze({}), {
    get: (_, name) =>
      typeof name !== "string" || name === "then" || name === "toJSON" || name in Object.prototype
        ? undefined
        : called(name),
  });
}

/** The functions of an actor: `client(pid).total(items)` calls its function `total`. */
export const client = (to, options) =>
  functionsOf(
    method =>
      async (...args) =>
        unwrap(method, await call(to, [method, ...args], options)),
  );

function askHost(name, args) {
  return new Promise((resolve, reject) => {
    const ref = checked(native.ask(name, args), name, `imports for ${name}`, "hostCalls, or ties");
    if (ref === 0) throw new ReferenceError(`the host has no function ${name} that scripts can call`);
    if (ref > 0) throw new LimitError(`${name}: its arguments are longer than a message may be (limit messageBytes)`);
    // The ref ends with its answer.
    expect(ref, message => {
      try {
        if (message.kind === "message") resolve(unwrap(name, message.value));
        else reject(new CallError(`${name} was not answered: ${message.reason.kind}`, message.reason));
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** The functions of the embedder: `await host.db.get(key)` calls its function `db.get`. */
export const host = functionsOf(module =>
  functionsOf(
    name =>
      (...args) =>
        askHost(`${module}.${name}`, args),
  ),
);

// Receiving, in scripts with main.

/** The calls of receive() that wait, in their order. */
const receives = [];
/** What was taken for a receive that no longer waits, or did not want it. */
const saved = [];

const wants = ({ tag, where }, message) =>
  (tag === undefined || ((message.kind === "message" || message.kind === "timer") && message.tag === tag)) &&
  (where === undefined || Boolean(where(message)));

function tellReceives() {
  const isForAny = receives.some(({ tag, where }) => tag === undefined && where === undefined);
  const [only] = receives;
  const isForTag = receives.length === 1 && only.where === undefined && only.tag !== undefined;
  native.receiving(receives.length, isForAny, isForTag ? only.tag : NO_TAG);
}

/** Whether a message is for a call that waits, or for one of the receives. */
function isWanted(message) {
  if (message.kind === "down" && waiting.has(message.ref)) return true;
  return receives.some(receive => wants(receive, message));
}

/** A message was taken. */
function deliver(message) {
  const place = receives.findIndex(receive => wants(receive, message));
  if (place < 0) {
    saved.push(message);
    return;
  }
  const [{ resolve, timer }] = receives.splice(place, 1);
  tellReceives();
  if (timer !== 0) cancel(timer);
  resolve(message);
}

/**
 * The next message that `tag` and `where` want; all others stay in the mailbox. Resolves to undefined after `timeoutMs`.
 */
export function receive({ tag, where, timeoutMs = Number.POSITIVE_INFINITY } = {}) {
  if (!native.isMain())
    throw new TypeError("receive() is for scripts with main: onMessage and functions get their messages");
  const place = saved.findIndex(message => wants({ tag, where }, message));
  if (place >= 0) return Promise.resolve(saved.splice(place, 1)[0]);
  return new Promise(resolve => {
    const entry = { tag, where, resolve, timer: 0 };
    if (timeoutMs !== Number.POSITIVE_INFINITY) {
      entry.timer = after(timeoutMs, () => {
        receives.splice(receives.indexOf(entry), 1);
        tellReceives();
        resolve(undefined);
      });
    }
    receives.push(entry);
    tellReceives();
  });
}

// Other actors.

const LINKED = 1;
const MONITORED = 2;

function start(name, { args, link = false } = {}, flags) {
  const [status, pid, ref] = native.spawn(name, args, (link ? LINKED : 0) | flags);
  checked(status, `spawn of ${name}`, `spawn for ${name}`, "familyActors, spawnsPerSecond, or one of the runtime");
  if (status === 1) return { pid, ref };
  throw new Error(
    `spawn of ${name}: ${status === 0 ? "no module is defined by this name" : "it could not be started"}`,
  );
}

/** Spawns an actor of a module that the host has defined, and answers its pid. `args`: a string or a Uint8Array. */
export const spawn = (name, options) => start(name, options, 0).pid;

/** As spawn, with a monitor: answers { pid, ref }. */
export const spawnMonitor = (name, options) => start(name, options, MONITORED);

/** Links to an actor. False: there is no such actor, and an exit signal comes. */
export const link = pid => checked(native.link(pid), "link", "kill", "ties") === 1;

export const unlink = pid => native.unlink(pid) === 1;

/** One message of the kind "down" comes when the actor ends. Answers its ref. */
export const monitor = pid => checked(native.monitor(pid), "monitor", "", "ties");

export const demonitor = ref => native.demonitor(ref) === 1;

/** From now on exit signals come as messages, or act. Answers how it was before. */
export const trapExit = (on = true) => native.trapExit(on ? 1 : 0) === 1;

const codes = { normal: 0, shutdown: 1, killed: 2, crashed: 3, noproc: 4, noconnection: 5, custom: 6 };

function reasonOf(reason) {
  if (reason instanceof Uint8Array) return [codes.custom, reason];
  const { kind, bytes, message, stack } = typeof reason === "string" ? { kind: reason } : reason;
  if (!(kind in codes))
    throw new TypeError(`${kind} is no exit reason: ${Object.keys(codes).join(", ")}, or a Uint8Array`);
  if (kind === "crashed") return [codes.crashed, native.encode(`${message}\n${stack ?? ""}`, true)];
  return [codes[kind], kind === "custom" ? (bytes ?? new Uint8Array(0)) : undefined];
}

/** exit(reason) ends this actor. exit(pid, reason) sends an exit signal: false where there is no such actor. */
export function exit(first = "normal", second = undefined) {
  if (typeof first !== "number") return native.exit(...reasonOf(first));
  return checked(native.exitTo(...reasonOf(second ?? "normal"), first), "exit", "kill", "its mailbox is full") === 1;
}

// Names and groups.

/** Gives an actor a name. False: the name is taken, or there is no such actor. */
export const register = (name, pid = native.self()) =>
  checked(native.register(name, pid), `register ${name}`, "register", "names") === 1;

export const unregister = name => checked(native.unregister(name), `unregister ${name}`, "register", "") === 1;

/** The actor that has a name; undefined where none has. */
export function whereis(name) {
  const pid = checked(native.whereis(name), `whereis ${name}`, "lookup", "");
  return pid < 1 ? undefined : pid;
}

export const join = group => checked(native.join(group), `join ${group}`, "register", "names") === 1;

export const leave = group => native.leave(group) === 1;

export const members = group => checked(native.members(group), `members of ${group}`, "lookup", "");

/** Sends a value to all other members of a group, and answers how many have accepted it. */
export const broadcast = (group, value, { tag = 0, raw = false } = {}) =>
  checked(native.broadcast(group, value, tag, raw), `broadcast to ${group}`, "lookup", "messageBytes");

native.install(settle, isWanted, deliver, checked);
