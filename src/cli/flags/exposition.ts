/** `--push` and `--metrics`: where metrics go beside stdout. */
import { isIP } from 'node:net';
import type { ListenAddress, PushTarget } from '../../model/exposition.ts';
import type { TextFlag } from '../../model/flag.ts';
import { usageError } from '../../model/usage-error.ts';
import type { Values } from '../values.ts';

export const push = {
  name: 'push',
  kind: 'text',
  value: 'URL',
  describe:
    'Also put the metrics of the result to the Pushgateway at URL, in the place of those that the same command line put there before',
} as const satisfies TextFlag;

export const metrics = {
  name: 'metrics',
  kind: 'text',
  value: 'ADDRESS',
  describe:
    'Serve metrics over HTTP at ADDRESS while it runs: PORT or :PORT on this machine alone, or IP:PORT (0.0.0.0 and [::] are all addresses)',
} as const satisfies TextFlag;

/** Of a port alone: nobody else may ask. */
const LOOPBACK = '127.0.0.1';

/** @throws UserError with exit code 2 */
export function listenAddress(values: Values): ListenAddress | undefined {
  const text = values.text(metrics);
  if (text === undefined) {
    if (values.origin(metrics) !== undefined) throw usageError('--metrics is empty');
    return undefined;
  }
  const [, brackets, plain, digits = ''] =
    /^(?:(?:\[([0-9a-fA-F.:]+)\]|([^[\]:]*)):)?(\d{1,5})$/.exec(text) ?? [];
  const named = brackets ?? plain ?? '';
  const host = named === '' || named === 'localhost' ? LOOPBACK : named;
  const port = Number(digits);
  if (digits === '' || isIP(host) === 0 || port > 65_535)
    throw usageError(
      `--metrics must be a port, such as 9464, or an IP address with a port, such as 0.0.0.0:9464 or [::]:9464, not "${text}"`,
    );
  return { host, port };
}

/**
 * What --push says, for a command line that is about these words. A refusal does not repeat the URL, which may hold a password.
 * @param about what tells this run from others of its command: `deploy/web`, or nothing
 * @throws UserError with exit code 2
 */
export function pushTarget(command: string, about: string, values: Values): PushTarget | undefined {
  const text = values.text(push);
  if (text === undefined) {
    if (values.origin(push) !== undefined) throw usageError('--push is empty');
    return undefined;
  }
  const url = urlOf(text);
  const path = url.pathname.replace(/\/+$/, '');
  const isGrouped = /\/metrics\/job(?:@base64)?\/[^/]+/.test(path);
  const base = isGrouped || path.endsWith('/metrics') ? path : `${path}/metrics`;
  const { username, password } = url;
  const hasUser = username !== '' || password !== '';
  return {
    url: `${url.origin}${base}`,
    ...(hasUser ? { authorization: basic(username, password) } : {}),
    // Whoever names a group means that one.
    grouping: isGrouped
      ? []
      : [
          ['job', 'nettools'],
          ['command', command],
          ['instance', about],
        ],
  };
}

function urlOf(text: string): URL {
  const wrong = (why: string): Error =>
    usageError(`--push must be an address such as http://pushgateway:9091; ${why}`);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw wrong('this is none');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw wrong('this has neither http:// nor https://');
  if (url.search !== '' || url.hash !== '') throw wrong('this has a query or a fragment');
  return url;
}

function basic(username: string, password: string): string {
  const pair = `${decoded(username)}:${decoded(password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** A percent sign that begins no escape stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
