/** How long servers keep connections at rest: one request, and a wait for the end of its connection. Pure. */
import type { ProbeScripts } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import type { Evidence, ProbeCommand, ProbeResult } from '../../model/evidence.ts';
import { parseResting, type Resting } from '../../parsers/resting.ts';
import { type Measured, read } from '../shared/measured.ts';
import { because } from '../shared/reason.ts';

/** To connect, and for the answer. */
const LIMIT_SECONDS = 15;

/** What is known of one. */
export interface RestFacts {
  readonly resting: Measured<Resting>;
  readonly result: ProbeResult | undefined;
  /** `Ingress shop/web`, which leads requests on to it; absent: none does, as far as it is known. */
  readonly front?: string;
}

function restId({ id }: Pick<Destination, 'id'>): string {
  return `${id}-rest`;
}

/** @param ms for how long to wait */
export function restProbes(
  destination: Destination,
  ms: number | undefined,
  scripts: ProbeScripts,
): readonly ProbeCommand[] {
  const { host, port, url } = destination;
  if (ms === undefined || url === undefined) return [];
  const { protocol, host: hostHeader, pathname, search } = new URL(url);
  // RFC 6066, section 3: an address is not a server name.
  const name = /^[\d.]+$|:/.test(host) ? '-' : host;
  const seconds = Math.ceil(ms / 1000);
  return [
    {
      id: restId(destination),
      argv: [
        ...['bash', '-c', scripts.resting, 'resting', host, port],
        ...[protocol === 'https:' ? name : '', String(seconds), hostHeader, `${pathname}${search}`],
      ],
      timeoutSeconds: seconds + LIMIT_SECONDS,
      display: ['resting', url, `${seconds}s`],
    },
  ];
}

/** `undefined`: it was not asked for. */
export function restFacts(
  evidence: Evidence,
  destination: Destination,
  ms: number | undefined,
  front: string | undefined,
): RestFacts | undefined {
  if (ms === undefined || destination.role !== 'asked') return undefined;
  if (destination.url === undefined)
    return {
      resting: { skipped: because('it is no URL, so there is no request to begin with') },
      result: undefined,
    };
  const result = evidence[restId(destination)];
  return {
    resting: read(result, 'bash', parseResting),
    result,
    ...(front === undefined ? {} : { front }),
  };
}
