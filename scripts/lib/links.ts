import path from 'node:path';

/** A relative link or anchor of a page that leads nowhere. */
interface DeadLink {
  readonly line: number;
  readonly target: string;
}

/**
 * The links of a Markdown page that lead nowhere: to a file that is not there, or to a heading that its page does not have.
 * Those into the Internet are not followed.
 * @param page its path from the root of the work tree, with forward slashes
 * @param read gives a file's text by such a path; `undefined`: there is none. A folder is an empty text.
 */
export function deadLinks(page: string, read: (file: string) => string | undefined): DeadLink[] {
  const lines = withoutCode(read(page) ?? '').split('\n');
  return lines.flatMap((line, i) =>
    [...line.matchAll(/\]\(([^()\s]+)\)/g)].flatMap(([, target = '']) =>
      /^[a-z]+:/.test(target) || leads(page, target, read) ? [] : [{ line: i + 1, target }],
    ),
  );
}

function leads(page: string, target: string, read: (file: string) => string | undefined): boolean {
  const [file = '', anchor] = target.split('#');
  const text = read(file === '' ? page : path.posix.join(path.posix.dirname(page), file));
  return text !== undefined && (anchor === undefined || anchors(text).has(anchor));
}

/** As GitHub makes them of headings: lower case, blanks as dashes, everything but letters, digits, - and _ left out. */
function anchors(text: string): Set<string> {
  const found = new Set<string>();
  for (const [, title = ''] of withoutCode(text).matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const anchor = title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    // The second of a name is NAME-1.
    let name = anchor;
    for (let n = 1; found.has(name); n++) name = `${anchor}-${n}`;
    found.add(name);
  }
  return found;
}

/** What stands in fences is shown, not linked; lines stay where they are. */
function withoutCode(text: string): string {
  let isCode = false;
  return text
    .split('\n')
    .map((line) => {
      const isFence = /^\s*(```|~~~)/.test(line);
      if (isFence) isCode = !isCode;
      return isFence || isCode ? '' : line;
    })
    .join('\n');
}
