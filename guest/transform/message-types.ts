/**
 * The TypeScript types of message classes, for hosts: what `cbor` of `isopod/codec` gives and takes
 * for each class. Made after the program is initialized, because only then the compiler knows what
 * an alias, an enum or an imported name means.
 *
 * Guarantee: a field of a type that no message can have is an error at the field. The error names
 * the class, the field, and what to do.
 */
import type {
  Class,
  ClassDeclaration,
  FieldDeclaration,
  NamedTypeNode,
  Program,
  ReportMode,
  Type,
  TypeNode,
} from "assemblyscript";
import { statementsOf } from "./graft.ts";
import { type MessageClass, refuse } from "./message-classes.ts";

const SWALLOW: ReportMode.Swallow = 1;

/** Errors of fields, and the text of a file with a type for each class. */
export function typesOfMessages(program: Program, classes: readonly MessageClass[]): string {
  return classes.map(found => typeTextOf(program, found, classes)).join("\n");
}

function typeTextOf(program: Program, found: MessageClass, classes: readonly MessageClass[]): string {
  const { name, source, declaration, fields } = found;
  const lines: string[] = [];
  let isWrong = false;
  for (const field of fields) {
    const node = typeNodeOf(program, found, field);
    const type = typeOf(program, found, node);
    // asc reports what it cannot resolve.
    if (type === undefined) continue;
    const written = inTypeScript(type, node, classes);
    if (typeof written === "string") {
      lines.push(...docBefore(source.text, startOf(field), "  "), `  ${field.name.text}: ${written};`);
    } else {
      isWrong = true;
      const what = `${name} is marked @message, but its field ${field.name.text} is ${written.wrong}`;
      refuse(program, field.range, what);
    }
  }
  if (isWrong) found.empty();
  const doc = docBefore(source.text, startOf(declaration), "");
  // An interface would have no index signature, and so be no value that a codec encodes.
  return [...doc, `export type ${name} = {`, ...lines, "};", ""].join("\n");
}

/** A copy of the field's type. The compiler refuses a node that it meets again while it resolves it. */
function typeNodeOf({ parser }: Program, { source }: MessageClass, { type, range }: FieldDeclaration): TypeNode | null {
  if (type === null) return null;
  const text = source.text.slice(type.range.start, type.range.end);
  const [{ members }] = statementsOf(parser, `class Copy { field: ${text}; }`, range) as [ClassDeclaration];
  return (members[0] as FieldDeclaration).type;
}

function typeOf(program: Program, { declaration }: MessageClass, node: TypeNode | null): Type | undefined {
  const element = program.elementsByDeclaration.get(declaration);
  if (element === undefined || node === null) return undefined;
  return program.resolver.resolveType(node, null, element, null, SWALLOW) ?? undefined;
}

/** The type in TypeScript, or what is wrong with it. */
function inTypeScript(
  type: Type,
  node: TypeNode | null,
  classes: readonly MessageClass[],
): string | { readonly wrong: string } {
  if (type.isBooleanValue) return "boolean";
  if (type.isLongIntegerValue) return nameOf(node) === "Pid" ? "number" : "number | bigint";
  if (type.isIntegerValue || type.isFloatValue) return "number";
  const found = type.getClass();
  const written = found === null ? undefined : ofClass(found, node, classes);
  if (written === undefined) {
    return {
      wrong: `of the type ${type}, which no message can have: use ${ALLOWED}; or make it private, to leave it out`,
    };
  }
  return typeof written === "string" && type.isNullableReference ? `${written} | null` : written;
}

const ALLOWED = "a bool, a number, a string, a Uint8Array, a class marked @message, or an Array of these";

function ofClass(
  found: Class,
  node: TypeNode | null,
  classes: readonly MessageClass[],
): ReturnType<typeof inTypeScript> | undefined {
  const { prototype, typeArguments } = found;
  switch (prototype.internalName) {
    case "~lib/string/String":
      return "string";
    case "~lib/typedarray/Uint8Array":
      return "Uint8Array";
    case "~lib/array/Array": {
      const element = typeArguments?.[0];
      if (element === undefined) return undefined;
      const written = inTypeScript(element, (node as NamedTypeNode | null)?.typeArguments?.[0] ?? null, classes);
      return typeof written === "string" ? `${written.includes("|") ? `(${written})` : written}[]` : written;
    }
  }
  const marked = classes.find(({ declaration }) => declaration === prototype.declaration);
  if (marked !== undefined) return marked.name;
  // A class of the user's own can become a message; one of AssemblyScript's library cannot.
  if (prototype.internalName.startsWith("~lib/")) return undefined;
  return {
    wrong: `a ${prototype.name}, which is not marked @message: mark that class; or make the field private, to leave it out`,
  };
}

function nameOf(node: TypeNode | null): string | undefined {
  const name = (node as NamedTypeNode | null)?.name;
  return name?.next === null ? name.identifier.text : undefined;
}

interface Declared {
  readonly range: { readonly start: number };
  readonly name: { readonly range: { readonly start: number } };
  readonly decorators: readonly { readonly range: { readonly start: number } }[] | null;
}

/** Where a declaration begins, with its decorators. Words such as `export` may stand before. */
function startOf({ range, name, decorators }: Declared): number {
  return Math.min(range.start, name.range.start, ...(decorators ?? []).map(({ range }) => range.start));
}

/** The lines of the doc comment before a place, indented. */
function docBefore(text: string, start: number, indent: string): string[] {
  const before = text
    .slice(0, start)
    .replace(/(\b(export|public)\s+)+$/, "")
    .trimEnd();
  const from = before.lastIndexOf("/**");
  if (!before.endsWith("*/") || from < 0 || before.indexOf("*/", from) !== before.length - 2) return [];
  return before
    .slice(from)
    .split("\n")
    .map((line, i) => `${indent}${i === 0 ? "" : " "}${line.trim()}`);
}
