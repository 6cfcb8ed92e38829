// The shop: it loads the plug-in, gives it one function, and starts it again if it crashes.

import { readFile } from "node:fs/promises";
import { answering, cbor } from "isopod/codec";
import { loadScript } from "isopod/js";
import { type Client, createRuntime, escapeControls, formatReport, type Runtime } from "isopod/node";

export interface Item {
  readonly name: string;
  readonly count: number;
}

/** What plugins/prices.js exports. */
export interface Prices {
  total(items: readonly Item[]): number;
  discount(sum: number): number;
  spin(): void;
}

export interface Shop {
  readonly runtime: Runtime;
  readonly prices: Client<Prices>;
}

const priceList = new Map([
  ["tea", 4],
  ["cake", 12],
]);

export async function openShop(): Promise<Shop> {
  const runtime = createRuntime({
    imports: {
      shop: {
        price: answering(cbor, (_context, name: unknown) => {
          const price = priceList.get(String(name));
          if (price === undefined) throw new RangeError(`the shop has no ${name}`);
          return price;
        }),
      },
    },
    onLog: (_pid, _level, text) => console.log(escapeControls(text)),
  });

  const name = "plugins/prices.js";
  const source = await readFile(new URL(name, import.meta.url), "utf8");
  // The first script may take longer, because the engine is new.
  const plugin = await loadScript(runtime, source, { name, loadMs: 1000 });
  runtime.define("prices", plugin, {
    // What it may call, and how long it may take for one turn.
    grants: { log: true, imports: ["shop.price"] },
    limits: { turnMs: 100, memoryPages: 64 },
  });
  runtime.supervise({
    children: [{ id: "prices", start: "prices", name: "prices" }],
    onReport: report => console.log(escapeControls(formatReport(report))),
  });
  return { runtime, prices: runtime.client<Prices>("prices", cbor) };
}
