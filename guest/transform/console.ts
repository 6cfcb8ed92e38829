/**
 * `console` in guests: its lines go to the host's log, as those of `log` in the guest library do.
 * AssemblyScript's own `console` imports functions of JavaScript, which no host of isopod offers.
 */
import type { DeclarationStatement, NamespaceDeclaration, Parser } from "assemblyscript";
import { statementsOf } from "./graft.ts";

/** The levels are those of `Level` in guest/process.ts. */
const CODE = `
@external("actor", "log")
declare function write(level: i32, ptr: usize, length: i32): i32;

function line(level: i32, text: string): void {
  const bytes = String.UTF8.encode(text, false, String.UTF8.ErrorMode.REPLACE);
  write(level, changetype<usize>(bytes), bytes.byteLength);
}

export namespace console {
  export function debug(message: string = ""): void { line(0, message); }
  export function log(message: string = ""): void { line(1, message); }
  export function info(message: string = ""): void { line(1, message); }
  export function warn(message: string = ""): void { line(2, message); }
  export function error(message: string = ""): void { line(3, message); }
  export function assert<T>(condition: T, message: string = ""): void {
    if (!condition) line(3, message.length == 0 ? "assertion failed" : "assertion failed: " + message);
  }
}
`;

/** Replaces functions of the library's `console`. Those that measure time stay as they are. */
export function logFromConsole(parser: Parser): void {
  const source = parser.sources.find(({ internalPath }) => internalPath === "~lib/console");
  const theirs = source?.statements.at(-1) as NamespaceDeclaration | undefined;
  if (source === undefined || theirs === undefined) return;
  const made = statementsOf(parser, CODE, theirs.range);
  const { members } = made.at(-1) as NamespaceDeclaration;
  const nameOf = (member: unknown) => (member as DeclarationStatement).name.text;
  const replaced = new Set(members.map(nameOf));
  theirs.members = [...theirs.members.filter(member => !replaced.has(nameOf(member))), ...members];
  source.statements.unshift(...made.slice(0, -1));
}
