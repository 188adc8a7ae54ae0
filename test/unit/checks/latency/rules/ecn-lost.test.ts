import { describe, expect, it } from 'vitest';
import { latencyFacts } from '../../../../../src/checks/latency/gathered.ts';
import { ecnLost } from '../../../../../src/checks/latency/rules/ecn-lost.ts';
import type { ConnectTry } from '../../../../../src/parsers/tcp-connect.ts';
import { connected, destination, facts, path, result, thresholds, times } from '../build.ts';

interface Run {
  readonly tries?: readonly ConnectTry[];
  readonly lost?: number;
  readonly again?: number;
  readonly ecn?: string | undefined;
}

function judge({ tries = times(4, connected(1031)), lost = 0, again = 4, ...rest }: Run = {}) {
  const ecn = 'ecn' in rest ? rest.ecn : '1';
  return ecnLost.judge(
    facts({
      paths: [path({ tries, lost })],
      grew: { 'TcpExt.TCPSynRetrans': again },
      ...(ecn === undefined ? {} : { ecn }),
    }),
  );
}

describe('NT-LAT-008', () => {
  it('names ECN where each connection needs its second SYN', () => {
    const [found] = judge();
    expect(found?.severity).toBe('warning');
    expect(found?.summary).toBe(
      'Each of 4 connections to svc/web (192.0.2.9:80) was made by its second SYN, after 1.03 s to 1.03 s: the first asks for ECN (net.ipv4.tcp_ecn is 1 here), the second does not.',
    );
  });

  it.each([
    ['ECN is not asked for', { ecn: undefined }],
    ['one connection is fast', { tries: [...times(4, connected(1031)), connected(1)] }],
    ['one was refused', { tries: [...times(4, connected(1031)), { ms: 1, outcome: 'refused' as const }] }],
    ['one needed its third SYN', { tries: [...times(4, connected(1031)), connected(3050)] }],
    ['there are two of them', { tries: times(2, connected(1031)) }],
    ['echo requests are lost as well', { lost: 3 }],
    ['the kernel has sent fewer SYN again', { again: 3 }],
  ])('is silent where %s', (_, run) => {
    expect(judge(run)).toEqual([]);
  });

  it.each([
    ['1', true],
    ['3', true],
    ['4', true],
    ['0', false],
    ['2', false],
    ['5', false],
  ])('reads net.ipv4.tcp_ecn = %s: asks %s', (value, asks) => {
    const { asksForEcn } = latencyFacts(
      { ecn: result('ecn', `${value}\n`) },
      { destinations: [destination()], thresholds },
    );
    expect(asksForEcn !== undefined).toBe(asks);
  });
});
