/** Whether HTTP clients of a container would use a proxy for a destination, by its variables. Pure. */
import type { Destination } from '../../model/destination.ts';
import { contains, parsePrefix } from '../../parsers/ip-prefix.ts';
import { serviceNames } from '../shared/service-names.ts';

/** The variables of one container, as curl and most libraries read them. */
export interface ProxyVariables {
  readonly container: string;
  /** `HTTP_PROXY`. */
  readonly variable: string;
  /** Where the proxy is, without credentials: `http://198.51.100.9:3128`. */
  readonly proxy: string;
  /** NO_PROXY; empty: nothing is excepted. */
  readonly exceptions: string;
}

const VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'];

/** `undefined`: no proxy is set. */
export function proxyVariablesOf(
  container: string,
  env: readonly { readonly name: string; readonly value?: string }[],
): ProxyVariables | undefined {
  const setTo = (name: string): string | undefined =>
    env.find((one) => one.name === name.toLowerCase())?.value || env.find((one) => one.name === name)?.value;
  for (const variable of VARIABLES) {
    const proxy = setTo(variable);
    if (proxy) return { container, variable, proxy: withoutUser(proxy), exceptions: setTo('NO_PROXY') ?? '' };
  }
  return undefined;
}

/** The user and password of a proxy are nobody's to see. */
function withoutUser(proxy: string): string {
  return proxy.replace(/^([a-z\d+.-]+:\/\/)?.*@/i, '$1');
}

/** What clients call a destination of the cluster; its address is the last. */
export function namesOf({ ref, host }: Destination): string[] {
  return ref?.kind === 'service' ? [ref.name, ...serviceNames(ref), host] : [host];
}

/** Whether one of its names, or its address, is excepted. Entries are names, their ends, addresses and ranges. */
export function isExcepted({ exceptions }: ProxyVariables, names: readonly string[]): boolean {
  const entries = exceptions.split(/[,\s]+/).filter((entry) => entry !== '');
  return entries.some((entry) => names.some((name) => excepts(entry.toLowerCase(), name.toLowerCase())));
}

function excepts(entry: string, name: string): boolean {
  if (entry === '*') return true;
  const own = entry.replace(/^\*?\./, '').replace(/:\d+$/, '');
  if (name === own || name.endsWith(`.${own}`)) return true;
  const [range, address] = [parsePrefix(entry), parsePrefix(name)];
  return range !== undefined && address !== undefined && contains(range, address);
}
