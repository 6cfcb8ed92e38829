/** Makes text of guests safe to show in a terminal, a log or a page. */

/**
 * Characters that have an effect instead of a shape: control characters, controls of text
 * direction, separators of lines and paragraphs, lone surrogates, and invisible characters. The tab
 * is not among them, nor are the two joiners that emoji and some scripts use.
 */
const CONTROLS = /(?![\t\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Makes a guest's text safe for a terminal. Control characters and invisible characters become
 * escapes such as `\x1b` and `\u{202e}`. Line ends do, too, so one line stays one line. With
 * `keepLineEnds` the character `\n` stays.
 *
 * @returns the text with escapes; the same text where there is nothing to escape
 */
export function escapeControls(text: string, keepLineEnds = false): string {
  return text.replace(CONTROLS, character => {
    if (keepLineEnds && character === "\n") return character;
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}
