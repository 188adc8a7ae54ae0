/** DESTs that are hosts or URLs. Pure. */
import type { Destination } from '../model/destination.ts';
import { UserError } from '../model/errors.ts';
import { maskQuery } from '../model/mask-query.ts';

/** A destination before it is counted. */
export type Asked = Omit<Destination, 'id'>;

/** Of a name with the dot at its end (RFC 1035, 2.3.4); longer than any address. */
const LONGEST_HOST = 254;
/** What every server has to take (RFC 9110, 4.1). A URL is in the report many times. */
const LONGEST_URL = 8000;

/** As of HTTP: the schemes of gRPC have no standard, and no ports of their own. */
const GRPC_PORTS = { grpc: '80', grpcs: '443' } as const;

/** `HOST`, `HOST:PORT`, `[IPV6]:PORT`, a URL, or `grpc://` or `grpcs://` before the former. @throws {UserError} exit 2 */
export function parseHost(text: string): Asked {
  const [, scheme, server] = /^(grpcs?):\/\/([^/]*)\/?$/i.exec(text) ?? [];
  if (scheme !== undefined && server !== undefined) {
    const { anyPort, ...one } = parseHost(server);
    const isTls = scheme.toLowerCase() === 'grpcs';
    const port = anyPort ? GRPC_PORTS[isTls ? 'grpcs' : 'grpc'] : one.port;
    return { ...one, label: text, port, anyPort: false, grpc: isTls ? 'tls' : 'plain' };
  }
  if (/^https?:\/\//i.test(text)) {
    let url: URL;
    try {
      url = new URL(text);
    } catch {
      throw new UserError(`--to "${text}" is not a URL.`, 2);
    }
    if (url.username !== '' || url.password !== '') {
      throw new UserError(
        '--to takes no URL with a user name or password: it would end up in the report.',
        2,
      );
    }
    const port = url.port || (url.protocol === 'https:' ? '443' : '80');
    if (
      url.hostname.startsWith('-') ||
      port === '0' ||
      url.hostname.length > LONGEST_HOST ||
      text.length > LONGEST_URL
    ) {
      throw new UserError(`--to "${text}" is not a destination.`, 2);
    }
    return { ...plain(maskQuery(text), url.hostname.replace(/^\[|\]$/g, ''), port), url: url.href };
  }
  const parts =
    /^(?:\[([0-9a-f:.]+)\]|([^:/[\]\s]+)|([0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*))(?::(\d+))?$/i.exec(text);
  const host = parts?.[1] ?? parts?.[2] ?? parts?.[3];
  const port = parts?.[4];
  if (
    host === undefined ||
    host.startsWith('-') ||
    host.startsWith('%') ||
    host.length > LONGEST_HOST ||
    (port !== undefined && (Number(port) < 1 || Number(port) > 65535))
  ) {
    throw new UserError(
      `--to "${text}" is not a destination: write HOST[:PORT], a URL, pod/NAME[:PORT] or svc/NAME[:PORT].`,
      2,
    );
  }
  return { ...plain(text, host, port ?? '443'), anyPort: port === undefined };
}

export function plain(label: string, host: string, port: string): Asked {
  return { label, host, port, anyPort: false, role: 'asked', inCluster: false, protocol: 'tcp' };
}
