/**
 * `isopod init`: makes a new project from the files in a folder of host/node/template/. It writes only
 * into an empty folder.
 */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { CODE_FOLDER, PACKAGE_FOLDER, packageManifest, packageVersion } from "../../installation.ts";
import { installedFrom } from "../../installed-from.ts";
import { type Command, UsageError } from "../command.ts";

/** What there are templates of, the default first. */
const TEMPLATES = ["assemblyscript", "js"] as const;
type Template = (typeof TEMPLATES)[number];

export const init: Command = {
  name: "init",
  help: `Makes a project that builds, runs and has a test: two guests, and a host that
supervises one of them; or a plug-in in JavaScript, and a host that calls it. It
installs nothing and asks nothing.

Usage: isopod init <folder> [options]

The folder is made if there is none. An existing folder must be empty, except
for .git.

Options:
  --template NAME assemblyscript (default), or js: a plug-in in plain JavaScript
  --isopod SPEC   the version of isopod in package.json, for example ^0.1.0 or
                  file:../isopod-0.1.0.tgz; default: what this isopod was
                  installed from
  -h, --help      prints this

Exit code: 0; 1 if a file cannot be written; 2 if the command line is wrong or
the folder is not empty.
`,
  options: { template: { type: "string", choices: TEMPLATES }, isopod: { type: "string" } },

  async run(given) {
    const [folder, ...more] = given.positionals;
    if (folder === undefined) throw new UsageError("where to? Name a folder: isopod init my-app");
    if (more.length > 0)
      throw new UsageError(`name one folder, not ${given.positionals.length}: ${given.positionals.join(" ")}`);
    await checkEmpty(folder);
    const name = packageName(folder);
    const template = TEMPLATES.find(known => known === given.text("template")) ?? "assemblyscript";
    const files = await filesOf(join(PACKAGE_FOLDER, "host/node/template", template));
    const isopod = given.text("isopod") ?? installedFrom(PACKAGE_FOLDER, packageVersion(), folder);
    files.set("package.json", `${JSON.stringify(manifest(name, isopod, template), null, 2)}\n`);
    for (const [path, text] of files) {
      const target = join(folder, path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, text.replaceAll("{{name}}", name), { flag: "wx" });
      process.stdout.write(`  ${target}\n`);
    }
    const here = relative(".", folder) === "" ? [] : [`cd ${folder}`];
    // A project that links a checkout uses what was built there.
    const isLinked = CODE_FOLDER === PACKAGE_FOLDER && !given.has("isopod");
    const build = isLinked ? [`npm --prefix ${isopod.slice("file:".length)} run build`] : [];
    const next = [...here, ...build, "npm install", "npm start", "npm test"].map(line => `  ${line}\n`).join("");
    process.stdout.write(`\n${name} is ready. Next:\n${next}`);
    return 0;
  },
};

async function checkEmpty(folder: string): Promise<void> {
  try {
    const found = (await readdir(folder)).filter(name => name !== ".git");
    if (found.length === 0) return;
    const some = `${found.slice(0, 3).join(", ")}${found.length > 3 ? ", …" : ""}`;
    throw new UsageError(`${folder} is not empty (${some}): name a new folder`);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOTDIR") throw new UsageError(`${folder} is a file: name a new folder`);
    if (code !== "ENOENT") throw error;
  }
}

/** A name that npm accepts, made of the folder's name. */
function packageName(folder: string): string {
  const name = basename(resolve(folder))
    .toLowerCase()
    .replaceAll(/[^a-z0-9-_.]+/g, "-")
    .replace(/^[-_.]+|-+$/g, "");
  return name === "" || name === "isopod" || name === "node_modules" ? "my-app" : name;
}

/** The text of each file of a template, by its path in the project. */
async function filesOf(template: string): Promise<Map<string, string>> {
  const entries = await readdir(template, { recursive: true, withFileTypes: true });
  const files = new Map<string, string>();
  for (const entry of entries.filter(entry => entry.isFile())) {
    const path = join(entry.parentPath, entry.name);
    // npm packs no file named .gitignore.
    files.set(relative(template, path).replace(/^gitignore$/, ".gitignore"), await readFile(path, "utf8"));
  }
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function manifest(name: string, isopod: string, template: Template): object {
  const { engines, devDependencies } = packageManifest();
  return {
    name,
    version: "0.0.0",
    private: true,
    type: "module",
    engines: { node: engines.node },
    scripts: {
      start: "node --disable-wasm-trap-handler host.ts",
      test: "node --disable-wasm-trap-handler --test",
      ...(template === "assemblyscript" && {
        build: "isopod build guest/hello.ts guest/counter.ts --out build",
        watch: "npm run build -- --watch",
      }),
      check: "tsc",
    },
    dependencies: { isopod },
    devDependencies: {
      "@types/node": devDependencies["@types/node"],
      typescript: devDependencies.typescript,
    },
  };
}
