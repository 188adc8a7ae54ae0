/** Text that may come from a hostile place, made safe for a terminal. Pure. */

/**
 * Makes remote text safe to show: control characters (Unicode Cc, but newline and tab) and invisible ones that reorder
 * or hide text (Cf; Unicode TR 36) are escaped visibly, so they cannot drive the terminal or fool the reader.
 */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (character) => {
    if (character === '\n' || character === '\t') return character;
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u{${code}}`;
  });
}
