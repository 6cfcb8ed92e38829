// Loads the CLI: from the sources in a checkout, from dist/ in an installed package.
"use strict";

const { existsSync } = require("node:fs");
const { join } = require("node:path");
const { pathToFileURL } = require("node:url");

const source = join(__dirname, "..", "host", "node", "cli", "cli.ts");

if (!existsSync(source)) {
  import(pathToFileURL(join(__dirname, "..", "dist", "host", "node", "cli", "cli.js")).href);
} else if (process.features.typescript) {
  import(pathToFileURL(source).href);
} else {
  process.stderr.write(
    `isopod's checkout needs a Node that strips types (22.18, or 23.6 and later); this is ${process.versions.node}, ${process.execPath}\n`,
  );
  process.exitCode = 1;
}
