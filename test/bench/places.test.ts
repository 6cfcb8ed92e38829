/** The rooms of bench/ and the parts of its scenarios are as bench/README.md says. Nothing is compiled here. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { hasSource, peers } from "../../bench/harness/peers.ts";
import { scenarios } from "../../bench/scenarios/index.ts";
import { PACKAGE_FOLDER } from "../../host/node/installation.ts";
import { tiny } from "../support/scenario-sizes.ts";

test("every scenario has a tiny size, with all of its parameters", () => {
  expect(scenarios.map(({ name }) => name)).toEqual(Object.keys(tiny));
  for (const { name, parameters } of scenarios) expect(Object.keys(tiny[name][0])).toEqual(Object.keys(parameters));
});

const folder = join(PACKAGE_FOLDER, "bench");
const page = readFileSync(join(folder, "README.md"), "utf8");

test("each room of bench/ imports only those before it in the table", () => {
  const rows = page.split("\n").filter(line => /^\| `[\w.]+[/`]/.test(line) && !line.includes("](scenarios/"));
  const rooms = rows.map(row => [...row.split("|")[1].matchAll(/`([\w.]+)\/?`/g)].map(([, name]) => name));
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(name => /^[^.]*\.ts$/.test(name));
  const floorOf = (file: string) => rooms.findIndex(names => names.includes(file.split("/")[0]));
  const upward = files.flatMap(file => {
    const imports = readFileSync(join(folder, file), "utf8").matchAll(/\bfrom "(\.[^"]+)"/g);
    const targets = [...imports].map(([, path]) => normalize(join(dirname(file), path)));
    return targets
      .filter(target => !target.startsWith("..") && floorOf(target) > floorOf(file))
      .map(target => `${file} imports ${target}`);
  });
  expect(files.map(floorOf)).not.toContain(-1);
  expect(upward).toEqual([]);
});

describe("the parts of every scenario:", () => {
  /** The file that exports each scenario. */
  const files = new Map<unknown, string>();

  beforeAll(async () => {
    for (const file of readdirSync(join(folder, "scenarios"))) {
      if (file === "index.ts") continue;
      const exported = await import(`../../bench/scenarios/${file.slice(0, -".ts".length)}.ts`);
      for (const each of Object.values(exported)) files.set(each, file);
    }
  });

  test("the table of bench/README.md names its file, its guest, and its peers' file", () => {
    const rows = scenarios.map(scenario => {
      const { name, guest, peerFile } = scenario;
      const places = peerFile === undefined ? [] : peers.filter(peer => hasSource(peer.name, peerFile));
      const links = places.map(peer => `[${peer.name}](peers/${peer.sourceOf(String(peerFile))})`);
      const file = files.get(scenario);
      return `| \`${name}\` | [${file}](scenarios/${file}) | [${guest}.ts](guests/${guest}.ts) | ${links.join(", ")} |`;
    });
    const table = page.split("\n").filter(line => line.includes("](scenarios/"));
    expect(table).toEqual(rows);
  });

  test("all of them exist, and all scenarios of bench/scenarios are played", () => {
    for (const { guest, peerFile } of scenarios) {
      expect(existsSync(join(folder, "guests", `${guest}.ts`)), guest).toBe(true);
      if (peerFile !== undefined) expect(hasSource("erlang", peerFile), peerFile).toBe(true);
    }
    const exported = [...files].filter(([, file]) => file !== "memcpy.ts").map(([each]) => each);
    expect(new Set(exported)).toEqual(new Set(scenarios));
  });
});
