/**
 * The sleep of a thread, as two state machines: a sleeper, and senders that may stop for ever after any step. All
 * interleavings are played. Each step is one atomic operation of bell.ts or ring-way.ts.
 */
import { expect, test } from "vitest";
import { ASLEEP, AWAKE, WAITS } from "../../host/threads/bell.ts";

interface State {
  bell: number;
  /** Messages in the ring. */
  ring: number;
  /** Messages of the port that wake the sleeper. */
  posts: number;
  /** It is in `Atomics.wait`, or in its event loop. */
  sleeper: "look" | "store" | "look again" | "woken" | "wait" | "waiting" | "swap" | "event loop";
  senders: readonly Sender[];
}

interface Sender {
  step: "write" | "load" | "exchange" | "notify" | "post" | "done";
  left: number;
}

/** The states that one step of the sleeper leads to; none: it sleeps. */
function sleeperSteps(state: State): State[] {
  const go = (change: Partial<State>): State => ({ ...state, ...change });
  switch (state.sleeper) {
    case "look":
      return [go({ ring: 0, sleeper: "store" })];
    case "store":
      return [go({ bell: WAITS, sleeper: "look again" })];
    case "look again":
      return [go({ sleeper: state.ring > 0 ? "woken" : "wait" })];
    case "woken":
      return [go({ bell: AWAKE, sleeper: "look" })];
    case "wait":
      // Atomics.wait returns at once where the word is another one.
      return [go({ sleeper: state.bell === WAITS ? "waiting" : "swap" })];
    case "waiting":
      // The time is over. A notify leads to the same state.
      return [go({ sleeper: "swap" })];
    case "swap":
      return [state.bell === WAITS ? go({ bell: ASLEEP, sleeper: "event loop" }) : go({ sleeper: "look" })];
    case "event loop":
      return state.posts > 0 ? [go({ posts: state.posts - 1, sleeper: "look" })] : [];
  }
}

function senderSteps(state: State, at: number): State[] {
  const sender = state.senders[at];
  const go = (step: Sender["step"], change: Partial<State> = {}): State => {
    const left = step === "write" ? sender.left - 1 : sender.left;
    const next: Sender = left === 0 ? { step: "done", left } : { step, left };
    return { ...state, ...change, senders: state.senders.with(at, next) };
  };
  switch (sender.step) {
    case "write":
      return [go("load", { ring: state.ring + 1 })];
    case "load":
      return [state.bell === AWAKE ? go("write") : go("exchange")];
    case "exchange":
      if (state.bell === WAITS) return [go("notify", { bell: AWAKE })];
      return [state.bell === ASLEEP ? go("post", { bell: AWAKE }) : go("write")];
    case "notify":
      return [go("write", state.sleeper === "waiting" ? { sleeper: "swap" } : {})];
    case "post":
      return [go("write", { posts: state.posts + 1 })];
    case "done":
      return [];
  }
}

/** All states in which nothing can happen any more. */
function ends(senders: number, messages: number): { ends: State[]; seen: number } {
  const first: State = {
    ...{ bell: AWAKE, ring: 0, posts: 0, sleeper: "look" },
    senders: Array.from({ length: senders }, () => ({ step: "write", left: messages })),
  };
  const seen = new Set<string>([JSON.stringify(first)]);
  const queue = [first];
  const found: State[] = [];
  for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
    const here = state;
    const next = [...sleeperSteps(here), ...here.senders.flatMap((_, at) => senderSteps(here, at))];
    if (next.length === 0) found.push(here);
    for (const each of next) {
      const key = JSON.stringify(each);
      if (seen.has(key)) continue;
      seen.add(key);
      queue.push(each);
    }
  }
  return { ends: found, seen: seen.size };
}

test("a sleeper has taken all that was written, in every interleaving", () => {
  for (const [senders, messages] of [
    [1, 3],
    [2, 2],
    [3, 1],
  ]) {
    const { ends: all, seen } = ends(senders, messages);
    expect(seen).toBeGreaterThan(50);
    expect(all.length).toBeGreaterThan(0);
    for (const end of all) expect(end).toMatchObject({ ring: 0, sleeper: "event loop" });
  }
});
