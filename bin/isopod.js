#!/usr/bin/env node
// Starts the CLI: from the sources in a checkout, from dist/ in an installed package. Plain JavaScript that old versions of Node can
// read, because they are told here, and nowhere else, that they are too old.
import { existsSync } from "node:fs";

const source = new URL("../host/node/cli.ts", import.meta.url);
const unbuilt = existsSync(source);
const [major, minor] = process.versions.node.split(".").map(Number);

if (major < 22 || (major === 22 && minor < 18)) {
  refuse("isopod needs Node 22.18 or later");
} else if (unbuilt && !process.features.typescript) {
  refuse("isopod's checkout needs a Node that strips types (22.18, or 23.6 and later)");
} else {
  await import(unbuilt ? source.href : new URL("../dist/host/node/cli.js", import.meta.url).href);
}

function refuse(need) {
  process.stderr.write(`${need}; this is ${process.versions.node}, ${process.execPath}\n`);
  process.stderr.write("Install a newer one from https://nodejs.org, or run it once with: npx -p node@24 -p isopod isopod\n");
  if (unbuilt) process.stderr.write("In this checkout, `npm ci` brings one along: start with `npm start` or `npm run bench`.\n");
  process.exitCode = 1;
}
