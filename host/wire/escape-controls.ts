/** Makes text of guests safe to show: a terminal, a log or a page shows it and obeys none of it. */

/**
 * Everything that has an effect instead of a shape: control characters, marks that turn the direction of a text, separators of lines and paragraphs, lone
 * surrogates, and characters that nobody can see. Not among them: the tab, and the two joiners that emoji and some scripts are written with.
 */
const CONTROLS = /(?![\t\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Text of a guest's as it may go to a terminal: control sequences and invisible characters become escapes such as `\x1b` and `\u{202e}`. Line ends do, too, so
 * that one line stays one; with `keepLineEnds` the character `\n` stays.
 */
export function escapeControls(text: string, keepLineEnds = false): string {
  return text.replace(CONTROLS, character => {
    if (keepLineEnds && character === "\n") return character;
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}
