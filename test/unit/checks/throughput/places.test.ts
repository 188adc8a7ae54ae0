import { describe, expect, it } from 'vitest';
import type { ThroughputInput } from '../../../../src/checks/throughput/facts.ts';
import { judgeThroughput } from '../../../../src/checks/throughput/judge.ts';
import places from '../../../../src/checks/throughput/places.ts';
import type { Destination } from '../../../../src/model/destination.ts';
import type { PlaceFailure } from '../../../../src/model/place.ts';

const pod: Destination = {
  id: 'to0',
  label: 'pod/far',
  host: '10.0.0.9',
  port: '5201',
  anyPort: false,
  role: 'asked',
  inCluster: true,
  protocol: 'tcp',
  ref: { kind: 'pod', namespace: 'n', name: 'far' },
  pod: { namespace: 'n', name: 'far' },
};
const { ref: _ref, pod: _pod, ...host } = pod;
const server: Destination = { ...host, id: 'to1', label: 'iperf.example:5201' };
const input: ThroughputInput = { destinations: [pod, server], durationMs: 2000, reverse: false, share: 0.5 };

describe('iperf3 servers', () => {
  it('are started in pods whose port nobody named, and end by themselves', () => {
    const plans = places.plan(input);
    expect(plans.map(({ id, where }) => ({ id, where }))).toEqual([
      { id: 'to0', where: { kind: 'pod', namespace: 'n', name: 'far' } },
    ]);
    expect(plans[0]?.during?.command.slice(0, 2)).toEqual(['timeout', '328']);
  });

  it.each<[PlaceFailure, string]>([
    [{ kind: 'error', text: 'no pod "far" in namespace "n"' }, 'no pod "far" in namespace "n"'],
    [{ kind: 'late' }, 'its iperf3 does not start'],
    [
      {
        kind: 'ended',
        code: 127,
        lastWords: "timeout: failed to run command 'iperf3': No such file or directory",
      },
      'its session has no iperf3',
    ],
    [
      { kind: 'ended', code: 1, lastWords: 'iperf3: error - unable to start listener: Address in use' },
      'error - unable to start listener: Address in use',
    ],
  ])('that do not start are not measured: %j', (failure, reason) => {
    const joined = places.join(input, [{ id: 'to0', evidence: {}, failure, wasReady: false }]);
    const { status, summary } = judgeThroughput({}, joined.input);
    expect({ status, summary }).toEqual({
      status: 'error',
      summary: `pod/far could not be measured: ${reason}.`,
    });
  });

  it('that end in some way after their test do not take its result away', () => {
    const failure: PlaceFailure = { kind: 'ended', code: 1, lastWords: '' };
    expect(places.join(input, [{ id: 'to0', evidence: {}, failure, wasReady: true }]).input).toEqual(input);
  });
});
