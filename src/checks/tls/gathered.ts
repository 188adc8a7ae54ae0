/** From evidence to facts: parses each result, and says why what is missing is missing. Pure. */
import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import { parseTls, type TlsAnswer } from '../../parsers/tls.ts';
import { type Measured, read } from '../shared/measured.ts';
import { smallSegmentsOf } from '../shared/small-segments.ts';
import type { TlsInput, TlsPath } from './facts.ts';

export function pathsOf(evidence: Evidence, { servers }: Pick<TlsInput, 'servers'>): TlsPath[] {
  return servers.map((server) => {
    const { id } = server.destination;
    const result = evidence[`${id}-tls`];
    const small = smallSegmentsOf(evidence, id);
    return { server, answer: answerOf(result), result, ...(small === undefined ? {} : { small }) };
  });
}

function answerOf(result: ProbeResult | undefined): Measured<TlsAnswer> {
  return read(result, 'sh', parseTls, { endsByTime: true });
}
