/** Text for a terminal that may come from a hostile place. Pure. */

export { visible } from '../model/visible.ts';

/** How to paint; without colour every style is the identity. */
export interface Palette {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly green: (text: string) => string;
  readonly cyan: (text: string) => string;
}

export function palette(colour: boolean): Palette {
  const style = (code: number): ((text: string) => string) =>
    colour ? (text) => `\u001b[${code}m${text}\u001b[0m` : (text) => text;
  return {
    bold: style(1),
    dim: style(2),
    red: style(31),
    yellow: style(33),
    green: style(32),
    cyan: style(36),
  };
}

/** How an answer is marked: true, false, or not known. */
export function mark(ok: boolean | undefined, paint: Palette): string {
  if (ok === undefined) return paint.yellow('?');
  return ok ? paint.green('√') : paint.red('×');
}

/**
 * Breaks text into lines of at most `width` characters at blanks; longer words stay whole.
 * @param taken characters of the first line that something else stands in
 */
export function wrap(text: string, width: number, taken = 0): string[] {
  return text.split('\n').flatMap((paragraph, i) => {
    const lines: string[] = [];
    let line = '';
    for (const word of paragraph.split(' ')) {
      const room = i === 0 && lines.length === 0 ? width - taken : width;
      if (line !== '' && line.length + 1 + word.length > room) {
        lines.push(line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    return [...lines, line];
  });
}
