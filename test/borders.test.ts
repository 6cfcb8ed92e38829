/**
 * The borders of the code: which room may import which, and that no files import each other in a
 * circle, types included. The rules are the table "Rooms" of docs/design.md, so the page and the
 * code cannot differ.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "./support/pages.ts";

/** Room by room: the rooms that it may import. */
const rules = new Map<string, readonly string[]>(
  [...readFileSync(join(ROOT, "docs/design.md"), "utf8").matchAll(/^\| `host\/(\w*)\/?` \|[^|]*\| ([^|]*) \|$/gm)].map(
    ([, room, may]) => [
      roomNamed(room),
      [...may.matchAll(/`([\w/]+)`/g)].map(([, name]) => roomNamed(name === "host/" ? "" : name)),
    ],
  ),
);

function roomNamed(name: string): string {
  return name === "" ? "host" : `host/${name}`;
}

/** The source files below a folder, without the template of a user's project. */
function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map(name => `${folder}/${name}`)
    .filter(name => name.endsWith(".ts") && !name.includes("/template/"));
}

/** The files of the project that a file imports: values or types, at once or later. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  const found = text.matchAll(/(?:^(?:import|export)\s[^;]*?from\s+|^import\s+|\bimport\()"(\.[^"]+)"/gms);
  return [...found]
    .map(([, path]) => normalize(join(dirname(file), path)))
    .map(path => (path.endsWith(".ts") ? path : `${path}.ts`))
    .filter(path => existsSync(join(ROOT, path)));
}

/** The room of a file. The files of host/ itself are a room, too. */
function roomOf(file: string): string {
  const [top, folder, name] = file.split("/");
  return name === undefined ? top : `${top}/${folder}`;
}

const graph = new Map(["host", "guest", "bench"].flatMap(sources).map(file => [file, importsOf(file)]));

/** A way from a file back to itself; undefined where there is none. */
function circleFrom(start: string): string[] | undefined {
  const seen = new Set<string>();
  const follow = (file: string, way: readonly string[]): string[] | undefined => {
    for (const next of graph.get(file) ?? []) {
      if (next === start) return [...way, start];
      if (seen.has(next)) continue;
      seen.add(next);
      const circle = follow(next, [...way, next]);
      if (circle !== undefined) return circle;
    }
    return undefined;
  };
  return follow(start, [start]);
}

test("every room of host/ stands in the table of docs/design.md", () => {
  const rooms = new Set(sources("host").map(roomOf));
  expect([...rules.keys()].sort()).toEqual([...rooms].sort());
});

test("a room imports those that the table allows, and no other", () => {
  const crossings = sources("host").flatMap(file =>
    importsOf(file)
      .filter(target => target.startsWith("host/") && roomOf(target) !== roomOf(file))
      .filter(target => !rules.get(roomOf(file))?.includes(roomOf(target)))
      .map(target => `${file} imports ${target}`),
  );
  expect(crossings).toEqual([]);
});

test("no file imports itself by way of others, types included", () => {
  const circles = [...graph.keys()].map(circleFrom).filter(circle => circle !== undefined);
  expect(circles.map(circle => circle.join(" → "))).toEqual([]);
});

/** The files of the project whose values a file imports at once. */
function valuesOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  const found = text.matchAll(/^(?:import|export)\s(?!type\b)[^;]*?from\s+"(\.[^"]+)"/gms);
  return [...found].map(([, path]) => normalize(join(dirname(file), path)));
}

test("the core is imported without what reads and rewrites modules", () => {
  const seen = new Set(["host/index.ts"]);
  for (const file of seen) for (const next of valuesOf(file)) seen.add(next);
  const ofModule = [...seen].flatMap(file => /^host\/module\/(.*)\.ts$/.exec(file)?.[1] ?? []);
  expect(ofModule.sort()).toEqual(
    ["check", "derived-module", "engine", "entries", "facts", "facts-section", "guest-module"].concat(
      "loader",
      "trusted",
    ),
  );
  expect(seen.size).toBeGreaterThan(100);
});

test("no file of host/ that someone writes has more than 350 lines", () => {
  const lines = (file: string) => readFileSync(join(ROOT, file), "utf8").split("\n").length - 1;
  expect(sources("host").filter(file => !/^host\/kernel\/(\w+-)?binary\.ts$/.test(file) && lines(file) > 350)).toEqual(
    [],
  );
});
