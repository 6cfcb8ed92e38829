/**
 * The Chromium that tests run in: Debian's, or the one that ISOPOD_CHROMIUM names. Its profile is
 * empty.
 */
import { onPath } from "../../bench/harness/programs.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** What to do where there is none. */
export const NO_CHROMIUM =
  "needs Chromium: run `npm run chromium` or `apt-get install chromium`, or set ISOPOD_CHROMIUM to one";

/** Without a sandbox, because root has none; and with nothing that would call home. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** What Playwright needs to start it; undefined where there is none. */
export function chromiumOptions(): { executablePath: string; args: string[] } | undefined {
  const executablePath = findChromium();
  return executablePath === undefined ? undefined : { executablePath, args: FLAGS };
}

function findChromium(): string | undefined {
  const { ISOPOD_CHROMIUM: named } = process.env;
  return named || onPath(...NAMES);
}
