// Computes prime numbers for ever, and never receives. Built with
// `--reductions yield`, it is preempted, so that the other actors get
// their turns. Without it, no other actor would.

import { log } from "isopod/guest";

export function run(): void {
  let found = 0;
  for (let n: u32 = 2; ; n++) {
    if (isPrime(n) && ++found % 100_000 === 0) log(`prime number ${found} is ${n}`);
  }
}

function isPrime(n: u32): bool {
  for (let divisor: u32 = 2; divisor * divisor <= n; divisor++) {
    if (n % divisor === 0) return false;
  }
  return true;
}
