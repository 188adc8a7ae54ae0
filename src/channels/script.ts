/**
 * A shell script as it travels in an exec's URL: without comments, indentation and blanks that say nothing, since some
 * proxies on the way limit a request line to 8 KiB. Pure. The scripts keep to what this allows: no line of a multi-line
 * string starts with `#` or with a blank, or ends with ` ;;`.
 */
export function compactScript(script: string): string {
  return script
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace(/ ;;$/, ';;'))
    .join('\n');
}
