/** Parses /etc/resolv.conf as the C library does (resolv.conf(5)). Pure. */

/** The resolver's configuration. */
export interface ResolvConf {
  /** All of them; the C library takes the first three. */
  readonly servers: readonly string[];
  /** Domains, without a trailing dot. */
  readonly search: readonly string[];
  /** The search list names the root too (`search .`), which says no more than that a name is tried as it is. */
  readonly hasRoot: boolean;
  /** A name with fewer dots goes through the search list first. */
  readonly ndots: number;
  /** How long the resolver waits for one server, in seconds. */
  readonly timeoutSeconds: number;
  readonly attempts: number;
  /** All options as they stand there. */
  readonly options: readonly string[];
  /** Lines that say what no resolver can read. */
  readonly malformed: readonly string[];
  /** Docker's comment that it found no server that a container could use, and wrote its own (moby, resolvconf.go). */
  readonly isDockersDefault: boolean;
}

/** Servers beyond these are ignored (MAXNS in resolv.h). */
export const MAX_SERVERS = 3;

/** Of an empty file: the defaults. */
export function parseResolvConf(text: string): ResolvConf {
  const servers: string[] = [];
  const options: string[] = [];
  let search: string[] = [];
  let hasRoot = false;
  for (const line of text.split('\n')) {
    const [key, ...words] = line.trim().split(/\s+/);
    if (key === 'nameserver' && words[0] !== undefined) servers.push(words[0]);
    else if (key === 'options') for (const option of words) options.push(option);
    // The last one of them holds.
    else if (key === 'search') {
      search = words.map((domain) => domain.replace(/\.$/, '')).filter((d) => d !== '');
      hasRoot = words.includes('.');
    } else if (key === 'domain') search = words.slice(0, 1).map((domain) => domain.replace(/\.$/, ''));
  }
  const number = (name: string, otherwise: number): number => {
    const value = options.findLast((option) => option.startsWith(`${name}:`))?.slice(name.length + 1);
    return value !== undefined && /^\d+$/.test(value) ? Number(value) : otherwise;
  };
  return {
    servers,
    search,
    hasRoot,
    ndots: number('ndots', 1),
    timeoutSeconds: number('timeout', 5),
    attempts: number('attempts', 2),
    options,
    malformed: text.split('\n').flatMap((line) => (isMalformed(line) ? [line.trim()] : [])),
    isDockersDefault: /^# Used default nameservers\.$/m.test(text),
  };
}

/** An address, with the interface of a link-local one; what follows it is left alone. */
const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:.]*(%\S+)?)$/i;
const COUNTED = /^(ndots|timeout|attempts)(:|$)/;

/** What the C library leaves out without a word, or reads as another value. */
function isMalformed(line: string): boolean {
  const [key, ...words] = line.trim().split(/\s+/);
  if (key === 'nameserver') return !ADDRESS.test(words[0] ?? '');
  return key === 'options' && words.some((word) => COUNTED.test(word) && !/:\d+$/.test(word));
}
