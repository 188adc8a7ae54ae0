/** Which DEST of the command line a destination is of. */

/** The longest that its label begins with: of 10.0.0.1:80 and 10.0.0.1:8080 both are a beginning of the second. */
export function askedFor(destination: string, asked: readonly string[]): string {
  const [longest = destination] = asked
    .filter((text) => destination.startsWith(text))
    .sort((a, b) => b.length - a.length);
  return longest;
}
