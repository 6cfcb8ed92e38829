/**
 * `isopod top`: the actors of an observed runtime in a terminal. It asks the observer's server, as
 * the page does. Texts of guests are shown as plain text.
 */
import { type SortKey, sortKeys } from "../../../web/observer/protocol.ts";
import { type Command, UsageError } from "../command.ts";
import { frame } from "../top/frame.ts";
import { ObserverClient } from "../top/observer-client.ts";
import { watch } from "../top/screen.ts";

export const top: Command = {
  name: "top",
  help: `Shows the actors of an observed runtime, updated every second.

Usage: isopod top <address> [options]

The address is the one that isopod run --observe has printed, or the url of
runtime.observe(). It contains the token.

Options:
  --sort KEY      ${sortKeys.slice(0, 5).join(", ")},
                  ${sortKeys.slice(5).join(", ")}; default: items
  --filter TEXT   only actors whose pid, name, group, module, entry, kind or state
                  contains the text
  --once          prints one table and ends; default where stdout is no terminal
  -h, --help      prints this

Keys: q quits; / filters while you type; c shows the crashes, and the actors again.
i, s, b, r, m, l and a sort by items, items a second, bytes, reductions, memory,
links and age, p and n by pid and name; the same key again reverses the order. The
arrows scroll by a row, PgDn and PgUp turn pages: of the first 1,000 in an order,
or of all actors by pid.
NO_COLOR=1 turns colors off.
`,
  options: { sort: { type: "string", choices: sortKeys }, filter: { type: "string" }, once: { type: "boolean" } },

  async run(given) {
    const [address, ...rest] = given.positionals;
    if (address === undefined || rest.length > 0) {
      throw new UsageError("which runtime? Give the address that isopod run --observe has printed");
    }
    const observer = new ObserverClient(address);
    const sort = (given.text("sort") ?? "items") as SortKey;
    const filter = given.text("filter") ?? "";
    if (given.has("once") || !process.stdout.isTTY) {
      const reading = await observer.read({ sort, isReversed: false, rows: 500, filter });
      process.stdout.write(`${frame(reading, { columns: 200, rows: 500, color: false, sort, filter }).join("\n")}\n`);
      return 0;
    }
    return watch(observer, sort, filter);
  },
};
