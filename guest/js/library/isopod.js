/**
 * The module "isopod" of scripts. Everything here is asked of the host, which checks grants and limits: a status
 * that says no becomes an error with what is missing.
 */
import * as native from "isopod:native";
import { deliver, isWanted } from "isopod:receive";
import { after, cancel, checked, expect, forget, LimitError, settle } from "isopod:waits";

export { receive } from "isopod:receive";
export { LimitError, NotGrantedError } from "isopod:waits";

const OVER_LIMIT = -101;
const DEFAULT_TIMEOUT_MS = 5000;

/** A call was not answered: the callee ended, which `reason` tells, or did not accept the request. */
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

const shown = to => (typeof to === "string" ? `the actor named ${to}` : `actor ${to}`);

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

function pidOf(to) {
  if (typeof to !== "string") return to;
  const pid = checked(native.whereis(to), "call", "lookup", "");
  if (pid < 1) throw new CallError(`there is no ${shown(to).slice(4)}`, { kind: "noproc" });
  return pid;
}

function refusal(to, ref) {
  if (ref === OVER_LIMIT) return new LimitError(`the call to ${shown(to)}: a limit is reached (ties, or the mailbox)`);
  const why = ref === 1 ? "its mailbox is full" : "the message is longer than it accepts (limit messageBytes)";
  return new CallError(`the call to ${shown(to)} was not accepted: ${why}`, undefined);
}

/** Waits for what bears a ref: the answer, or the Down of who was to give it. `done` runs before the promise settles. */
function answered(ref, who, read, done, resolve, reject) {
  expect(ref, message => {
    done();
    try {
      if (message.kind === "message") resolve(read(message));
      else {
        const { reason } = message;
        // Only who may end an actor is told why it has crashed.
        const why = reason.message ? `${reason.kind}: ${reason.message}` : reason.kind;
        reject(new CallError(`${who} ended before it answered: ${why}`, reason));
      }
    } catch (error) {
      reject(error);
    }
  });
}

/**
 * Sends a value to a pid or a name, and resolves to the answer. Rejects with a CallError, or with a CallTimeoutError
 * after `timeoutMs` (5,000). `raw`: both are bytes as they are.
 */
export function call(to, value, { timeoutMs = DEFAULT_TIMEOUT_MS, tag = 0, raw = false } = {}) {
  return new Promise((resolve, reject) => {
    const ref = native.request(pidOf(to), value, tag, raw);
    if (ref >= 0 || ref === OVER_LIMIT) throw refusal(to, ref);
    let timer = 0;
    const done = () => {
      cancel(timer);
      native.demonitor(ref);
    };
    answered(ref, shown(to), message => (raw ? message.bytes : message.value), done, resolve, reject);
    if (timeoutMs === Number.POSITIVE_INFINITY) return;
    const giveUp = error => {
      forget(ref);
      native.demonitor(ref);
      reject(error);
    };
    try {
      timer = after(timeoutMs, () =>
        giveUp(new CallTimeoutError(`${shown(to)} did not answer within ${timeoutMs} ms`)),
      );
    } catch (error) {
      giveUp(error);
    }
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
    answered(
      ref,
      name,
      message => unwrap(name, message.value),
      () => {},
      resolve,
      reject,
    );
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

// Other actors.

const LINKED = 1;
const MONITORED = 2;

function start(name, { args = "", link = false } = {}, flags) {
  const [status, pid, ref] = native.spawn(name, args, (link ? LINKED : 0) | flags);
  checked(status, `spawn of ${name}`, `spawn for ${name}`, "familyActors, spawnsPerSecond, or one of the runtime");
  if (status === 1) return { pid, ref };
  throw new Error(
    `spawn of ${name}: ${status === 0 ? "no module is defined by this name" : "it could not be started"}`,
  );
}

/**
 * Spawns an actor of a module that the host has defined, and answers its pid. `args`: a string or a Uint8Array.
 * `link`: each ends with the other.
 */
export const spawn = (name, options) => start(name, options, 0).pid;

/** As spawn, with a monitor: answers { pid, ref }. */
export const spawnMonitor = (name, options) => start(name, options, MONITORED);

const FOREIGN = "kill, without which an actor may do this only to itself and its own children";

/** Links to an actor. False: there is no such actor, and an exit signal comes. */
export const link = pid => checked(native.link(pid), `link to actor ${pid}`, FOREIGN, "ties") === 1;

export const unlink = pid => native.unlink(pid) === 1;

/** One message of the kind "down" comes when the actor ends. Answers its ref. */
export const monitor = pid => checked(native.monitor(pid), "monitor", "", "ties, or the mailbox");

export const demonitor = ref => native.demonitor(ref) === 1;

/** From now on exit signals come as messages, or act. Answers how it was before. */
export const trapExit = (on = true) => native.trapExit(on ? 1 : 0) === 1;

const codes = { normal: 0, shutdown: 1, killed: 2, crashed: 3, noproc: 4, noconnection: 5, custom: 6 };
const MAX_REASON_BYTES = 4096;

/** The code of a reason, and its bytes. `allowed`: codes below this, and custom. */
function reasonOf(reason, allowed) {
  const { kind, bytes, message, stack } =
    reason instanceof Uint8Array
      ? { kind: "custom", bytes: reason }
      : typeof reason === "string"
        ? { kind: reason }
        : reason;
  const code = Object.hasOwn(codes, kind) ? codes[kind] : undefined;
  if (code === undefined || (code >= allowed && code !== codes.custom)) {
    const names = Object.keys(codes).filter(name => codes[name] < allowed || name === "custom");
    throw new TypeError(`exit: ${kind} is no reason to give: ${names.join(", ")}, or a Uint8Array`);
  }
  const content = code === codes.crashed ? native.encode(`${message ?? ""}\n${stack ?? ""}`, true) : bytes;
  if (content?.length > MAX_REASON_BYTES) throw new RangeError(`exit: a reason has at most ${MAX_REASON_BYTES} bytes`);
  return [code, code === codes.custom || code === codes.crashed ? content : undefined];
}

/**
 * exit(reason) ends this actor: "normal" where nothing is given. exit(pid, reason) sends an exit signal, "shutdown"
 * where no reason is given. False: there is no such actor.
 */
export function exit(first = "normal", second = "shutdown") {
  if (typeof first !== "number") return native.exit(...reasonOf(first, codes.custom));
  const status = native.exitTo(...reasonOf(second, codes.crashed), first);
  return checked(status, `exit of actor ${first}`, FOREIGN, "its mailbox is full") === 1;
}

// Names and groups.

const REGISTER = "register, which is for this actor and its own children alone";

/** Gives an actor a name. False: the name is taken, or there is no such actor. */
export const register = (name, pid = native.self()) =>
  checked(native.register(name, pid), `register ${name}`, REGISTER, "names, or the name is too long") === 1;

/** Frees a name. False: no actor has it. */
export const unregister = name => checked(native.unregister(name), `unregister ${name}`, REGISTER, "") === 1;

/** The actor that has a name; undefined where none has. */
export function whereis(name) {
  const pid = checked(native.whereis(name), `whereis ${name}`, "lookup", "");
  return pid < 1 ? undefined : pid;
}

/** Makes this actor a member of a group. */
export const join = group =>
  checked(native.join(group), `join ${group}`, "register", "names, or the name is too long") === 1;

export const leave = group => native.leave(group) === 1;

export const members = group => checked(native.members(group), `members of ${group}`, "lookup", "");

/** Sends a value to all other members of a group, and answers how many have accepted it. */
export const broadcast = (group, value, { tag = 0, raw = false } = {}) =>
  checked(native.broadcast(group, value, tag, raw), `broadcast to ${group}`, "lookup", "messageBytes");

// Values as bytes: what send() makes of them, for args and for raw messages.

/** The bytes of a value, as send() writes them. */
export const encode = value => native.encode(value, false);

/** The value of bytes that encode() has made. */
export const decode = bytes => native.decode(bytes);

native.install(settle, isWanted, deliver, checked);
