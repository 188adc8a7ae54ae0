import { describe, expect, it } from 'vitest';
import { rowOf } from '../../../../src/checks/matrix/row.ts';
import { POD_WORDS } from '../../../../src/checks/shared/place-words.ts';
import type { MatrixCell, MatrixProbe } from '../../../../src/model/matrix.ts';
import { recording } from '../../../recordings/recordings.ts';
import { evidence, result } from '../results.ts';

const goal = {
  destination: 3,
  addresses: [{ family: 4 as const, host: '198.51.100.7' }],
  tcpPort: '80',
  udpPort: '9',
  isVirtual: false,
};

/** The one probe of which something is known. */
function probe(
  name: 'icmp' | 'tcp' | 'udp' | 'full',
  ...of: Parameters<typeof result>
): MatrixProbe | undefined {
  const id = `d3v4-${name}${name === 'udp' ? '-reach' : ''}`;
  const { cells } = rowOf(evidence({ [id]: result(...of) }), { goals: [goal], asksDns: false }, POD_WORDS);
  return (cells[0] as unknown as MatrixCell | undefined)?.[name];
}

describe('a row of a matrix', () => {
  it('knows nothing of what was not run', () => {
    const { cells, service } = rowOf({}, { goals: [goal], asksDns: false }, POD_WORDS);
    const [cell] = cells;
    expect([cell?.icmp, cell?.tcp, cell?.udp, cell?.full, service].map((one) => one?.outcome)).toEqual(
      Array(5).fill('unmeasured'),
    );
  });

  it.each<[string, string, object]>([
    [
      'all',
      '64 bytes from h: icmp_seq=1 ttl=64 time=0.5 ms\n64 bytes from h: icmp_seq=2 ttl=64 time=0.2 ms\n2 packets transmitted, 2 received, 0% packet loss\n',
      { outcome: 'reached', ms: 0.2, sent: 2, received: 2 },
    ],
    [
      'some',
      '64 bytes from h: icmp_seq=1 ttl=64 time=0.5 ms\n2 packets transmitted, 1 received, 50% packet loss\n',
      { outcome: 'lossy', sent: 2, received: 1 },
    ],
    [
      'none',
      'From 198.51.100.1 icmp_seq=1 Destination Host Unreachable\n2 packets transmitted, 0 received, +1 errors, 100% packet loss\n',
      { outcome: 'lost', reason: 'From 198.51.100.1 icmp_seq=1 Destination Host Unreachable' },
    ],
  ])('tells echo requests: %s answered', (_name, stdout, expected) => {
    expect(probe('icmp', stdout)).toMatchObject(expected);
  });

  it.each<[string, object]>([
    ['address h\ntry\nok 300\ntry\nok 200\n', { outcome: 'reached', ms: 0.2 }],
    ['address h\ntry\ngiven up: Connection timed out\nfailed 3500000\ntry\nok 200\n', { outcome: 'reached' }],
    ['address h\ntry\ntcp-connect: connect: Connection refused\nfailed 300\n', { outcome: 'refused' }],
    [
      'address h\ntry\ntcp-connect: connect: No route to host\nfailed 300\n',
      { outcome: 'lost', reason: 'No route to host' },
    ],
    [
      'address h\ntry\ngiven up: Connection timed out\nfailed 3500000\n',
      { outcome: 'lost', reason: 'no answer within 3.5 s' },
    ],
  ])('tells connections: %j', (stdout, expected) => {
    expect(probe('tcp', stdout)).toMatchObject(expected);
  });

  it.each<[string, object]>([
    ['address h\ntry 400000\nanswered 300\n', { outcome: 'reached' }],
    ['address h\ntry 400000\nreach: read error: Connection refused\nfailed 300\n', { outcome: 'refused' }],
    [
      'address h\ntry 400000\nsilent 1050000\ntry 1500000\nsilent 1050000\n',
      { outcome: 'lost', reason: 'no answer to 2 datagrams' },
    ],
    [
      'address h\ntry 400000\nreach: send: write error: Operation not permitted\nfailed 30\n',
      { outcome: 'lost' },
    ],
  ])('tells datagrams: %j', (stdout, expected) => {
    expect(probe('udp', stdout)).toMatchObject(expected);
  });

  it('takes no probe that was cut off for silence', () => {
    const cut = { status: 'timeout', code: 124, durationMs: 7000 } as const;
    expect(probe('udp', 'address h\ntry 400000\n', cut)?.outcome).toBe('unmeasured');
    expect(probe('udp', 'address h\ntry 400000\nsilent 1050000\n', cut)?.outcome).toBe('unmeasured');
    expect(probe('tcp', 'address h\ntry\n', cut)?.outcome).toBe('unmeasured');
    const gaveUp = 'address h\ntry\ngiven up: Connection timed out\nfailed 3500000\ntry\n';
    expect(probe('tcp', gaveUp, cut)?.outcome).toBe('lost');
  });

  it('tells a black hole from a way that says what it carries', () => {
    expect(probe('full', recording('path-mtu-full').stdout)).toMatchObject({ outcome: 'reached' });
    const lost = probe('full', recording('path-mtu-black-hole').stdout);
    expect(lost?.outcome).toBe('lost');
    expect(lost?.largest).toBeLessThan(lost?.bytes ?? 0);
    expect(probe('full', recording('path-mtu-announced').stdout)?.outcome).toBe('reached');
    expect(probe('full', 'no-df\n')).toMatchObject({ outcome: 'unmeasured' });
    expect(probe('full', 'address h\nbytes 84 sent 2 received 0\nno-answer\n')).toMatchObject({
      outcome: 'unmeasured',
      reason: 'no echo request is answered, of any size',
    });
  });
});
