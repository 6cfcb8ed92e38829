/**
 * Guests for both sides of the worker's test: one that echoes, one that overflows its stack, one
 * that traps. And an echo that shares no instances, because it has a start function.
 */
import { ECHO, guest } from "../../support/wat.ts";

export const echo = guest(ECHO);
export const ownEcho = guest(`${ECHO} (func $first) (start $first)`);
export const overflows = guest(`
  (func $forever (param $n i32) (result i32) (i32.add (call $forever (local.get $n)) (i32.const 1)))
  (func (export "run") (drop (call $forever (i32.const 0))))`);
export const traps = guest(`(func (export "run") (drop (i32.load (i32.const 0x7fffffff))))`);
