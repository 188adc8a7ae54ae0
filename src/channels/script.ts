/**
 * A shell script as it travels in an exec's URL: without comments and indentation, since some proxies on the way
 * limit a request line to 8 KiB. Pure. The scripts keep to what this allows: no line of a multi-line string starts
 * with `#` or with a blank.
 */
export function compactScript(script: string): string {
  return script
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .join('\n');
}
