/** `isopod demo`: serves a page in which guests are written, run and watched. */

import { serveDemo } from "../../demo/server.ts";
import { type Command, UsageError } from "../command.ts";

const PORT = 8017;

export const demo: Command = {
  name: "demo",
  help: `Serves a page on the loopback address in which guests are written, run and
watched: they run in the browser, and only the compiler runs here.

Usage: isopod demo [--port N]

Options:
  --port N    default ${PORT}, or a free one where that is taken; 0 is a free one
  -h, --help  print this

Ctrl-C ends it.
`,
  options: { port: { type: "string" } },

  async run(given) {
    if (given.positionals.length > 0)
      throw new UsageError(`demo takes no arguments, but got "${given.positionals[0]}"`);
    const port = given.whole("port", PORT, 0, 65_535);
    const server = await serveDemo(port).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE" || given.has("port")) throw error;
      return serveDemo(0);
    });
    process.stdout.write(`${server.url}\nOpen it in a browser; Ctrl-C ends it.\n`);
    await new Promise<void>(resolve => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
    });
    await server.close();
    return 0;
  },
};
