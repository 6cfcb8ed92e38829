/**
 * Compilers of other languages, where this machine has them: builds the examples in guest/examples/
 * with the commands that docs/languages.md shows.
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * rustup installs where no PATH of a service leads; and clang would run the wasm-opt that npm finds
 * among our own programs.
 */
const path = [
  ...(process.env.PATH ?? "").split(delimiter).filter(folder => !folder.endsWith(join("node_modules", ".bin"))),
  join(homedir(), ".cargo", "bin"),
];
const env = { ...process.env, PATH: path.join(delimiter) };

export interface Toolchain {
  readonly installedBy: string;
  /** What it says of itself; undefined where it is not installed. */
  readonly version: string | undefined;
  /** Builds an example into `folder`. Throws with the compiler's words. */
  build(example: string, folder: string): Uint8Array<ArrayBuffer>;
}

function run(command: string, args: readonly string[], cwd = root): string {
  return execFileSync(command, args, { cwd, env, encoding: "utf8", stdio: "pipe" });
}

/** The first line that a command prints; undefined where there is none such. */
function firstLine(command: string, ...args: string[]): string | undefined {
  try {
    return run(command, args).split("\n")[0].trim();
  } catch {
    return undefined;
  }
}

/** The words of the command line for C that docs/languages.md shows. */
function documented(): string[] {
  const page = readFileSync(join(root, "docs", "languages.md"), "utf8");
  const command = /```sh\n(clang [\s\S]*?)\n```/.exec(page)?.[1];
  if (command === undefined) throw new Error("docs/languages.md shows no command line for clang");
  return command.replaceAll("\\\n", " ").split(/\s+/);
}

export const clang: Toolchain = {
  installedBy: "apt-get install clang lld",
  version: firstLine("wasm-ld", "--version") === undefined ? undefined : firstLine("clang", "--version"),
  build(example, folder) {
    const target = join(folder, `${example}.wasm`);
    const [command, ...words] = documented();
    const replaced: Readonly<Record<string, string>> = {
      "node_modules/isopod/guest/c": "guest/c",
      "echo.c": `guest/examples/c/${example}.c`,
      "echo.wasm": target,
    };
    run(command, ["-Wall", "-Wextra", "-Werror", ...words.map(word => replaced[word] ?? word)]);
    return new Uint8Array(readFileSync(target));
  },
};

const sysroot = firstLine("rustc", "--print", "sysroot");

/** What a page shows as a block of this kind, the first that contains `what`. */
function blockOf(page: string, kind: string, what: string): string {
  const blocks = [...page.matchAll(new RegExp(`\`\`\`${kind}\\n([\\s\\S]*?)\`\`\``, "g"))].map(([, text]) => text);
  const found = blocks.find(text => text.includes(what));
  if (found === undefined) throw new Error(`the page shows no ${kind} with ${what}`);
  return found;
}

export const rust: Toolchain & { buildProject(page: string, folder: string): Uint8Array<ArrayBuffer> } = {
  installedBy: "rustup target add wasm32-unknown-unknown",
  version:
    sysroot !== undefined && existsSync(join(sysroot, "lib", "rustlib", "wasm32-unknown-unknown"))
      ? firstLine("cargo", "--version")
      : undefined,
  build(example, folder) {
    const args = ["build", "--release", "--offline", "--quiet", "--examples", "--target-dir", folder];
    run("cargo", args, join(root, "guest", "rust"));
    return new Uint8Array(
      readFileSync(join(folder, "wasm32-unknown-unknown", "release", "examples", `${example}.wasm`)),
    );
  },
  /**
   * Makes the project that the page shows, in a new folder in which isopod is installed, and builds
   * it by the page's command.
   */
  buildProject(page, folder) {
    mkdirSync(join(folder, "node_modules"), { recursive: true });
    symlinkSync(root, join(folder, "node_modules", "isopod"));
    writeFileSync(join(folder, "Cargo.toml"), blockOf(page, "toml", "[package]"));
    writeFileSync(join(folder, "echo.rs"), blockOf(page, "rust", "process!(run)"));
    cpSync(join(root, "guest", "rust", ".cargo"), join(folder, ".cargo"), { recursive: true });
    const [command, target] = blockOf(page, "sh", "cargo build")
      .split("#")
      .map(part => part.trim());
    const [program, ...words] = command.split(" ");
    run(program, [...words, "--offline", "--quiet"], folder);
    return new Uint8Array(readFileSync(join(folder, target)));
  },
};

/** Programs of WASI, in test/guests/wasi. */
export const goWasi: Toolchain = {
  installedBy: "Go 1.21 or later, go.dev/dl",
  version: firstLine("go", "version"),
  build(example, folder) {
    const target = join(folder, `${example}-go.wasm`);
    const command = ["GOOS=wasip1", "GOARCH=wasm", "go", "build", "-o", target, `test/guests/wasi/${example}.go`];
    run("env", command);
    return new Uint8Array(readFileSync(target));
  },
};

export const rustWasi: Toolchain = {
  installedBy: "rustup target add wasm32-wasip1",
  version:
    sysroot !== undefined && existsSync(join(sysroot, "lib", "rustlib", "wasm32-wasip1"))
      ? firstLine("rustc", "--version")
      : undefined,
  build(example, folder) {
    const target = join(folder, `${example}-rust.wasm`);
    run("rustc", ["--target", "wasm32-wasip1", "-O", "-o", target, `test/guests/wasi/${example}.rs`]);
    return new Uint8Array(readFileSync(target));
  },
};
