/** Text that may come from a hostile place, made safe for a terminal. Pure. */

/**
 * What may drive a terminal or fool its reader: control characters (Unicode Cc), invisible ones that reorder or hide text
 * (Cf; Unicode TR 36), and the separators of lines and paragraphs (Zl, Zp).
 */
export function hidden(): RegExp {
  // Not before it is needed: what makes it reads Unicode's tables, which takes a start half a millisecond.
  return /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
}

/** Makes remote text safe to show: hidden characters, but newline and tab, are escaped visibly. */
export function visible(text: string): string {
  return text.replace(hidden(), (character) => {
    if (character === '\n' || character === '\t') return character;
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u{${code}}`;
  });
}
