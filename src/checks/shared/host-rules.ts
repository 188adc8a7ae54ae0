/** Hosts and paths as Ingresses and routes match them. Pure. */

/**
 * How closely a host of a rule is the host that is asked for; the larger wins, `undefined`: it is not it.
 * @param levels how many labels a `*` stands for: one in an Ingress, any number in the Gateway API
 */
export function hostFit(
  pattern: string | undefined,
  host: string,
  levels: 'one' | 'any',
): number | undefined {
  if (pattern === undefined || pattern === '' || pattern === '*') return 0;
  const wanted = pattern.toLowerCase();
  if (!wanted.startsWith('*.')) return wanted === host ? 1000 : undefined;
  const suffix = wanted.slice(1);
  const rest = host.slice(0, -suffix.length);
  const fits = host.endsWith(suffix) && rest !== '' && (levels === 'any' || !rest.includes('.'));
  return fits ? suffix.length : undefined;
}

/** Whether a name is of both: of a listener and of a route, which may have a `*` each. */
export function hostsMeet(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || a === '' || b === undefined || b === '') return true;
  const [one, other] = [a.toLowerCase(), b.toLowerCase()];
  if (one === other) return true;
  return isUnder(one, other) || isUnder(other, one);
}

function isUnder(name: string, pattern: string): boolean {
  return pattern.startsWith('*.') && name.endsWith(pattern.slice(1)) && name !== pattern.slice(2);
}

/** By elements: `/foo` is a prefix of `/foo` and `/foo/bar`, not of `/foobar`. */
export function prefixFits(prefix: string, path: string): boolean {
  const bare = prefix.replace(/\/$/, '');
  return path === bare || path.startsWith(`${bare}/`);
}

/** Characters by which a path is meant as a pattern; compared as the specifications say it matches next to nothing. */
const PATTERN = /[*+?()[\]^$|\\]/;

export function isPattern(path: string): boolean {
  return PATTERN.test(path);
}

/** Whether a pattern would take the path, if it is taken for a regular expression or for a shell's. */
export function patternFits(pattern: string, path: string): boolean {
  if (pattern.endsWith('/*') && !isPattern(pattern.slice(0, -1)))
    return prefixFits(pattern.slice(0, -1), path);
  try {
    // Controllers anchor it at the beginning alone. The API bounds its length; the path is the user's own.
    return new RegExp(`^(?:${pattern})`).test(path);
  } catch {
    return false;
  }
}

/** Whether a regular expression of a controller's own dialect may take the path: one that is not understood may. */
export function mayFitExpression(expression: string, path: string): boolean {
  try {
    return new RegExp(`^(?:${expression})`).test(path);
  } catch {
    return true;
  }
}
