/**
 * Which proxy an HTTPS request takes by the environment, as Go's net/http (and so kubectl) decides it:
 * golang.org/x/net/http/httpproxy. Pure: the environment is an argument.
 */
import { BlockList, isIP } from 'node:net';

/** The variables that decide; lower case wins over upper case, and an empty one counts as absent, as in Go. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

/** The proxy's URL for a request to `server`, or `undefined` for a direct connection. */
export function proxyFor(server: URL, env: ProxyEnvironment): string | undefined {
  const secure = server.protocol === 'https:';
  const raw = secure ? env['https_proxy'] || env['HTTPS_PROXY'] : env['http_proxy'] || env['HTTP_PROXY'];
  if (!raw) return undefined;
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = server.port || (secure ? '443' : '80');
  if (host === 'localhost' || isLoopback(host)) return undefined;
  if (excluded(host, port, env['no_proxy'] || env['NO_PROXY'] || '')) return undefined;
  return raw.includes('://') ? raw : `http://${raw}`;
}

function isLoopback(host: string): boolean {
  return (isIP(host) === 4 && host.startsWith('127.')) || host === '::1';
}

function excluded(host: string, port: string, list: string): boolean {
  return list
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '')
    .some((entry) => matches(host, port, entry));
}

/** One entry of NO_PROXY: `*`, an address, a CIDR, a domain (`x.y`, `.x.y`, `*.x.y`), each but the CIDR with `:port`. */
function matches(host: string, port: string, entry: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return inCidr(host, entry);
  if (isIP(entry)) return isSameAddress(host, entry);
  const withPort = /^(.+):(\d+)$/.exec(entry);
  if (withPort && withPort[2] !== port) return false;
  const name = (withPort?.[1] ?? entry).replace(/^\[|\]$/g, '');
  if (isIP(name)) return isSameAddress(host, name);
  // An address has no domain, though its text may end like one.
  if (isIP(host)) return false;
  // `.x.y` and `*.x.y` mean subdomains alone; `x.y` means the domain and its subdomains.
  if (name.startsWith('*.')) return host.endsWith(name.slice(1));
  if (name.startsWith('.')) return host.endsWith(name);
  return host === name || host.endsWith(`.${name}`);
}

/** An IPv6 address can be written in many ways. */
function isSameAddress(host: string, address: string): boolean {
  return inCidr(host, `${address}/${isIP(address) === 4 ? 32 : 128}`);
}

function inCidr(host: string, cidr: string): boolean {
  const [network = '', bits] = cidr.split('/');
  const family = isIP(network);
  if (family === 0 || isIP(host) !== family) return false;
  const length = Number(bits);
  if (!Number.isInteger(length) || length < 0 || length > (family === 4 ? 32 : 128)) return false;
  const block = new BlockList();
  block.addSubnet(network, length, family === 4 ? 'ipv4' : 'ipv6');
  return block.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
