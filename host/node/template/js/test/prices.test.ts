import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openShop, type Shop } from "../shop.ts";

let shop: Shop;

before(async () => {
  shop = await openShop();
});
after(() => shop.runtime.stop());

test("the plug-in adds prices of the shop up, and gives a discount", async () => {
  assert.equal(await shop.prices.total([{ name: "tea", count: 3 }]), 12);
  assert.equal(await shop.prices.total([{ name: "cake", count: 10 }]), 108);
});

test("an exception is an error of the call, and the plug-in goes on", async () => {
  await assert.rejects(shop.prices.discount(-1), { name: "RemoteError", message: /-1 is no sum/ });
  await assert.rejects(shop.prices.total([{ name: "gold", count: 1 }]), /the shop has no gold/);
  assert.equal(await shop.prices.discount(50), 50);
});

test("a plug-in that never ends is stopped, and started again", async () => {
  await assert.rejects(shop.prices.spin(), /reductions/);
  assert.equal(await shop.prices.discount(50), 50);
});
