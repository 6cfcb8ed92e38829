/**
 * Serves Binaryen to the browser unchanged from node_modules. It is one module of 13 MB without
 * imports; Vite would take half a minute to parse and rewrite it.
 */
import { createReadStream } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vitest/config";

const FILE = fileURLToPath(import.meta.resolve("binaryen"));

export const binaryenAsItIs: Plugin = {
  name: "isopod:binaryen-as-it-is",
  config: () => ({ optimizeDeps: { exclude: ["binaryen"] } }),
  configureServer(server) {
    server.middlewares.use((request, response, next) => {
      if (!/\/node_modules\/binaryen\/index\.js(\?|$)/.test(request.url ?? "")) return next();
      response.writeHead(200, { "content-type": "text/javascript", "cache-control": "max-age=3600" });
      createReadStream(FILE).pipe(response);
    });
  },
};
