/**
 * `isopod/vite`: a plug-in for Vite, and for Rollup and Rolldown, by which a program imports a guest's
 * source and gets what `load` takes. The guest is in the bundle as bytes, because most have a few kilobytes:
 * so it needs no request and no path, in pages, workers, servers and tests alike.
 */
import { relative, sep } from "node:path";
import { type BuildOptions, build } from "../compile/build.ts";
import type { Compiled, Diagnostic } from "../compile/compiled.ts";

/** Options of the plug-in: those of `build`, for every guest. */
export type GuestPluginOptions = Omit<BuildOptions, "baseDir">;

/** What the plug-in uses of a bundler's context. */
export interface GuestPluginContext {
  resolve(source: string, importer?: string, options?: { skipSelf?: boolean }): Promise<{ readonly id: string } | null>;
  addWatchFile(file: string): void;
  warn(log: GuestLog): void;
  error(log: GuestLog): never;
}

/** A message of the compiler, as bundlers take it. */
export interface GuestLog {
  readonly message: string;
  readonly id?: string;
  /** From line 1 and column 0. */
  readonly loc?: { readonly file: string; readonly line: number; readonly column: number };
}

/** What the plug-in reads of Vite's configuration. */
export interface ViteConfig {
  readonly command: "build" | "serve";
  readonly root: string;
  readonly build: { readonly sourcemap: boolean | "inline" | "hidden" };
}

/** What the plug-in uses of Vite's server where a file has changed. */
export interface ViteChange {
  /** Its path, with `/` on every system. */
  readonly file: string;
  readonly server: { readonly ws: { send(message: { type: "full-reload" }): void } };
}

/** Fits Vite's `Plugin`, Rollup's and Rolldown's, whose types this package does not need. */
export interface GuestPlugin {
  readonly name: string;
  readonly enforce: "pre";
  configResolved(config: ViteConfig): void;
  resolveId(this: GuestPluginContext, source: string, importer: string | undefined): Promise<string | null>;
  load(
    this: GuestPluginContext,
    id: string,
  ): Promise<{ code: string; map: { mappings: "" }; moduleSideEffects: false } | null>;
  handleHotUpdate(change: ViteChange): void;
}

/** The end of an import of a guest, which is also that of its id. TypeScript can give types to it only. */
const QUERY = "?guest";
/** What is a guest without the query. */
const BY_NAME = /\.guest\.ts$/;

/**
 * The plug-in. `import echo from "./echo.guest.ts"`, or of any file with `?guest` behind its name, gives
 * what `build` gives: bytes, and in development and with `build.sourcemap` the source map. A change of the
 * guest, or of what it imports, reloads the page. Errors of the guest are errors of the bundler.
 */
export function isopod(options: GuestPluginOptions = {}): GuestPlugin {
  let root = process.cwd();
  let withMap = false;
  /** The files of guests that have errors, by guest. Vite reloads no page for a module that it never had. */
  const broken = new Map<string, readonly string[]>();
  /** Guests are compiled one after another: one compiler is faster than two that must start. */
  let last: Promise<unknown> = Promise.resolve();

  return {
    name: "isopod",
    // Before Vite takes the guest for TypeScript of the page.
    enforce: "pre",

    configResolved(config) {
      root = config.root;
      withMap = config.command === "serve" || config.build.sourcemap !== false;
    },

    async resolveId(source, importer) {
      const isAsked = source.endsWith(QUERY);
      if (!isAsked && !BY_NAME.test(source)) return null;
      const path = isAsked ? source.slice(0, -QUERY.length) : source;
      const found = await this.resolve(path, importer, { skipSelf: true });
      // Another plug-in may have asked this one for the path that it has found.
      return found === null || found.id.endsWith(QUERY) ? (found?.id ?? null) : `${found.id}${QUERY}`;
    },

    async load(id) {
      if (!id.endsWith(QUERY)) return null;
      const path = id.slice(0, -QUERY.length);
      const compiling = last.then(() => build([relative(root, path)], { ...options, baseDir: root }));
      last = compiling.catch(() => {});
      const [compiled] = await compiling;
      // Also where it has errors, so that their correction is noticed.
      for (const file of compiled.sources) this.addWatchFile(file);
      for (const found of compiled.diagnostics) if (found.severity === "warning") this.warn(logOf(found, path));
      const { wasm } = compiled;
      broken.delete(path);
      if (wasm === undefined) {
        broken.set(
          path,
          compiled.sources.map(file => file.split(sep).join("/")),
        );
        const first = compiled.diagnostics.find(({ severity }) => severity === "error");
        return this.error({ ...(first === undefined ? {} : logOf(first, path)), message: compiled.text.trim() });
      }
      return { code: codeOf(compiled, wasm, withMap), map: { mappings: "" }, moduleSideEffects: false };
    },

    handleHotUpdate({ file, server }) {
      if ([...broken.values()].some(files => files.includes(file))) server.ws.send({ type: "full-reload" });
    },
  };
}

function logOf({ message, file, line, column = 1 }: Diagnostic, path: string): GuestLog {
  if (file === undefined || line === undefined) return { message, id: path };
  return { message, id: path, loc: { file, line, column: column - 1 } };
}

/** A module whose default export is what the compiler has made. */
function codeOf({ entry, sourceMap }: Compiled, wasm: Uint8Array, withMap: boolean): string {
  const map = withMap && sourceMap !== undefined ? `\n  sourceMap: ${JSON.stringify(sourceMap)},` : "";
  return `const bytes = text => Uint8Array.from(atob(text), character => character.charCodeAt(0));
export default {
  entry: ${JSON.stringify(entry)},
  wasm: /* @__PURE__ */ bytes("${Buffer.from(wasm).toString("base64")}"),${map}
};
`;
}
