/** A bar chart in plain text, which every viewer of Markdown shows. */
import type { Contest } from "../harness/contest.ts";
import { isOwn } from "../harness/score.ts";
import { formatNs } from "../report/format.ts";

/** Characters of the longest bar. */
const LONGEST = 40;

/** A bar for each contestant. Isopod's bars are never cut off; a peer's bar ends with … where it is. */
export function bars({ scores }: Pick<Contest, "scores">): string {
  // A peer's bar has at most twice the length of isopod's longest bar, so that the short bars stay
  // readable.
  const most = Math.min(
    Math.max(...scores.map(({ medianNs }) => medianNs)),
    2 * Math.max(...scores.filter(isOwn).map(({ medianNs }) => medianNs)),
  );
  const lines = scores.map(({ name, medianNs }) => {
    const length = Math.round(Math.min(1, medianNs / most) * LONGEST);
    return `${name.padEnd(16)}${"█".repeat(Math.max(1, length))}${medianNs > most ? "…" : ""} ${formatNs(medianNs)}`;
  });
  return lines.join("\n");
}
