/**
 * A line as a call of a script's function: `add 1 2`, `greet "Ann Lee"`, or the request as it is sent,
 * `["add", 1, 2]`. Words are values: what is JSON, and all else as a text.
 */
import type { Cbor } from "../../../adapters/codec.ts";
import { FormatError, valueOfText } from "../../payload-text.ts";

/** Throws a FormatError where the line names no function. */
export function requestIn(line: string): readonly Cbor[] {
  const whole = valueOfText(line.trim());
  const request = Array.isArray(whole) ? whole : wordsOf(line).map(valueOfText);
  if (typeof request[0] === "string" && request[0] !== "") return request;
  throw new FormatError('it is no call, such as add 1 2 or ["add", 1, 2]');
}

/** The words of a line. White space in quotes and in brackets does not end a word. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  let word = "";
  let depth = 0;
  let isQuoted = false;
  for (let i = 0; i < line.length; i++) {
    const letter = line[i];
    if (!isQuoted && depth <= 0 && /\s/.test(letter)) {
      if (word !== "") words.push(word);
      word = "";
      continue;
    }
    word += letter;
    if (isQuoted && letter === "\\") word += line[++i] ?? "";
    // An apostrophe in a text is no quote, nor is a quote in the middle of a word.
    else if (letter === '"') isQuoted = !isQuoted && (word === '"' || depth > 0);
    else if (!isQuoted && (letter === "[" || letter === "{")) depth++;
    else if (!isQuoted && (letter === "]" || letter === "}")) depth--;
  }
  if (word !== "") words.push(word);
  return words;
}
