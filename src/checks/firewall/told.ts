/** ICMP errors that the kernel gave to the probe's own sockets; for that it needs no privilege. Pure. */
import type { IcmpAnswer, ReachTry } from '../../parsers/reach.ts';
import { type Unreachable, unreachableKind } from '../../parsers/unreachable.ts';

/** What the sockets of one destination were told. */
interface Told {
  readonly unreachables: readonly Unreachable[];
  /** Routers that said that the time to live of a packet was over. */
  readonly expiredAt: readonly string[];
  /** The kernel told of each try that failed, so that none is a sign too. */
  readonly always: boolean;
}

export function toldToSockets(tries: readonly ReachTry[], address: string, port: number): Told {
  const failed = tries.filter(({ outcome }) => outcome === 'failed');
  return {
    unreachables: errorsOf(tries).flatMap(({ type, code, sender }): Unreachable[] => {
      const kind = unreachableKind(type, code, sender.includes(':'));
      return kind === undefined ? [] : [{ sender, about: address, port, protocol: 'tcp', kind }];
    }),
    // RFC 792 and RFC 4443, 3.3: time exceeded.
    expiredAt: senders(tries, 11, 3),
    always: failed.length > 0 && failed.every(({ icmp }) => icmp !== undefined),
  };
}

/** Who said that a header of these packets is wrong: parameter problem (RFC 792; RFC 4443, 3.4). */
export function objectorsTold(tries: readonly ReachTry[]): string[] {
  return senders(tries, 12, 4);
}

function senders(tries: readonly ReachTry[], type: number, typeOfV6: number): string[] {
  const matching = errorsOf(tries).filter((e) => e.type === (e.sender.includes(':') ? typeOfV6 : type));
  return [...new Set(matching.map(({ sender }) => sender))];
}

function errorsOf(tries: readonly ReachTry[]): IcmpAnswer[] {
  return tries.flatMap(({ icmp }) => (icmp === undefined || icmp === 'none' ? [] : [icmp]));
}
