/** A sample for now. */
import { load, store } from "./memory.ts";

export function bump(address: i32): i32 {
  const value = (load(address) + 1) | 0;
  store(address, value);
  return value;
}
