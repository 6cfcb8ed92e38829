/** `isopod top`: the actors of an observed runtime in a terminal. It asks the observer's server, as the page does; texts of guests are shown as plain text. */
import { type SortKey, sortKeys } from "../../../web/observer/protocol.ts";
import { type Command, UsageError } from "../command.ts";
import { frame } from "../top/frame.ts";
import { Gauge } from "../top/gauge.ts";
import { watch } from "../top/screen.ts";

export const top: Command = {
  name: "top",
  help: `Shows the actors of a runtime that is observed, once a second.

Usage: isopod top <address> [options]

The address is the one that isopod run --observe has printed, or the url of
runtime.observe(); it holds the token.

Options:
  --sort KEY      ${sortKeys.slice(0, 5).join(", ")},
                  ${sortKeys.slice(5).join(", ")}; default items
  --once          prints one look and ends; so it does where stdout is no terminal
  -h, --help      print this

Keys: q quits; i, b, r, m, l and a sort by items, bytes, reductions, memory, links
and age, p and n by pid and name; the same key again turns the order round.
NO_COLOR=1 leaves colors out.
`,
  options: { sort: { type: "string", choices: sortKeys }, once: { type: "boolean" } },

  async run(given) {
    const [address, ...rest] = given.positionals;
    if (address === undefined || rest.length > 0) {
      throw new UsageError("which runtime? Give the address that isopod run --observe has printed");
    }
    const gauge = new Gauge(address);
    const sort = (given.text("sort") ?? "items") as SortKey;
    if (given.has("once") || !process.stdout.isTTY) {
      const look = await gauge.look({ sort, isReversed: false, rows: 500 });
      process.stdout.write(`${frame(look, { columns: 200, rows: 500, color: false, sort }).join("\n")}\n`);
      return 0;
    }
    return watch(gauge, sort);
  },
};
