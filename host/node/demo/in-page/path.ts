/**
 * `node:path` in a page, as far as `compile/` uses it. Paths have slashes, and the working directory
 * is `/`.
 */

export const sep = "/";

export function resolve(...paths: readonly string[]): string {
  const first = paths.findLastIndex(path => path.startsWith("/"));
  const parts: string[] = [];
  for (const part of paths.slice(Math.max(0, first)).join("/").split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** An absolute path. Node's `join` would keep a relative one relative. */
export function join(...paths: readonly string[]): string {
  return resolve(paths.join("/"));
}

export function relative(from: string, to: string): string {
  const [there, here] = [resolve(to).split("/").slice(1), resolve(from).split("/").slice(1)].map(parts =>
    parts.filter(part => part !== ""),
  );
  let same = 0;
  while (same < here.length && here[same] === there[same]) same++;
  return [...here.slice(same).map(() => ".."), ...there.slice(same)].join("/");
}

export function basename(path: string, suffix = ""): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return suffix !== "" && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
}

export function dirname(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}
