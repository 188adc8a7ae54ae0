/** What servers presented, to be verified with the caBundles by which the API server calls them. Pure. */
import type { ChainQuestion } from '../../model/chain.ts';
import type { Destination } from '../../model/destination.ts';
import type { Evidence } from '../../model/evidence.ts';
import { parseTls } from '../../parsers/tls.ts';
import { read } from '../shared/measured.ts';
import type { TlsInput } from './facts.ts';

/** Of the evidence that the answer for the n-th caller is. */
export function chainId({ id }: Destination, nth: number): string {
  return `${id}-chain${nth}`;
}

export function chainsOf(evidence: Evidence, { servers }: TlsInput): readonly ChainQuestion[] {
  return servers.flatMap(({ destination, callers = [] }) => {
    if (callers.length === 0) return [];
    const answer = read(evidence[`${destination.id}-tls`], 'sh', parseTls, { endsByTime: true }).value;
    const chain = (answer?.chain ?? []).map(({ pem = '' }) => pem);
    if (answer === undefined || chain.length === 0) return [];
    return callers.map(({ bundle }, nth) => ({
      id: chainId(destination, nth),
      chain,
      ...(bundle === undefined ? {} : { authorities: bundle }),
      at: answer.now,
    }));
  });
}
