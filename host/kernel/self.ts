/** The actor of a port: each guest's instance has a port, which is an instance of the kernel's module. */
import { guestPages } from "./memory.ts";
import { hostGrown } from "./outside.ts";

/** The record of the actor; the host sets it. After the actor's end it is 1, which no record is. */
export let me: i32 = 0;

/** The pages of the guest's memory that the host knows of. */
let knownPages: i32 = 0;

/** Sets the actor, for the kernel as TypeScript. */
export function become(record: i32): void {
  me = record;
}

/** Called after the guest has run: tells the host if its memory has grown. */
// @inline
export function noticeGrowth(): void {
  const now = guestPages();
  if (now === knownPages) return;
  hostGrown();
  knownPages = now;
}
