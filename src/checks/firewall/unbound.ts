/** Servers over UDP that answer from another port or address than they were asked at: asked by a socket that hears them. Pure. */
import type { ProbeScripts } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import type { Evidence, ProbeCommand } from '../../model/evidence.ts';
import { sameAddress } from '../../parsers/ip-prefix.ts';
import { parseUnbound, type UnboundAnswer } from '../../parsers/unbound.ts';
import { read } from '../shared/measured.ts';
import type { FirewallInput } from './facts.ts';
import type { Behind, Question, Unbound, UnboundPair } from './unbound-pair.ts';

/** An answer to what was asked, and what of its source differs from whom was asked. */
export interface HeardAnswer extends UnboundAnswer {
  readonly differs: 'nothing' | 'port' | 'address';
}

/** Each is a shell on the target, with two programs. */
const MOST = 2;
/** Two datagrams, each waited for 0.6 s. */
const LIMIT_SECONDS = 3;

const TFTP_PORT = '69';

/** They run beside the connected probes, which take longer where nobody answers. */
export function unboundProbes(input: FirewallInput, scripts: ProbeScripts): ProbeCommand[] {
  return input.destinations
    .filter((one) => one.protocol === 'udp' && !one.anyPort && !isBehind(one, input))
    .slice(0, MOST)
    .map((one) => {
      const behind = behindOf(one, input);
      const words = [questionOf(one, input), one.host, one.port];
      const all = behind === undefined ? words : [...words, behind.host, behind.port];
      return {
        id: unboundId(one),
        argv: ['sh', '-c', scripts.unbound, 'unbound', ...all],
        timeoutSeconds: LIMIT_SECONDS,
        display: ['unbound', ...all],
      };
    });
}

function unboundId({ id }: Pick<Destination, 'id'>): string {
  return `${id}-unbound`;
}

/** One of those behind a destination, which is asked beside it: the two tell what their way between them changes. */
function behindOf(
  { id, service }: Destination,
  { destinations, published }: FirewallInput,
): Behind | undefined {
  const one = published?.[id]?.behind;
  if (one !== undefined) return { ...one, host: one.address, port: String(one.port) };
  if (service?.part !== 'virtual') return undefined;
  const endpoint = destinations.find(
    (other) => other.service?.part === 'endpoint' && other.service.label === service.label,
  );
  if (endpoint === undefined) return undefined;
  const { host, port, pod } = endpoint;
  return { host, port, ...(pod === undefined ? {} : { pod: pod.name }) };
}

/** It is an endpoint of a Service whose own address is asked. */
function isBehind({ service }: Destination, { destinations }: FirewallInput): boolean {
  return (
    service?.part === 'endpoint' &&
    destinations.some((one) => one.service?.part === 'virtual' && one.service.label === service.label)
  );
}

/** By the port of the server, or what the Service calls it. */
function questionOf(destination: Destination, input: FirewallInput): Question {
  const { id, port, ref } = destination;
  const names = [ref?.port, input.published?.[id]?.behind?.portName];
  const isTftp =
    [port, behindOf(destination, input)?.port].includes(TFTP_PORT) ||
    names.some((name) => name !== undefined && /\btftp\b/i.test(name));
  if (isTftp) return 'tftp';
  return port === '53' ? 'dns' : port === '123' ? 'ntp' : 'text';
}

export function unboundOf(evidence: Evidence, destination: Destination, input: FirewallInput): UnboundPair {
  const whole = input.destinations.find(
    (one) =>
      isBehind(destination, input) &&
      one.service?.part === 'virtual' &&
      one.service.label === destination.service?.label,
  );
  const result = evidence[unboundId(whole ?? destination)];
  if (result === undefined) return {};
  const question = questionOf(whole ?? destination, input);
  const said = read(result, 'sh', parseUnbound).value ?? [];
  const of = (host: string, port: string): Unbound => {
    const asked = said.find((one) => one.name === host && String(one.port) === port);
    return { question, ...(asked === undefined ? {} : { asked }), result };
  };
  const behind = behindOf(destination, input);
  return {
    own: of(destination.host, destination.port),
    ...(behind === undefined
      ? {}
      : {
          behind: {
            ...of(behind.host, behind.port),
            ...(behind.pod === undefined ? {} : { pod: behind.pod }),
          },
        }),
  };
}

/**
 * What was heard, where it is an answer for certain. Whatever else comes to a port that was another program's a moment ago
 * has neither the address nor the port that was asked, nor the form of an answer.
 * @param known the address of who stands behind whom was asked
 */
export function heardFrom(unbound: Unbound | undefined, known?: string): HeardAnswer | undefined {
  const { asked } = unbound ?? {};
  const answer = asked?.answer;
  if (unbound === undefined || asked === undefined || answer === undefined) return undefined;
  const isOwn = sameAddress(answer.address, asked.address);
  const isOwnPort = answer.port === asked.port;
  if (!isAnswer(unbound.question, answer.bytes)) return undefined;
  const isKnown = isOwn || (known !== undefined && sameAddress(known, answer.address));
  if (unbound.question !== 'tftp' && !isKnown && !isOwnPort) return undefined;
  return { ...answer, differs: !isOwn ? 'address' : isOwnPort ? 'nothing' : 'port' };
}

function isAnswer(question: Question, [first = -1, second = -1, third = -1]: readonly number[]): boolean {
  switch (question) {
    // A block of data, an error, or the options that are taken (RFC 1350, 2347).
    case 'tftp':
      return first === 0 && [3, 5, 6].includes(second);
    // The id that was asked with, and the bit of an answer.
    case 'dns':
      return first === 0x12 && second === 0x34 && third >= 0x80;
    // Mode 4, a server's (RFC 5905, 7.3).
    case 'ntp':
      return first >= 0 && (first & 7) === 4;
    case 'text':
      return first >= 0;
  }
}
