import { describe, expect, it } from 'vitest';
import { nextHop, parseReach } from '../../../src/parsers/reach.ts';

const lines = (...all: string[]) => all.map((line) => `${line}\n`).join('');

describe('parseReach', () => {
  it('reads tries and what bash said first', () => {
    const reach = parseReach(
      lines(
        'address 198.51.100.7',
        'route 198.51.100.7 via 198.51.100.1 dev eth0 src 198.51.100.2 uid 0 \\    cache',
        'try 412000',
        'environment: connect: Connection refused',
        'environment: line 34: /dev/tcp/198.51.100.7/8081: Connection refused',
        'failed 211',
        'try 800000',
        'ok 613',
      ),
      4000,
    );
    expect(reach.address).toBe('198.51.100.7');
    expect(reach.tries).toEqual([
      { ms: 0.211, outcome: 'failed', error: 'Connection refused' },
      { ms: 0.613, outcome: 'connected' },
    ]);
  });

  it('reads how the far side ended what it had taken', () => {
    const stdout = lines(
      'address 198.51.100.7',
      'try 400000',
      'ok 310',
      'ended closed',
      'try 800000',
      'ok 290',
      'ended reset',
      'try 1200000',
      'reach: connect: Connection reset by peer',
      'failed 305',
    );
    expect(parseReach(stdout, 4000).tries).toEqual([
      { ms: 0.31, outcome: 'connected', ended: 'closed' },
      { ms: 0.29, outcome: 'connected', ended: 'reset' },
      { ms: 0.305, outcome: 'connected', ended: 'reset' },
    ]);
  });

  it('reads datagrams', () => {
    const stdout = lines(
      'address 198.51.100.7',
      'try 400000',
      'silent 1051515',
      'try 1500000',
      'answered 732',
    );
    expect(parseReach(stdout, 4000).tries).toEqual([
      { ms: 1051.515, outcome: 'silent' },
      { ms: 0.732, outcome: 'answered' },
    ]);
  });

  it('counts a try that the time limit has ended from its own start', () => {
    expect(parseReach(lines('address 198.51.100.7', 'try 412000'), 4000).tries).toEqual([
      { ms: 3588, outcome: 'unanswered' },
    ]);
    expect(parseReach(`${lines('address 198.51.100.7', 'try 412000')}fail`, 4000).tries).toHaveLength(1);
  });

  it('tells names that do not resolve', () => {
    expect(parseReach(lines('unresolved'), 100).unresolved).toBe('the name does not resolve on the target');
    const stdout = lines(
      'address nope',
      'try 400000',
      'environment: line 28: nope: Name or service not known',
      'environment: line 28: /dev/tcp/nope/55: Invalid argument',
      'failed 2614',
    );
    expect(parseReach(stdout, 100).unresolved).toMatch(/Name or service not known/);
  });

  it('takes nothing that bash prints after a try for an error of it', () => {
    const stdout = lines(
      'address 198.51.100.7',
      'try 1',
      'ok 613',
      'environment: line 34: printf: write error: Broken pipe',
    );
    expect(parseReach(stdout, 100).tries).toEqual([{ ms: 0.613, outcome: 'connected' }]);
  });
});

describe('nextHop', () => {
  it.each([
    [
      '198.51.100.7 via 198.51.100.1 dev eth0 src 198.51.100.2 uid 0 \\    cache expires 368sec mtu 1400',
      { neighbour: '198.51.100.1', viaGateway: true, device: 'eth0', source: '198.51.100.2' },
    ],
    [
      '198.51.100.7 dev eth0 src 198.51.100.2 uid 0 \\    cache',
      { neighbour: '198.51.100.7', viaGateway: false, device: 'eth0', source: '198.51.100.2' },
    ],
    [
      'local 198.51.100.2 dev lo src 198.51.100.2 uid 0 \\    cache <local>',
      { neighbour: '198.51.100.2', viaGateway: false, device: 'lo', source: '198.51.100.2' },
    ],
    [
      '2001:db8::7 from :: via fe80::1 dev eth0 src 2001:db8::2 metric 1024',
      { neighbour: 'fe80::1', viaGateway: true, device: 'eth0', source: '2001:db8::2' },
    ],
    [
      '203.0.113.9 via inet6 fe80::1 dev v0 src 198.18.7.2 uid 0 \\    cache',
      { neighbour: 'fe80::1', viaGateway: true, device: 'v0', source: '198.18.7.2' },
    ],
    ['RTNETLINK answers: Network is unreachable', undefined],
    ['Error: any valid prefix is expected rather than "web".', undefined],
    ['unicast default via 198.51.100.1 dev eth0 table main proto boot scope global', undefined],
  ])('%s', (line, expected) => {
    expect(nextHop([line])).toEqual(expected);
  });
});
