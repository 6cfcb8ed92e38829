/**
 * What the host allocates for a message: `node --expose-gc --disable-wasm-trap-handler
 * test/support/allocation.ts`. For each game it prints a line of JSON, with the bytes that V8 has allocated
 * for a message, by its own counter, and those that are still held after a collection.
 */
import { getHeapStatistics } from "node:v8";
import type { Scenario, Style } from "../../bench/harness/scenario.ts";
import { counting } from "../../bench/scenarios/counting.ts";
import { pingPong } from "../../bench/scenarios/ping-pong.ts";

/** What one game has allocated. */
export interface Allocation {
  readonly game: string;
  readonly messages: number;
  readonly allocatedBytes: number;
  /** By how much the heap is larger than before, after collections. */
  readonly heldBytes: number;
}

/** After a first round the code is compiled, and the kernel's memory has its size. */
const ROUNDS = 4;

/**
 * All bytes that V8 has ever allocated on its heap. Node 26 has it; its types know nothing of it.
 */
function allocatedBytes(): number {
  const { total_allocated_bytes } = getHeapStatistics() as unknown as Record<string, number | undefined>;
  if (total_allocated_bytes === undefined) throw new Error("this engine does not count what it allocates: use Node 26");
  return total_allocated_bytes;
}

function heldBytes(): number {
  globalThis.gc?.();
  return getHeapStatistics().used_heap_size;
}

async function play(scenario: Scenario, style: Style, messages: number): Promise<Allocation> {
  const stage = await scenario.prepare({ ...scenario.parameters, messages }, style);
  await stage.round();
  const heldBefore = heldBytes();
  const allocatedBefore = allocatedBytes();
  for (let i = 0; i < ROUNDS; i++) await stage.round();
  const allocated = allocatedBytes() - allocatedBefore;
  const held = heldBytes() - heldBefore;
  await stage.stop();
  return {
    game: `${scenario.name}, ${style}`,
    messages: ROUNDS * messages,
    allocatedBytes: allocated,
    heldBytes: held,
  };
}

for (const style of ["handler", "process"] as const) {
  console.log(JSON.stringify(await play(pingPong, style, 2_500_000)));
}
// The receiver is busy: all but the first message go through its mailbox.
console.log(JSON.stringify(await play(counting, "process", 500_000)));
