/** Whether servers of gRPC without TLS take HTTP/2 (h2c): asked where it is known that they should. Pure. */
import type { ProbeScripts } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import type { Evidence, ProbeCommand, ProbeResult } from '../../model/evidence.ts';
import { type Http2Answer, parseHttp2 } from '../../parsers/http2.ts';
import { type Measured, read } from '../shared/measured.ts';

/** It takes up to 3 s to be silent, and as long to connect. */
const LIMIT_SECONDS = 8;

/** What is known of one. */
export interface Http2Facts {
  /** By what it is known that it should: words that follow "since". */
  readonly reason: string;
  readonly answer: Measured<Http2Answer>;
  readonly result: ProbeResult | undefined;
}

function http2Id({ id }: Pick<Destination, 'id'>): string {
  return `${id}-http2`;
}

/** @param reason absent: it is not known */
export function http2Probes(
  destination: Destination,
  reason: string | undefined,
  scripts: ProbeScripts,
): readonly ProbeCommand[] {
  if (reason === undefined) return [];
  const { host, port } = destination;
  return [
    {
      id: http2Id(destination),
      argv: ['bash', '-c', scripts.http2, 'http2', host, port],
      timeoutSeconds: LIMIT_SECONDS,
      display: ['http2', host, port],
    },
  ];
}

/** `undefined`: it was not asked. */
export function http2Facts(
  evidence: Evidence,
  destination: Destination,
  reason: string | undefined,
): Http2Facts | undefined {
  if (reason === undefined) return undefined;
  const result = evidence[http2Id(destination)];
  return { reason, answer: read(result, 'bash', parseHttp2), result };
}
