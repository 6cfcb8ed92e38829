#!/usr/bin/env node
// Starts the CLI, or says that Node is too old for it. An old Node must be able to parse this file, so it is CommonJS and
// has no newer syntax.
"use strict";

var version = process.versions.node.split(".").map(Number);
var write = process.stderr.write.bind(process.stderr);

if (version[0] < 22 || (version[0] === 22 && version[1] < 18)) {
  write("isopod needs Node 22.18 or later; this is " + process.versions.node + ", " + process.execPath + "\n");
  write("Install a newer one from https://nodejs.org, or run it once with: npx -p node@24 -p isopod isopod\n");
  if (require("fs").existsSync(__dirname + "/../host/node/cli/cli.ts")) {
    write("In this checkout, `npm ci` brings one along: start with `npm start` or `npm run bench`.\n");
  }
  process.exitCode = 1;
} else {
  require("./start.js");
}
