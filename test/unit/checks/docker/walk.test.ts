import { describe, expect, it } from 'vitest';
import { type WalkedPacket, walk } from '../../../../src/checks/shared/walk.ts';
import { parseIptablesTables } from '../../../../src/parsers/iptables-tables.ts';

/** What may become of a packet in FORWARD: each outcome's verdict and chain. @param rules `CHAIN words` */
function outcomes(rules: readonly string[], packet: WalkedPacket = {}, policy = 'ACCEPT'): string[] {
  const chains = new Set(rules.map((rule) => rule.split(' ')[0] ?? '').filter((name) => name !== 'FORWARD'));
  const text = [
    ...['*filter', `:FORWARD ${policy} [7:7]`],
    ...[...chains].map((name) => `:${name} - [0:0]`),
    ...rules.map((rule) => `[1:1] -A ${rule}`),
  ];
  const tables = parseIptablesTables(`${text.join('\n')}\nCOMMIT\n`);
  return walk(tables, 'filter', 'FORWARD', packet).map(({ verdict, chain }) => `${verdict} ${chain}`);
}

const PACKET: WalkedPacket = {
  protocol: 'tcp',
  source: '198.51.100.7',
  destination: '192.0.2.9',
  port: 443,
  in: { is: 'br-1' },
  out: { isNot: ['br-1', 'docker0'] },
  isToHost: false,
  originalPort: 8443,
};

describe('the end of a walk', () => {
  it.each<[string, readonly string[], string, readonly string[]]>([
    ['without a rule', [], 'DROP', ['drop FORWARD']],
    ['at the first rule that holds', ['FORWARD -j ACCEPT', 'FORWARD -j DROP'], 'DROP', ['accept FORWARD']],
    ['in another chain', ['FORWARD -j A', 'A -j DROP'], 'ACCEPT', ['drop A']],
    ['after a return', ['FORWARD -j A', 'A -j RETURN', 'A -j DROP'], 'ACCEPT', ['accept FORWARD']],
    [
      'after the end of a chain',
      ['FORWARD -j A', 'FORWARD -j DROP', 'A -p udp -j DROP'],
      'ACCEPT',
      ['drop FORWARD'],
    ],
    [
      'after a goto, which does not come back',
      ['FORWARD -g A', 'FORWARD -j DROP', 'A -p udp -j DROP'],
      'ACCEPT',
      ['accept FORWARD'],
    ],
    [
      'after what only marks or writes down',
      ['FORWARD -j LOG --log-prefix "x -j DROP"', 'FORWARD -j MARK --set-xmark 0x1/0x1', 'FORWARD -j REJECT'],
      'ACCEPT',
      ['reject FORWARD'],
    ],
    [
      'perhaps at one rule, else at the policy',
      ['FORWARD -m mark --mark 0x1 -j DROP'],
      'ACCEPT',
      ['drop FORWARD', 'accept FORWARD'],
    ],
    [
      'perhaps in a chain that perhaps is jumped to',
      ['FORWARD -m mark --mark 0x1 -j A', 'A -j DROP'],
      'ACCEPT',
      ['drop A', 'accept FORWARD'],
    ],
    [
      'behind a return that perhaps is taken',
      ['FORWARD -j A', 'A -m mark --mark 0x1 -j RETURN', 'A -j DROP'],
      'ACCEPT',
      ['drop A', 'accept FORWARD'],
    ],
    [
      'in chains that jump in a circle',
      ['FORWARD -j A', 'A -j B', 'B -j A', 'FORWARD -j DROP'],
      'ACCEPT',
      ['drop FORWARD'],
    ],
  ])('%s', (_title, rules, policy, expected) => {
    expect(outcomes(rules, PACKET, policy)).toEqual(expected);
  });
});

/** Whether a rule of these words takes the packet: `yes`, `no`, `perhaps`. */
function holds(words: string, packet: WalkedPacket): string {
  const [first, ...more] = outcomes([`FORWARD ${words} -j DROP`], packet);
  if (more.length > 0) return 'perhaps';
  return first === 'drop FORWARD' ? 'yes' : 'no';
}

describe('a condition', () => {
  it.each([
    ['-p tcp', 'yes'],
    ['! -p tcp', 'no'],
    ['-i br-1', 'yes'],
    ['-i br+', 'yes'],
    ['! -i docker0', 'yes'],
    ['-o docker0', 'no'],
    ['! -o docker0', 'yes'],
    ['-o eth0', 'perhaps'],
    ['-s 198.51.100.0/24', 'yes'],
    ['! -s 198.51.100.0/24', 'no'],
    ['-d 0.0.0.0/0', 'yes'],
    ['-d 192.0.2.10/32', 'no'],
    ['-m tcp --dport 400:500', 'yes'],
    ['-m multiport --dports 80,443', 'yes'],
    ['-m multiport ! --dports 80,443', 'no'],
    ['-m conntrack --ctstate RELATED,ESTABLISHED', 'no'],
    ['-m conntrack --ctstate INVALID,NEW', 'yes'],
    ['-m conntrack --ctorigdstport 8443 --ctdir ORIGINAL', 'yes'],
    ['-m conntrack --ctorigdstport 443', 'no'],
    ['-m addrtype --dst-type LOCAL', 'no'],
    ['-m comment --comment "-p udp"', 'yes'],
    ['-m set --match-set blocked src', 'perhaps'],
    ['-p udp -m set --match-set blocked src', 'no'],
  ])('%s: %s', (words, expected) => {
    expect(holds(words, PACKET)).toBe(expected);
  });

  it.each([
    '-p tcp',
    '-i br-1',
    '-o br-1',
    '-s 198.51.100.7',
    '-d 192.0.2.9',
    '-m tcp --dport 443',
    '-m addrtype --dst-type LOCAL',
  ])('perhaps holds where the packet is not known: %s', (words) => {
    expect(holds(words, {})).toBe('perhaps');
  });
});
