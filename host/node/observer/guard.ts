/**
 * Who may ask. The server listens on the loopback address only, where every page of every browser of this machine and every other user can reach it: so a name that
 * is not its own is refused (DNS rebinding), a page of another origin is refused, and whatever says something about the runtime or does something to it wants the token in a
 * header, which no page of another origin can send.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";

const headers = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-store",
};

/** Answers 421 to a request that was meant for another host, 403 to one that another page has made. */
export function ownHostOnly(port: () => number): MiddlewareHandler {
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

/** Answers 401 where there is no token, 403 where it is another. */
export function withToken(token: string): MiddlewareHandler {
  const expected = digest(token);
  return async (context, next) => {
    const given = /^Bearer (\S+)$/.exec(context.req.header("authorization") ?? "")?.[1];
    if (given === undefined) {
      return context.text("the token is missing: send Authorization: Bearer TOKEN\n", 401, {
        "WWW-Authenticate": "Bearer",
      });
    }
    // Of equal length, whatever is given, and compared in equal time.
    if (!timingSafeEqual(digest(given), expected)) return context.text("this is not the token\n", 403);
    return next();
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
