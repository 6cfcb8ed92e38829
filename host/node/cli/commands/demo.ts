/** `isopod demo`: serves a page to write, run and watch guests. */
import { COMPILER_PACKAGES, needPackages, PAGE_PACKAGES } from "../../optional-packages.ts";
import { type Command, UsageError } from "../command.ts";

const PORT = 8017;

export const demo: Command = {
  name: "demo",
  help: `Serves a page on 127.0.0.1 to write, run and watch guests. The compiler and the
guests run in the browser.

Usage: isopod demo [--port N]
       isopod demo --out FOLDER

Options:
  --out FOLDER  writes the page as files, for any server of files, and ends
  --port N      default ${PORT}, or a free port if that is taken; 0 takes a free port
  -h, --help    prints this

Ctrl-C ends it.
`,
  options: { port: { type: "string" }, out: { type: "string" } },

  async run(given) {
    if (given.positionals.length > 0)
      throw new UsageError(`demo takes no arguments, but got "${given.positionals[0]}"`);
    const port = given.whole("port", PORT, 0, 65_535);
    needPackages("isopod demo", [...PAGE_PACKAGES, ...COMPILER_PACKAGES]);
    const out = given.text("out");
    if (out !== undefined) return write(out);
    const { serveDemo } = await import("../../demo/server.ts");
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

async function write(folder: string): Promise<number> {
  const { writeDemo } = await import("../../demo/files.ts");
  await writeDemo(folder);
  process.stdout.write(`The demo is in ${folder}: open its index.html by way of a server of files.\n`);
  return 0;
}
