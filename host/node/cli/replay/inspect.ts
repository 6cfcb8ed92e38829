/**
 * A replay under a debugger: V8's inspector is opened on this machine, and waits for one. The module's source map is
 * served beside it, at an address that nobody can guess.
 */
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import inspector from "node:inspector";
import type { AddressInfo } from "node:net";

export interface MapServer {
  /** Where the map is. */
  readonly url: string;
  /** What is served; undefined: there is nothing yet. */
  map: string | undefined;
  close(): void;
}

/** Serves one source map on 127.0.0.1. */
export async function serveMap(): Promise<MapServer> {
  const path = `/${randomBytes(16).toString("hex")}/guest.wasm.map`;
  const server = createServer((request, response) => {
    const isThere = request.url === path && served.map !== undefined;
    // DevTools asks from a page of its own.
    response.writeHead(isThere ? 200 : 404, { "Content-Type": "application/json", "Access-Control-Allow-Origin": "*" });
    response.end(isThere ? served.map : "");
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const served = {
    url: `http://127.0.0.1:${port}${path}`,
    map: undefined as string | undefined,
    close: () => void server.close(),
  };
  return served;
}

/** Opens the inspector, and waits for a debugger. */
export function waitForDebugger(port: number): void {
  inspector.open(port, "127.0.0.1", false);
  process.stderr.write(
    "isopod: open chrome://inspect, choose this process, set breakpoints in the guest's sources, and resume\n",
  );
  inspector.waitForDebugger();
}

/** Stops in the debugger, which has the guest's sources by now. */
export async function stopInDebugger(): Promise<void> {
  // The map is asked for while the event loop turns.
  await new Promise(resolve => setTimeout(resolve, SOURCES_MS));
  // biome-ignore lint/suspicious/noDebugger: this is where the person sets breakpoints
  debugger;
}

const SOURCES_MS = 500;
