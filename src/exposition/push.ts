/**
 * Metrics for a Pushgateway: one PUT, which replaces all that the same group had before, so that a finding that is gone is gone
 * there too (https://github.com/prometheus/pushgateway#put-method).
 */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { PushTarget } from '../model/exposition.ts';
import { networkReason } from '../model/network-reason.ts';
import { withoutFullStop } from '../model/sentence.ts';
import { checkIdentity } from '../tls/identity.ts';
import { trustNodesRoots } from '../tls/roots.ts';

/** The whole of it: a name, a connection, the request and its answer. */
const LIMIT_MS = 10_000;
/** The gateway answers with a line about what it does not take. */
const MOST_ANSWER_CHARS = 500;
const TRUST = 'this program (NODE_EXTRA_CA_CERTS adds one)';

/**
 * @param text in Prometheus' text format: the gateway knows no other
 * @returns why it was not taken, as a sentence without its end and without the URL's userinfo; undefined: it was
 */
export async function push(
  target: PushTarget,
  text: string,
  limitMs: number = LIMIT_MS,
): Promise<string | undefined> {
  const signal = AbortSignal.timeout(limitMs);
  try {
    const { status, location, body } = await put(target, text, signal);
    if (status === 200 || status === 202) return undefined;
    // Who follows it gives the password to somebody else.
    if (status >= 300 && status < 400)
      return `${target.url} is elsewhere (HTTP ${status}${location}): give that address`;
    const why = withoutFullStop(body.split('\n')[0]?.trim() ?? '');
    return `${target.url} answered HTTP ${status}${why === '' ? '' : `: ${why}`}`;
  } catch (error) {
    const reason = signal.aborted
      ? `it did not answer within ${limitMs / 1000} s`
      : networkReason(error, TRUST);
    return `${target.url} cannot be reached: ${reason}`;
  }
}

interface Answer {
  readonly status: number;
  /** Where it says that it is, in words; empty where it does not. */
  readonly location: string;
  readonly body: string;
}

function put(
  { url, authorization, grouping }: PushTarget,
  text: string,
  signal: AbortSignal,
): Promise<Answer> {
  const body = Buffer.from(text);
  const place = new URL(`${url}${groupPath(grouping)}`);
  const request = place.protocol === 'https:' ? httpsRequest : httpRequest;
  // The cluster's connection may have left them out, and the gateway's names no authority.
  if (place.protocol === 'https:') trustNodesRoots(true);
  return new Promise((resolve, reject) => {
    const sent = request(
      place,
      {
        method: 'PUT',
        agent: false,
        checkServerIdentity: checkIdentity,
        signal,
        headers: {
          'content-type': 'text/plain; version=0.0.4; charset=utf-8',
          'content-length': body.length,
          ...(authorization === undefined ? {} : { authorization }),
        },
      },
      (response) => {
        answerOf(response).then(resolve, reject);
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
}

async function answerOf(response: IncomingMessage): Promise<Answer> {
  let body = '';
  response.setEncoding('utf8');
  for await (const chunk of response) {
    body += chunk as string;
    if (body.length > MOST_ANSWER_CHARS) break;
  }
  const { location } = response.headers;
  return {
    status: response.statusCode ?? 0,
    location: location === undefined ? '' : `, ${withoutUserinfo(location)}`,
    body: body.slice(0, MOST_ANSWER_CHARS),
  };
}

function withoutUserinfo(location: string): string {
  return location.replace(/\/\/[^/@]*@/, '//').slice(0, MOST_ANSWER_CHARS);
}

/**
 * `/job/nettools/instance@base64/c2hvcC93ZWI`: a slash, which no segment can hold, and an empty value are written in base64
 * (https://github.com/prometheus/pushgateway#url).
 */
export function groupPath(grouping: PushTarget['grouping']): string {
  return grouping
    .map(([label, value]) => {
      if (value === '') return `/${label}@base64/=`;
      // Two dots would be a step upwards.
      return value.includes('/') || /^\.{1,2}$/.test(value)
        ? `/${label}@base64/${Buffer.from(value).toString('base64url')}`
        : `/${label}/${encodeURIComponent(value)}`;
    })
    .join('');
}
