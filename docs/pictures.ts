/**
 * Makes docs/images/observer.png: `node docs/pictures.ts`. A program of its own is observed in
 * Chromium, at its liveliest: a shop with two supervisors, of which one child crashes now and then.
 *
 *     node docs/pictures.ts FOLDER    all tabs, in two widths and two colour schemes
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "playwright";
import { build, createRuntime, formatPid, type Pid } from "../host/node/index.ts";
import { chromiumOptions } from "../test/browser/chromium.ts";

const WISHES = ["two coffees", "one tea", "a slice of cake", "three scones", "a bagel", "a sandwich"];
const CUSTOMERS = ["ada", "grace", "edsger", "barbara", "donald", "niklaus", "radia", "leslie"];
/** Long enough for the plots to have something to show. */
const RUN_MS = Number(process.env.RUN_MS ?? 45_000);

const folder = process.argv[2];
const image = fileURLToPath(new URL("images/observer.png", import.meta.url));
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
  const wish = orders % 240 === 0 ? "a cake for a voucher" : WISHES[orders % WISHES.length];
  runtime.send(CUSTOMERS[orders % CUSTOMERS.length], wish);
  if (orders % 40 === 0) audit.send(audit.pid, `audit after ${orders} orders`);
  if (audit.size > 9) while (audit.poll() !== undefined);
}, 25);

const observer = await runtime.observe();
const browser = await chromium.launch(chromiumOptions());
const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, colorScheme: "light" });
page.on("pageerror", error => console.error(error));
page.on("console", m => console.log(m.text()));
await page.goto(observer.url);
await page.getByLabel(`Follow ${formatPid(runtime.whereis("desk") as Pid)}`).click();
await page.getByLabel(`Follow ${formatPid(runtime.whereis("books") as Pid)}`).click();
await new Promise(resolve => setTimeout(resolve, RUN_MS));
if (folder === undefined) await picture(page, image);
else await album(page, folder);
clearInterval(ordering);
await browser.close();
await observer.close();
await runtime.stop();

async function tab(page: Page, name: string): Promise<void> {
  await page.getByRole("tab", { name }).click();
}

/** The list of actors, the busiest first, and the desk in detail. */
async function picture(page: Page, path: string): Promise<void> {
  await tab(page, "Actors");
  await page.getByRole("button", { name: "CPU", exact: true }).click();
  await page.getByRole("row", { name: / desk / }).click();
  await page.getByText("The last messages").waitFor();
  await page.screenshot({ path });
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
