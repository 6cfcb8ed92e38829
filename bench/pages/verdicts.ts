/** The figures of docs/marks.md: each mark, and what a run says of it. */
import type { Results } from "../report/results.ts";
import { markCells } from "../report/table.ts";
import { markdownTable } from "./markdown.ts";
import { setting } from "./setting.ts";

/** Ends with a line break. */
export function verdicts(results: Results): string {
  const rows = results.marks.map(verdict => {
    const [outcome, name, own, beside, times, , bound] = markCells(verdict);
    return [name, own, beside, times, bound, outcome];
  });
  const table =
    rows.length === 0 ? [] : [markdownTable(["mark", "isopod", "beside", "isopod takes", "mark at", ""], rows)];
  return `${[setting(results), ...table].join("\n\n")}\n`;
}
