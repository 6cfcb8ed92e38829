/**
 * Makes the list of choices of a failed run smaller, as long as a run with it fails in the same way: more
 * zeros, then shorter, then smaller numbers. 0 is what the runtime itself would do, so what is left is what
 * the failure needs.
 */

/** Plays a list. Answers the choices that the run has made if it has failed in the same way. */
export type Replay = (choices: readonly number[]) => Promise<readonly number[] | undefined>;

/** Without the zeros at its end, which mean nothing. */
export function trimmed(choices: readonly number[]): number[] {
  let length = choices.length;
  while (length > 0 && choices[length - 1] === 0) length--;
  return choices.slice(0, length);
}

/** @param mayGoOn asked before each replay */
export async function shrink(choices: readonly number[], replay: Replay, mayGoOn: () => boolean): Promise<number[]> {
  let best = trimmed(choices);
  /** Replays a list, and keeps it if it fails and is smaller. */
  const attempt = async (list: readonly number[]): Promise<boolean> => {
    if (!isLess(trimmed(list), best) || !mayGoOn()) return false;
    const made = await replay(list);
    if (made === undefined) return false;
    const other = trimmed(made);
    if (!isLess(other, best)) return false;
    best = other;
    return true;
  };
  for (let isBetter = true; isBetter && mayGoOn(); ) {
    isBetter = false;
    for (let size = Math.max(1, best.length >> 1); size >= 1; size >>= 1) {
      // From the end: what comes later depends on what came before.
      for (let end = best.length; end > 0; end -= size) {
        const begin = Math.max(0, end - size);
        const zeros = best.map((choice, i) => (i >= begin && i < end ? 0 : choice));
        if (await attempt(zeros)) isBetter = true;
        if (await attempt([...best.slice(0, begin), ...best.slice(end)])) isBetter = true;
        end = Math.min(end, best.length);
      }
    }
    for (let i = 0; i < best.length; i++) {
      for (let smaller = 1; smaller < (best[i] ?? 0); smaller++) {
        if (!(await attempt(best.map((choice, at) => (at === i ? smaller : choice))))) continue;
        isBetter = true;
        break;
      }
    }
  }
  return best;
}

/** Fewer choices that are not 0, then shorter, then smaller. */
function isLess(a: readonly number[], b: readonly number[]): boolean {
  const count = (list: readonly number[]) => list.filter(choice => choice !== 0).length;
  const sum = (list: readonly number[]) => list.reduce((total, choice) => total + choice, 0);
  if (count(a) !== count(b)) return count(a) < count(b);
  if (a.length !== b.length) return a.length < b.length;
  return sum(a) < sum(b);
}
