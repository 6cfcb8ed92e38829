/**
 * The demo's routes. Everybody on this machine may read the page and its files; only the page may
 * compile.
 */
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { type GuestName, guestNames, type ParkWay, parkWays, TOKEN_HEADER } from "../../web/demo/protocol.ts";
import { ownHostOnly, tokenOnly } from "../serve/loopback.ts";
import type { CompileQueue, Outcome } from "./compile-queue.ts";
import { demoFile, indexHtml } from "./files.ts";

/** The largest source that the page can compile. */
const MAX_SOURCE_BYTES = 64 * 1024;

const headers = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

export interface DemoAppOptions {
  readonly queue: CompileQueue;
  readonly token: string;
  readonly port: () => number;
}

export function demoApp({ queue, token, port }: DemoAppOptions): Hono {
  const app = new Hono();
  const pageOnly = tokenOnly(
    token,
    context => context.req.header(TOKEN_HEADER),
    context => context.text("this needs the token of the page: reload it\n", 403),
  );
  app.use(ownHostOnly(port, headers));
  app.get("/", async context => context.html(await indexHtml(token)));
  app.on("POST", "/compile/:park/:guest", pageOnly, limited, async context => {
    const asked = askedFor(context);
    if (asked === undefined) return context.notFound();
    if (queue.isBusy) return context.text("the compiler is busy: try again\n", 429);
    return answer(context, await queue.compile(asked.guest, await context.req.text(), asked.park));
  });
  app.get("/wasm/:park/:guest", pageOnly, async context => {
    const asked = askedFor(context);
    return asked === undefined ? context.notFound() : answer(context, await queue.example(asked.guest, asked.park));
  });
  app.get("*", async context => {
    const file = await demoFile(context.req.path.slice(1));
    return file === undefined ? context.notFound() : context.body(file.text, 200, { "content-type": file.type });
  });
  return app;
}

const limited = bodyLimit({
  maxSize: MAX_SOURCE_BYTES,
  onError: context => context.text(`a source may have at most ${MAX_SOURCE_BYTES} bytes here\n`, 413),
});

function askedFor(context: Context): { guest: GuestName; park: ParkWay } | undefined {
  const guest = guestNames.find(name => name === context.req.param("guest"));
  const park = parkWays.find(name => name === context.req.param("park"));
  return guest && park && { guest, park };
}

/** The module, or 422 and the compiler's diagnostics. */
function answer(context: Context, { wasm, diagnostics }: Outcome): Response {
  return wasm === undefined
    ? context.json(diagnostics, 422)
    : context.body(wasm, 200, { "content-type": "application/wasm" });
}
