/** Whoever wants something compiled has to bear the token that is in the page. */
import type { MiddlewareHandler } from "hono";
import { tokenCheck } from "../serve/loopback.ts";

export const TOKEN_HEADER = "x-isopod-token";

export const headers = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

export function withToken(token: string): MiddlewareHandler {
  const isToken = tokenCheck(token);
  return async (context, next) => {
    if (isToken(context.req.header(TOKEN_HEADER) ?? "")) return next();
    return context.text("this needs the token of the page: load it anew\n", 403);
  };
}
