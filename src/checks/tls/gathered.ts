/** From evidence to facts: parses each result, and says why what is missing is missing. Pure. */
import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import { parseTls, type TlsAnswer } from '../../parsers/tls.ts';
import { parseVerifiedChain } from '../../parsers/verified-chain.ts';
import { type Measured, read } from '../shared/measured.ts';
import { smallSegmentsOf } from '../shared/small-segments.ts';
import { chainId } from './chains.ts';
import type { TlsInput, TlsPath, TlsServer, VerifiedCaller } from './facts.ts';

export function pathsOf(evidence: Evidence, { servers }: Pick<TlsInput, 'servers'>): TlsPath[] {
  return servers.map((server) => {
    const { id } = server.destination;
    const result = evidence[`${id}-tls`];
    const small = smallSegmentsOf(evidence, id);
    const answer = answerOf(result);
    const isPresented = (answer.value?.chain ?? []).length > 0;
    return {
      server,
      answer,
      result,
      ...(small === undefined ? {} : { small }),
      verified: isPresented ? verifiedOf(evidence, server) : [],
    };
  });
}

function verifiedOf(evidence: Evidence, { destination, callers = [] }: TlsServer): VerifiedCaller[] {
  return callers.map((caller, nth) => {
    const result = evidence[chainId(destination, nth)];
    return { caller, chain: read(result, 'Node', parseVerifiedChain), result };
  });
}

function answerOf(result: ProbeResult | undefined): Measured<TlsAnswer> {
  return read(result, 'sh', parseTls, { endsByTime: true });
}
