/** The demo's routes: the page and its files for all who may ask, the compiler for the page alone. */
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { ownHostOnly } from "../serve/loopback.ts";
import { DEMO_GUESTS, type DemoGuest, indexHtml, pageFile } from "./files.ts";
import { headers, withToken } from "./guard.ts";
import { type Outcome, PARK_WAYS, type ParkWay, type Workshop } from "./workshop.ts";

/** More than anybody writes into the page. */
const MAX_SOURCE_BYTES = 64 * 1024;

export interface DemoAppOptions {
  readonly workshop: Workshop;
  readonly token: string;
  readonly port: () => number;
}

export function demoApp({ workshop, token, port }: DemoAppOptions): Hono {
  const app = new Hono();
  app.use(ownHostOnly(port, headers));
  app.get("/", async context => context.html(await indexHtml(token)));
  app.on("POST", "/compile/:park/:guest", withToken(token), limited, async context => {
    const asked = askedFor(context);
    if (asked === undefined) return context.notFound();
    if (workshop.isBusy) return context.text("the compiler is busy: try again\n", 429);
    return answer(context, await workshop.compile(asked.guest, await context.req.text(), asked.park));
  });
  app.get("/wasm/:park/:guest", withToken(token), async context => {
    const asked = askedFor(context);
    return asked === undefined ? context.notFound() : answer(context, await workshop.example(asked.guest, asked.park));
  });
  app.get("*", async context => {
    const file = await pageFile(context.req.path.slice(1));
    return file === undefined ? context.notFound() : context.body(file.text, 200, { "content-type": file.type });
  });
  return app;
}

const limited = bodyLimit({
  maxSize: MAX_SOURCE_BYTES,
  onError: context => context.text(`a source has at most ${MAX_SOURCE_BYTES} bytes here\n`, 413),
});

function askedFor(context: Context): { guest: DemoGuest; park: ParkWay } | undefined {
  const guest = DEMO_GUESTS.find(name => name === context.req.param("guest"));
  const park = PARK_WAYS.find(name => name === context.req.param("park"));
  return guest && park && { guest, park };
}

/** The module, or 422 and what the compiler has to say. */
function answer(context: Context, { wasm, complaints }: Outcome): Response {
  return wasm === undefined
    ? context.json(complaints, 422)
    : context.body(wasm, 200, { "content-type": "application/wasm" });
}
