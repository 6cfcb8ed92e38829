// The program: it opens the shop, and asks the plug-in for prices.

import { openShop } from "./shop.ts";

const { runtime, prices } = await openShop();

console.log(
  "10 teas and 5 cakes cost",
  await prices.total([
    { name: "tea", count: 10 },
    { name: "cake", count: 5 },
  ]),
);
await prices.total([{ name: "gold", count: 1 }]).catch(error => console.log("gold:", error.message));

// An endless loop ends its own actor, and nothing else.
await prices.spin().catch(error => console.log("spin:", error.message));
console.log("after that, 200 become", await prices.discount(200));

await runtime.stop();
