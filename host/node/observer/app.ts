/** The observer's routes. Files of the page are anybody's; everything under `/api` and `/metrics` wants the token. */

import { type Context, Hono } from "hono";
import { type Pid, parsePid, type Runtime } from "../../index.ts";
import { type SortKey, sortKeys } from "../../web/observer/protocol.ts";
import { ownHostOnly } from "../serve/loopback.ts";
import { asset } from "./assets.ts";
import { headers, withToken } from "./guard.ts";
import type { History } from "./history.ts";
import type { Metrics } from "./metrics.ts";
import type { ListOptions, View } from "./view.ts";

const MOST_ROWS = 500;

export interface Parts {
  readonly runtime: Runtime;
  readonly view: View;
  readonly history: History;
  readonly metrics: Metrics;
  readonly token: string;
  port(): number;
}

export function observerApp({ runtime, view, history, metrics, token, port }: Parts): Hono {
  const app = new Hono();
  app.use(ownHostOnly(port, headers));
  app.use("/api/*", withToken(token));
  app.use("/metrics", withToken(token));

  app.get("/api/overview", context => context.json(view.overview(wholeOf(context, "after", 0))));
  app.get("/api/actors", context => {
    const sort = context.req.query("sort") as SortKey;
    const key = sortKeys.includes(sort) ? sort : "pid";
    return context.json(view.actors(listOptions(context), key, context.req.query("descending") === "1"));
  });
  app.get("/api/tree", context => context.json(view.tree(listOptions(context))));
  app.get("/api/ends", context => context.json(history.ends.toReversed()));
  app.get("/api/events", context => {
    const after = wholeOf(context, "after", 0);
    return context.json(history.events.filter(({ index }) => index > after));
  });
  app.get("/api/actors/:pid", context => {
    const pid = pidOf(context);
    return pid === undefined ? noPid(context) : context.json(view.actor(pid));
  });
  app.post("/api/actors/:pid/kill", context => {
    const pid = pidOf(context);
    return pid === undefined ? noPid(context) : context.json({ killed: runtime.kill(pid) });
  });
  app.get("/metrics", async context => {
    return context.body(await metrics.registry.metrics(), 200, { "Content-Type": metrics.registry.contentType });
  });
  app.get("/:file{.*}", async context => {
    const found = await asset(context.req.param("file") || "index.html");
    return found === undefined ? context.notFound() : context.body(found.text, 200, { "Content-Type": found.type });
  });
  return app;
}

function listOptions(context: Context): ListOptions {
  const count = Math.min(wholeOf(context, "count", 100), MOST_ROWS);
  return { from: wholeOf(context, "from", 0), count, filter: (context.req.query("filter") ?? "").toLowerCase() };
}

/** A number from 0 up, or `otherwise`. */
function wholeOf(context: Context, name: string, otherwise: number): number {
  const number = Number.parseInt(context.req.query(name) ?? "", 10);
  return number >= 0 ? number : otherwise;
}

/** In a path a pid goes without its brackets. */
function pidOf(context: Context): Pid | undefined {
  return parsePid(`<${context.req.param("pid")}>`);
}

function noPid(context: Context): Response {
  return context.text("a pid is four numbers, for example 0.0.7.1\n", 400);
}
