/**
 * Who may ask a server on the loopback address, which every page of every browser of this machine and every other user can reach: a request that was meant for
 * another name is refused (DNS rebinding), and so is one that a page of another origin has made.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";

/** Answers 421 to a request that was meant for another host, 403 to one that another page has made. `port` is asked at each request: it is known only once the server listens. */
export function ownHostOnly(port: () => number, headers: Readonly<Record<string, string>>): MiddlewareHandler {
  return async (context, next) => {
    const hosts = [`127.0.0.1:${port()}`, `localhost:${port()}`];
    const origin = context.req.header("origin");
    if (!hosts.includes(context.req.header("host") ?? "")) {
      context.res = context.text("this server is called 127.0.0.1 and localhost only\n", 421);
    } else if (origin !== undefined && !hosts.some(host => origin === `http://${host}`)) {
      context.res = context.text("another page may not ask\n", 403);
    } else {
      await next();
    }
    for (const [name, value] of Object.entries(headers)) context.res.headers.set(name, value);
  };
}

/** Whether a text is the token, in a time that says nothing of it. */
export function tokenCheck(token: string): (given: string) => boolean {
  const expected = digest(token);
  return given => timingSafeEqual(digest(given), expected);
}

/** Of equal length, whatever is given. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
