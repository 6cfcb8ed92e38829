/**
 * The observer's routes. The page's files need no token; everything under `/api` and `/metrics`
 * does.
 */
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { type Pid, parsePid, type Runtime } from "../../index.ts";
import { type SortKey, sortKeys } from "../../web/observer/protocol.ts";
import { ownHostOnly, tokenOnly } from "../serve/loopback.ts";
import { observerFile } from "./files.ts";
import type { History } from "./history.ts";
import type { Metrics } from "./metrics.ts";
import { sendRequestIn, sendTo } from "./sending.ts";
import type { Talk } from "./talk.ts";
import type { ListOptions, View } from "./view.ts";

const MAX_ROWS = 1_000;
/** Of the request that sends a message: as JSON, a payload takes more bytes than it has. */
const MOST_SENT_BYTES = 8 * 2 ** 20;

const headers = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-store",
};

export interface Parts {
  readonly runtime: Runtime;
  readonly view: View;
  readonly history: History;
  readonly talk: Talk;
  readonly metrics: Metrics;
  readonly token: string;
  port(): number;
}

export function observerApp({ runtime, view, history, talk, metrics, token, port }: Parts): Hono {
  const app = new Hono();
  app.use(ownHostOnly(port, headers));
  const bearerOnly = tokenOnly(token, bearerIn, refuse);
  app.use("/api/*", bearerOnly);
  app.use("/metrics", bearerOnly);

  app.get("/api/overview", async context => context.json(await view.overview(wholeOf(context, "after", 0))));
  app.get("/api/actors", async context => {
    const given = context.req.query("sort") as SortKey;
    const sort = sortKeys.includes(given) ? given : "pid";
    const isDescending = context.req.query("descending") === "1";
    const from = wholeOf(context, "from", 0);
    return context.json(await view.actors({ ...listOptions(context), from, sort, isDescending }));
  });
  app.get("/api/tree", async context => {
    return context.json(await view.tree(pidIn(context.req.query("parent")) ?? 0, listOptions(context)));
  });
  app.get("/api/ends", context => {
    const before = wholeOf(context, "before", Number.POSITIVE_INFINITY);
    return context.json(history.endsBefore(before, filterIn(context)));
  });
  app.get("/api/recording", context => {
    const recording = history.recordingOf(wholeOf(context, "index", 0));
    if (recording === undefined) return context.text("the recording is not kept any more\n", 404);
    return context.body(recording.bytes(), 200, { "Content-Type": "application/octet-stream" });
  });
  app.get("/api/events", context => {
    return context.json(view.events(wholeOf(context, "after", 0), filterIn(context), context.req.query("kind") ?? ""));
  });
  app.get("/api/messages", context => context.json(talk.page(wholeOf(context, "after", 0))));
  for (const verb of ["follow", "unfollow"] as const) {
    app.post(`/api/actors/:pid/${verb}`, context => {
      const pid = pidOf(context);
      return pid === undefined ? noPid(context) : context.json(talk[verb](pid));
    });
  }
  app.get("/api/actors/:pid", context => {
    const pid = pidOf(context);
    return pid === undefined ? noPid(context) : context.json(view.actor(pid));
  });
  app.post("/api/actors/:pid/kill", context => {
    const pid = pidOf(context);
    return pid === undefined ? noPid(context) : context.json({ killed: runtime.kill(pid) });
  });
  app.post("/api/actors/:pid/send", bodyLimit({ maxSize: MOST_SENT_BYTES }), async context => {
    const pid = pidOf(context);
    if (pid === undefined) return noPid(context);
    const request = sendRequestIn(await context.req.json().catch(() => undefined));
    if (request !== undefined) return context.json(await sendTo(runtime, pid, request));
    return context.text("send JSON: { text, format: text, json or hex, tag: 0, isCall: false }\n", 400);
  });
  app.get("/metrics", async context => {
    return context.body(await metrics.registry.metrics(), 200, { "Content-Type": metrics.registry.contentType });
  });
  app.get("/:file{.*}", async context => {
    const found = await observerFile(context.req.param("file") || "index.html");
    return found === undefined ? context.notFound() : context.body(found.text, 200, { "Content-Type": found.type });
  });
  return app;
}

function bearerIn(context: Context): string | undefined {
  return /^Bearer (\S+)$/.exec(context.req.header("authorization") ?? "")?.[1];
}

/** Answers 401 where there is no token, 403 where it is another. */
function refuse(context: Context, given: string | undefined): Response {
  if (given !== undefined) return context.text("this is not the token\n", 403);
  const challenge = { "WWW-Authenticate": "Bearer" };
  return context.text("the token is missing: send Authorization: Bearer TOKEN\n", 401, challenge);
}

function listOptions(context: Context): ListOptions {
  const count = Math.min(wholeOf(context, "count", 100), MAX_ROWS);
  return { at: pidIn(context.req.query("at")) ?? 0, count, filter: filterIn(context) };
}

/** In lower case. */
function filterIn(context: Context): string {
  return (context.req.query("filter") ?? "").toLowerCase();
}

/** A whole number from 0 up. `otherwise` where the query has none. */
function wholeOf(context: Context, name: string, otherwise: number): number {
  const number = Number.parseInt(context.req.query(name) ?? "", 10);
  return number >= 0 ? number : otherwise;
}

function pidOf(context: Context): Pid | undefined {
  return pidIn(context.req.param("pid"));
}

/** In a path and a query, a pid has no brackets. */
function pidIn(text: string | undefined): Pid | undefined {
  return parsePid(`<${text}>`);
}

function noPid(context: Context): Response {
  return context.text("a pid is four numbers, for example 0.0.7.1\n", 400);
}
