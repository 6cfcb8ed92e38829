// Computes without end and never waits. The host preempts it.

export function run(): void {
  let x: u32 = 1;
  while (x !== 0) x = (x * 1664525 + 1013904223) | 1;
}
