/**
 * Code that transforms add to a guest's sources, ours and others. It is written as text and parsed
 * apart, so its places are none of a file that the compiler knows.
 *
 * Guarantee: every node has a place in a source of the program, so that messages, crashes and
 * source maps name a line that the user knows.
 */

import type { Node, Parser, Range, Source, Statement } from "assemblyscript";
import * as asc from "assemblyscript/asc";

/**
 * The statements of `text`, as if they stood at `place`.
 *
 * @param parser the parser of the compilation, of which another one is made
 */
export function statementsOf(parser: Parser, text: string, place: Range): Statement[] {
  const own = new (parser.constructor as new () => Parser)();
  own.parseFile(text, place.source.normalizedPath, false);
  const [error] = own.diagnostics;
  if (error !== undefined) throw new Error(`isopod's transform wrote code that does not parse: ${error.message}`);
  const [{ statements }] = own.sources;
  for (const statement of statements) settle(statement, place, new Set());
  return statements;
}

/**
 * Gives each node from elsewhere the place of the node around it. asc writes no source map for a
 * program that has any, and json-as makes them.
 */
export function settleAll({ sources }: Parser): void {
  const known = new Set(sources);
  for (const source of sources) {
    if (source.internalPath.replace(/^~lib\//, "") in asc.libraryFiles) continue;
    for (const statement of source.statements) settle(statement, source.range, known);
  }
}

/** @param known the sources whose places are left as they are */
function settle(statement: Node, place: Range, known: ReadonlySet<Source>): void {
  const seen = new Set<unknown>();
  const visit = (value: unknown, around: Range): void => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    if (Array.isArray(value)) {
      for (const element of value) visit(element, around);
      return;
    }
    const node = value as { range?: Range };
    // A source is no part of the tree.
    if (node.range === undefined || "sourceKind" in node) return;
    if (!known.has(node.range.source)) node.range = around;
    const own = node.range;
    for (const name in node) if (name !== "range") visit(node[name as keyof typeof node], own);
  };
  visit(statement, place);
}
