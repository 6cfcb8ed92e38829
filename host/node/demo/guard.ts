/**
 * Who may ask the demo. Every page of every browser of this machine can reach the loopback address: a request that was meant for another name is refused (DNS rebinding), one
 * that a page of another origin has made is refused, and whoever wants something compiled has to bear the token that is in the page.
 */
import { timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";

export const TOKEN_HEADER = "x-isopod-token";

/** `port` is asked at each request: it is known only once the server listens. */
export function ownHostOnly(port: () => number): MiddlewareHandler {
  return async (context, next) => {
    const hosts = [`127.0.0.1:${port()}`, `localhost:${port()}`];
    const origin = context.req.header("origin");
    if (!hosts.includes(context.req.header("host") ?? "")) {
      return context.text("this server is called 127.0.0.1 and localhost only\n", 421);
    }
    if (origin !== undefined && !hosts.some(host => origin === `http://${host}`)) {
      return context.text("another page may not ask\n", 403);
    }
    await next();
    context.res.headers.set("cache-control", "no-store");
    context.res.headers.set("x-content-type-options", "nosniff");
  };
}

export function withToken(token: string): MiddlewareHandler {
  const expected = Buffer.from(token);
  return async (context, next) => {
    const given = Buffer.from(context.req.header(TOKEN_HEADER) ?? "");
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      return context.text("this needs the token of the page: load it anew\n", 403);
    }
    return next();
  };
}
