/**
 * What says something about the runtime or does something to it wants the token in a header, which no page of another origin can send. (Who else may ask is in loopback.ts.)
 */
import type { MiddlewareHandler } from "hono";
import { tokenCheck } from "../serve/loopback.ts";

export const headers = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-store",
};

/** Answers 401 where there is no token, 403 where it is another. */
export function withToken(token: string): MiddlewareHandler {
  const isToken = tokenCheck(token);
  return async (context, next) => {
    const given = /^Bearer (\S+)$/.exec(context.req.header("authorization") ?? "")?.[1];
    if (given === undefined) {
      return context.text("the token is missing: send Authorization: Bearer TOKEN\n", 401, {
        "WWW-Authenticate": "Bearer",
      });
    }
    if (!isToken(given)) return context.text("this is not the token\n", 403);
    return next();
  };
}
