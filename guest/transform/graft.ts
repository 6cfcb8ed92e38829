/**
 * Code that the transform adds to a guest's sources: it is written as text, parsed, and put among
 * the user's own.
 *
 * Guarantee: every node that was added has a place in the user's source, so that messages, crashes
 * and source maps name a line that the user knows.
 */
import type { Node, Parser, Range, Source, Statement } from "assemblyscript";

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
  const [source] = own.sources;
  for (const statement of source.statements) moveTo(statement, place, source);
  return source.statements;
}

/** Gives the node, and all nodes inside of it, this place. */
function moveTo(node: Node, place: Range, from: Source): void {
  const seen = new Set<unknown>([from]);
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    if (Array.isArray(value)) {
      for (const element of value) visit(element);
      return;
    }
    for (const [name, part] of Object.entries(value)) {
      if (name === "range") (value as { range: Range }).range = place;
      else visit(part);
    }
  };
  visit(node);
}
