/**
 * Makes the pictures of the observer and of the demo in docs/images/: `npm run docs:pictures`. What is
 * observed in Chromium is a shop with two supervisors, of which one child crashes now and then.
 *
 *     npm run docs:pictures -- FOLDER    all tabs of the observer, in two widths and two colour schemes
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "playwright";
import { serveDemo } from "../host/node/demo/server.ts";
import { build, createRuntime, formatPid, type Pid } from "../host/node/index.ts";
import { chromiumOptions } from "../test/browser/chromium.ts";
import { withPalette } from "./palette-png.ts";

const WISHES = ["two coffees", "one tea", "a slice of cake", "three scones", "a bagel", "a sandwich"];
const CUSTOMERS = ["ada", "grace", "edsger", "barbara", "donald", "niklaus", "radia", "leslie"];
/** Long enough for the plots to have something to show. */
const RUN_MS = 45_000;
/** The books crash so often, in orders of 25 ms. */
const ORDERS_A_VOUCHER = 1_000;

const folder = process.argv[2];
const [built] = await build([fileURLToPath(new URL("../test/guests/shop.ts", import.meta.url))]);
const runtime = createRuntime({ grants: "all", quiet: true });
const shop = await runtime.load(built, { name: "shop.ts" });
const supervise = (name: string, names: readonly string[], entry?: string) => {
  const start = (name: string) => () => runtime.spawn(shop, { entry: entry ?? name, name });
  const children = names.map(name => ({ id: name, start: start(name) }));
  runtime.register(name, runtime.supervise({ intensity: 1000, children }).pid);
};
supervise("shop", ["desk", "stock", "pricing", "books"]);
supervise("customers", CUSTOMERS, "customer");
const audit = runtime.mailbox();
runtime.register("audit", audit.pid);

let orders = 0;
const ordering = setInterval(() => {
  orders++;
  const wish = orders % ORDERS_A_VOUCHER === 0 ? "a cake for a voucher" : WISHES[orders % WISHES.length];
  runtime.send(CUSTOMERS[orders % CUSTOMERS.length], wish);
  if (orders % 40 === 0) audit.send(audit.pid, `audit after ${orders} orders`);
  if (audit.size > 9) while (audit.poll() !== undefined);
}, 25);

const observer = await runtime.observe();
const browser = await chromium.launch(chromiumOptions());
const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, colorScheme: "light" });
await page.goto(observer.url);
await page.getByLabel(`Follow ${formatPid(runtime.whereis("desk") as Pid)}`).click();
await page.getByLabel(`Follow ${formatPid(runtime.whereis("books") as Pid)}`).click();
await new Promise(resolve => setTimeout(resolve, RUN_MS));
if (folder === undefined) await observerPictures(page);
else await album(page, folder);
clearInterval(ordering);
if (folder === undefined) await demoPicture(await browser.newPage({ viewport: { width: 1280, height: 800 } }));
await browser.close();
await observer.close();
await runtime.stop();

/** Writes a picture to docs/images/. It computes for a while, which would hold up what is observed. */
async function keep(name: string, png: Buffer): Promise<void> {
  const blank = await browser.newPage();
  const small = await withPalette(png, blank);
  await blank.close();
  writeFileSync(new URL(`images/${name}.png`, import.meta.url), small);
}

async function tab(page: Page, name: string): Promise<void> {
  await page.getByRole("tab", { name }).click();
}

/** The list of actors, the busiest first, with the desk in detail; and who talks to whom. */
async function observerPictures(page: Page): Promise<void> {
  await tab(page, "Messages");
  await page.locator(".sequence").waitFor();
  const messages = await page.screenshot();
  await tab(page, "Actors");
  await page.getByRole("row", { name: / desk / }).click();
  await page.getByText("The last messages").waitFor();
  // Rows change their places from now on.
  await page.getByRole("button", { name: "CPU", exact: true }).click();
  // Items a second need two looks at the list.
  await page.waitForTimeout(3000);
  const actors = await page.screenshot();
  await keep("observer-messages", messages);
  await keep("observer", actors);
}

/** The demo, after one of its actors has crashed. */
async function demoPicture(page: Page): Promise<void> {
  const server = await serveDemo(0);
  await page.goto(server.url);
  await page.locator("#status[data-state=live]").waitFor({ timeout: 200_000 });
  await page.waitForTimeout(12_000);
  await page.getByRole("button", { name: "Crash it" }).first().click();
  await page.waitForTimeout(4000);
  let picture: Buffer;
  // Other work on the machine may hold it up for a moment.
  do picture = await page.screenshot();
  while (!/ M$/.test((await page.locator("#rate").textContent()) ?? ""));
  await keep("demo", picture);
  await server.close();
}

/** Everything that the page can show. */
async function album(page: Page, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: width === 390 ? 844 : 860 });
      const shot = async (name: string) => {
        await page.waitForTimeout(1200);
        await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`) });
      };
      await tab(page, "Actors");
      await shot("actors");
      for (const name of ["Tree", "Crashes", "Events", "Messages"]) {
        await tab(page, name);
        await shot(name.toLowerCase());
      }
      await tab(page, "Actors");
      await page.getByRole("row", { name: / desk / }).click();
      await page.getByText("The last messages").waitFor();
      await shot("one");
      await page.locator("#drawer").getByText("Send", { exact: true }).first().click();
      await page.getByRole("textbox", { name: "Message" }).fill("a cup of tea");
      await page.locator("#drawer").getByRole("button", { name: "Call", exact: true }).click();
      await shot("send");
      await page.locator("#drawer").getByText("Send", { exact: true }).first().click();
      await page.locator("#drawer").getByRole("button", { name: "Close", exact: true }).click();
    }
  }
}
