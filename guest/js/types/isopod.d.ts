/** The module "isopod", as scripts import it. Programs that run scripts have another one: see docs/javascript.md. */
/** Names one actor. */
export type Pid = number;
/** What an item bears that answers a call, or tells of an end. */
export type Ref = number;

/** What can be sent: numbers, texts, bytes, and arrays and objects of these. `undefined` arrives as null. */
export type Value =
  | undefined
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | ArrayBuffer
  | readonly Value[]
  | { readonly [key: string]: Value };

/** Why an actor ended. */
export type ExitReason =
  | { readonly kind: "normal" | "shutdown" | "killed" | "noproc" | "noconnection" }
  | { readonly kind: "crashed"; readonly message: string; readonly stack: string }
  | { readonly kind: "custom"; readonly bytes: Uint8Array };

interface Item {
  /** Who has sent it, or has ended; 0: the host. */
  readonly from: Pid;
  /** The bytes as they came. */
  readonly bytes: Uint8Array;
  /** The bytes as a text. */
  text(): string;
}

/** A message, or a timer that another actor has set. */
export interface Message extends Item {
  readonly kind: "message" | "timer";
  readonly tag: number;
  /** Less than 0: the sender has called, and waits for `reply`. */
  readonly ref: Ref;
  /** The value. Each access decodes the bytes anew, and throws a TypeError where they are none. */
  // biome-ignore lint/suspicious/noExplicitAny: as of JSON.parse; the script knows what it is sent
  readonly value: any;
  readonly reason: undefined;
}

/** An actor that this one monitors (down), or is linked to (exit), has ended. */
export interface Signal extends Item {
  readonly kind: "down" | "exit";
  readonly tag: 0;
  /** Of a Down, that of its monitor. */
  readonly ref: Ref;
  readonly value: undefined;
  readonly reason: ExitReason;
}

/** What onMessage and receive get. */
export type Received = Message | Signal;

export interface SendOptions {
  /** A number from 0 up, which the receiver can select by. Default 0. */
  readonly tag?: number;
  /** Sends a string as UTF-8, or a Uint8Array, as it is. Default false. */
  readonly raw?: boolean;
}

export interface CallOptions extends SendOptions {
  /** Milliseconds to wait for the answer. Default 5,000. */
  readonly timeoutMs?: number;
}

export interface ReceiveOptions {
  /** Takes only messages with this tag; or, if it is a ref, the Down that bears it. */
  readonly tag?: number;
  /** Takes only what this answers true for. It may compute and log, and call nothing else of the host. */
  readonly where?: (message: Received) => boolean;
  /** Milliseconds to wait. Default: for ever. */
  readonly timeoutMs?: number;
}

export interface SpawnOptions {
  /** What the child gets from args(). */
  readonly args?: string | Uint8Array;
  /** Whether each ends with the other. Default false. */
  readonly link?: boolean;
}

/** The host has not granted this to the actor. */
export declare class NotGrantedError extends Error {}
/** It would be more than a limit of the actor allows. */
export declare class LimitError extends Error {}
/** A call was not answered: the callee ended, or did not accept the request. */
export declare class CallError extends Error {
  /** Why the callee ended; undefined where it did not accept the request. */
  readonly reason: ExitReason | undefined;
}
/** A call was not answered in time. */
export declare class CallTimeoutError extends Error {}
/** The function that was called has thrown this. */
export declare class RemoteError extends Error {
  readonly method: string;
  readonly remoteName: string;
  readonly remoteMessage: string;
}

/** The actor's own pid. */
export declare function self(): Pid;
/** Who has spawned this actor; undefined where the host has. */
export declare function parent(): Pid | undefined;
/** The bytes that were given at spawn. */
export declare function args(): Uint8Array;

/** Sends a value to a pid or a name. False: there is no such actor, or it does not accept the message. */
export declare function send(to: Pid | string, value: Value, options?: SendOptions): boolean;
/** Answers a call. False: the caller has ended, or does not wait any more. */
export declare function reply(message: Received, value: Value, options?: { readonly raw?: boolean }): boolean;
/** Sends a value, and resolves to the answer. Rejects with a CallError or a CallTimeoutError. */
export declare function call(
  to: Pid | string,
  value: string | Uint8Array,
  options: CallOptions & { readonly raw: true },
): Promise<Uint8Array>;
// biome-ignore lint/suspicious/noExplicitAny: the script knows what it is answered
export declare function call(to: Pid | string, value: Value, options?: CallOptions): Promise<any>;

/** An interface of functions as others call it: each returns a promise. */
export type Client<Functions> = {
  // biome-ignore lint/suspicious/noExplicitAny: a function of any type extends no other
  readonly [Name in keyof Functions]: Functions[Name] extends (...args: infer Args extends any[]) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : never;
};
// biome-ignore lint/suspicious/noExplicitAny: without an interface, any function may be called
type AnyFunctions = Record<string, (...args: any[]) => any>;

/** The functions of another actor. */
export declare function client<Functions = AnyFunctions>(to: Pid | string, options?: CallOptions): Client<Functions>;
/** The functions that the host offers to scripts: `await host.db.get(key)`. Name their types by `interface Host`. */
export declare const host: { readonly [Name in keyof Host]: Client<Host[Name]> } & {
  readonly [name: string]: Client<AnyFunctions>;
};
/** What the host offers. Declare it in your own file, in `declare module "isopod" { interface Host { … } }`. */
// biome-ignore lint/suspicious/noEmptyInterface: others add to it
export interface Host {}

/** The next message that the options want; all others stay in the mailbox. Only in scripts with `main`. */
export declare function receive(
  options: ReceiveOptions & { readonly timeoutMs: number },
): Promise<Received | undefined>;
export declare function receive(options?: ReceiveOptions): Promise<Received>;

/** Spawns an actor of a module that the host has defined by this name. */
export declare function spawn(name: string, options?: SpawnOptions): Pid;
/** As spawn, with a monitor. */
export declare function spawnMonitor(name: string, options?: SpawnOptions): { readonly pid: Pid; readonly ref: Ref };
/** Each ends with the other, unless it traps exits. False: there is no such actor, and an Exit signal comes. */
export declare function link(pid: Pid): boolean;
export declare function unlink(pid: Pid): boolean;
/**
 * One Down comes when the actor ends; at once where it has ended. It comes to onMessage or receive: scripts of
 * functions get none.
 */
export declare function monitor(pid: Pid): Ref;
export declare function demonitor(ref: Ref): boolean;
/** Whether Exit signals come as messages, instead of ending this actor. Returns how it was before. */
export declare function trapExit(on?: boolean): boolean;
/** Ends this actor. Default: normal. */
export declare function exit(reason?: ExitReason | ExitReason["kind"] | Uint8Array): never;
/** Sends an exit signal to an actor. Default: shutdown. False: there is no such actor. */
export declare function exit(pid: Pid, reason?: "normal" | "shutdown" | "killed" | Uint8Array): boolean;

/** Gives an actor, by default this one, a name. False: the name is taken, or there is no such actor. */
export declare function register(name: string, pid?: Pid): boolean;
export declare function unregister(name: string): boolean;
export declare function whereis(name: string): Pid | undefined;
/** Makes this actor a member of a group. */
export declare function join(group: string): boolean;
export declare function leave(group: string): boolean;
export declare function members(group: string): Pid[];
/** Sends a value to all other members of a group. Returns how many have accepted it. */
export declare function broadcast(group: string, value: Value, options?: SendOptions): number;

/** The bytes of a value, as send() writes them. */
export declare function encode(value: Value): Uint8Array;
/** The value of bytes that encode() has made. */
// biome-ignore lint/suspicious/noExplicitAny: as of JSON.parse
export declare function decode(bytes: Uint8Array): any;
