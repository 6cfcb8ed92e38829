/** Pages that point somewhere: what they link to inside the project is there. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../support/pages.ts";

const pages = ["README.md", "CONTRIBUTING.md", ...readdirSync(join(ROOT, "docs")).map(name => join("docs", name))];

/** As GitHub makes them of headings, but for those that come twice. */
function anchorsOf(markdown: string): Set<string> {
  const headings = markdown.matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, heading]) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w -]/g, "")
        .replaceAll(" ", "-"),
    ),
  );
}

test.each(pages.filter(page => page.endsWith(".md")))("what %s links to is there", page => {
  const missing = [];
  for (const [, link] of readFileSync(join(ROOT, page), "utf8").matchAll(/\]\((?!https?:)([^)\s]*)\)/g)) {
    const [file, anchor] = link.split("#");
    const path = file === "" ? join(ROOT, page) : join(ROOT, dirname(page), file);
    if (!existsSync(path)) missing.push(link);
    else if (anchor !== undefined && !anchorsOf(readFileSync(path, "utf8")).has(anchor.replace(/-\d+$/, "")))
      missing.push(link);
  }
  expect(missing).toEqual([]);
});
