/**
 * Parses a detach sequence in Docker's syntax: keys separated by commas, each one a single character or `ctrl-` and
 * one of a-z @ [ \ ] ^ _ (https://docs.docker.com/reference/cli/docker/container/attach/#detach-keys).
 * @returns the bytes that a terminal in raw mode sends for it, none for an empty text, or undefined when it is not one
 */
export function parseDetachKeys(text: string): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  for (const key of text.split(',')) {
    const control = /^ctrl-([a-z@[\\\]^_])$/i.exec(key)?.[1];
    // A control character is its letter without the bits that make it printable: ctrl-a is 1, ctrl-[ is escape.
    if (control !== undefined) bytes.push(control.toUpperCase().charCodeAt(0) & 0x1f);
    else if (/^[\x21-\x7e]$/.test(key)) bytes.push(key.charCodeAt(0));
    else return undefined;
  }
  return bytes;
}
