/** One source's row: what its probes came to. Pure. */
import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import type { MatrixCell, MatrixProbe } from '../../model/matrix.ts';
import type { PlaceWords } from '../../model/place-words.ts';
import { allowedMtu, parsePathMtu } from '../../parsers/path-mtu.ts';
import { connectsOf, echoesOf, read } from '../shared/measured.ts';
import { outcomeText, reachOf } from '../shared/reach-probe.ts';
import { because, tell } from '../shared/reason.ts';
import { type MatrixInput, probeId } from './plan.ts';

/** A cell before it is known whose row it is in. */
export type RowCell = Omit<MatrixCell, 'source'>;

export interface Row {
  readonly cells: readonly RowCell[];
  readonly dns?: MatrixProbe;
  readonly service?: MatrixProbe;
}

/** Only what the prober or the script said: each answer has words of its own for what was not measured. */
export function rowOf(evidence: Evidence, { goals, asksDns }: MatrixInput, words: PlaceWords): Row {
  return {
    cells: goals.flatMap((goal) =>
      goal.addresses.map(({ family, host }): RowCell => {
        const id = probeId(goal, family);
        const { destination, tcpPort, udpPort, isVirtual } = goal;
        return {
          destination,
          family,
          address: host,
          ...(isVirtual ? {} : { icmp: icmpOf(evidence[`${id}-icmp`], words) }),
          tcp: { ...tcpOf(evidence[`${id}-tcp`], words), port: tcpPort },
          ...(udpPort === undefined
            ? {}
            : { udp: { ...udpOf(evidence[`${id}-udp-reach`], words), port: udpPort } }),
          ...(isVirtual ? {} : { full: fullOf(evidence[`${id}-full`], words) }),
        };
      }),
    ),
    ...(asksDns ? { dns: udpOf(evidence['own-dns-reach'], words) } : {}),
    service: tcpOf(evidence['own-service'], words),
  };
}

/** A probe that was ended before it had waited for an answer as long as it means to: a target whose CPU is short. */
const ENDED_EARLY = 'the probe did not come to its end in its time (the target has too little CPU)';
/** Silence of one datagram may be chance. */
const LEAST_SILENT = 2;

function unmeasured(reason: string): MatrixProbe {
  return { outcome: 'unmeasured', reason };
}

function icmpOf(result: ProbeResult | undefined, words: PlaceWords): MatrixProbe {
  const { value, skipped } = echoesOf(result);
  if (value === undefined) return unmeasured(tell(skipped, words));
  const { sent, received, rtts, errors } = value;
  const counts = { sent, received };
  if (received === 0)
    return { outcome: 'lost', ...counts, ...(errors[0] === undefined ? {} : { reason: errors[0] }) };
  const ms = rtts.length === 0 ? {} : { ms: least(rtts) };
  return { outcome: received < sent ? 'lossy' : 'reached', ...counts, ...ms };
}

function tcpOf(result: ProbeResult | undefined, words: PlaceWords): MatrixProbe {
  const { value, skipped } = connectsOf(result);
  if (value === undefined) return unmeasured(tell(skipped, words));
  const { tries } = value;
  const of = (outcome: 'connected' | 'refused'): number[] =>
    tries.flatMap((one) => (one.outcome === outcome ? [one.ms] : []));
  const [connected, refused] = [of('connected'), of('refused')];
  if (connected.length > 0) return { outcome: 'reached', ms: least(connected) };
  if (refused.length > 0) return { outcome: 'refused', ms: least(refused) };
  const last = tries.at(-1);
  if (last === undefined || last.outcome === 'unresolved') return unmeasured('the name does not resolve');
  // What gave up itself says so; a try that was cut off says nothing.
  if (tries.every(({ error }) => error === undefined)) return unmeasured(ENDED_EARLY);
  const reason = last.outcome === 'error' ? last.error : `no answer within ${(last.ms / 1000).toFixed(1)} s`;
  return { outcome: 'lost', ...(reason === undefined ? {} : { reason }) };
}

function udpOf(result: ProbeResult | undefined, words: PlaceWords): MatrixProbe {
  const { value, skipped } = reachOf(result);
  if (value === undefined) return unmeasured(tell(skipped, words));
  const { tries } = value;
  const answered = tries.find(({ outcome }) => outcome === 'answered');
  if (answered !== undefined) return { outcome: 'reached', ms: answered.ms };
  const refused = tries.find(({ error }) => error === 'Connection refused');
  if (refused !== undefined) return { outcome: 'refused', ms: refused.ms };
  const isSilent = tries.filter(({ outcome }) => outcome === 'silent').length >= LEAST_SILENT;
  const isLost = isSilent || tries.some(({ outcome }) => outcome === 'failed');
  return isLost ? { outcome: 'lost', reason: outcomeText(value) } : unmeasured(ENDED_EARLY);
}

function fullOf(result: ProbeResult | undefined, words: PlaceWords): MatrixProbe {
  const { value, skipped } = read(result, 'sh', (stdout) => {
    const path = parsePathMtu(stdout);
    if (typeof path === 'object' && 'address' in path) return path;
    if (path === 'no-df') return because('ping that can forbid fragmentation (iputils)', 'no-tool');
    if (path === 'loopback') return because('it is on the same machine', 'itself');
    return because(path === 'cut' ? 'it did not come to its end in its time' : path.refused);
  });
  if (value === undefined) return unmeasured(tell(skipped, words));
  const { pathMtu, announcements } = value;
  if (pathMtu === undefined) return unmeasured('no echo request is answered, of any size');
  const bytes = allowedMtu(value);
  // What is too large for the way, and said to be so, is no black hole: senders then send less.
  const isFull = bytes === undefined || pathMtu >= bytes || announcements.length > 0;
  return {
    outcome: isFull ? 'reached' : 'lost',
    ...(bytes === undefined ? {} : { bytes }),
    ...(bytes !== undefined && pathMtu < bytes ? { largest: pathMtu } : {}),
  };
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b));
}
