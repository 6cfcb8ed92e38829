// A plug-in: it runs in a sandbox, and has only what its host gives it. The host calls the functions that it exports.

import { host } from "isopod";

/** The price of some items, less what the customer is granted. */
export async function total(items) {
  let sum = 0;
  for (const { name, count } of items) sum += count * (await host.shop.price(name));
  return discount(sum);
}

export function discount(sum) {
  if (sum < 0) throw new RangeError(`${sum} is no sum`);
  return sum < 100 ? sum : sum * 0.9;
}

/** What a plug-in with a mistake does: it never ends. */
export function spin() {
  while (true) {}
}
