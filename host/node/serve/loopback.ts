/**
 * A server on the loopback address, and who may ask it. The first file of `serve/`, which the
 * observer and the demo share. It imports only npm, Node, and the place of the package.
 *
 * Every page in a browser of this machine, and every other user of it, can reach the loopback
 * address. So a request for another host name is refused (DNS rebinding), and so is a request that
 * a page of another origin has made. What must stay private also needs a token.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import type { Context, Hono, MiddlewareHandler } from "hono";

/**
 * Listens on 127.0.0.1.
 *
 * @param port 0 takes a free port
 * @throws what Node reports where the port is taken
 */
export async function listen(app: Hono, port: number): Promise<{ readonly server: Server; readonly port: number }> {
  // The process belongs to the embedder, so its global Request and Response stay as they are.
  const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port, overrideGlobalObjects: false }) as Server;
  await new Promise<void>((resolve, reject) => server.once("listening", resolve).once("error", reject));
  return { server, port: (server.address() as AddressInfo).port };
}

/**
 * Answers 421 to a request for another host, and 403 to a request that a page of another origin has
 * made.
 *
 * @param port is asked at each request, because the port is known only once the server listens
 * @param headers are set on every answer
 */
export function ownHostOnly(port: () => number, headers: Readonly<Record<string, string>>): MiddlewareHandler {
  return async (context, next) => {
    const hosts = [`127.0.0.1:${port()}`, `localhost:${port()}`];
    const origin = context.req.header("origin");
    if (!hosts.includes(context.req.header("host") ?? "")) {
      context.res = context.text("this server answers to 127.0.0.1 and localhost only\n", 421);
    } else if (origin !== undefined && !hosts.some(host => origin === `http://${host}`)) {
      context.res = context.text("another page may not ask this server\n", 403);
    } else {
      await next();
    }
    for (const [name, value] of Object.entries(headers)) context.res.headers.set(name, value);
  };
}

/**
 * Lets a request pass only with the token.
 *
 * @param tokenIn the token that a request carries in a header, which no page of another origin can
 * set
 * @param refuse the answer where it carries another token, or none
 */
export function tokenOnly(
  token: string,
  tokenIn: (context: Context) => string | undefined,
  refuse: (context: Context, given: string | undefined) => Response,
): MiddlewareHandler {
  const expected = digest(token);
  return async (context, next) => {
    const given = tokenIn(context);
    // Digests have one length, so the time of the comparison tells nothing about the token.
    return given !== undefined && timingSafeEqual(digest(given), expected) ? next() : refuse(context, given);
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
