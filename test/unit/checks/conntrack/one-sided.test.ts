/** NT-CT-008: answers of connections of which no question came by. */
import { describe, expect, it } from 'vitest';
import conntrack from '../../../../src/checks/conntrack/check.ts';
import { PROBE_SCRIPTS } from '../../../../src/probes/scripts.ts';
import { evidence, named, result } from '../results.ts';

const input = (isNode = true) => ({ watchMs: 3000, isNode, criticalShare: 0.95, services: [] });
const stats = (invalid: number) =>
  result(`cpu=0   found=0 invalid=${invalid} insert=0 insert_failed=0 drop=0 early_drop=0\n`);
const filter = (packets: number, chain = 'FORWARD', state = 'INVALID') =>
  result(
    `*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n[${packets}:0] -A ${chain} -m conntrack --ctstate ${state} -j DROP\nCOMMIT\n`,
  );
const NO_RULES = result('{"nftables": []}');

/** As tcpdump -nn -S -tt -i any prints them. */
const answer = (way: 'In' | 'Out' | 'P' = 'In', to = '192.0.2.7.40000') =>
  `1796055726.1 eth0  ${way}  IP 198.18.2.9.8080 > ${to}: Flags [S.], seq 11, ack 22, win 65160, length 0\n`;
const ASKED =
  '1796055726.0 eth1  In  IP 192.0.2.7.40000 > 198.18.2.9.8080: Flags [S], seq 21, win 64240, length 0\n';
const TRANSLATED =
  '1796055726.1 eth1  Out IP 203.0.113.4.30080 > 192.0.2.7.40000: Flags [S.], seq 11, ack 22, win 65160, length 0\n';

interface Run {
  readonly heard?: string;
  readonly invalid?: number;
  readonly before?: ReturnType<typeof filter>;
  readonly later?: ReturnType<typeof filter>;
  readonly isNode?: boolean;
}

function seen({ invalid = 3, before = filter(10), isNode = true }: Run) {
  return {
    'fill-before': result('10\n1000\n'),
    'fill-after': result('10\n1000\n'),
    'stats-before': stats(5),
    'stats-after': stats(5 + invalid),
    ...(isNode ? { iptables: before, nft: NO_RULES } : {}),
  };
}

function judged(run: Run) {
  const { heard = answer() + answer(), later = filter(14), isNode = true } = run;
  return conntrack.judge(
    evidence({
      ...seen(run),
      opening: result(heard, { status: 'timeout' }),
      'own-addresses': result(
        '[{"ifname":"eth0","addr_info":[{"family":"inet","local":"198.51.100.11","prefixlen":24}]}]',
      ),
      'iptables-later': later,
      'nft-later': NO_RULES,
    }),
    input(isNode),
  );
}

describe('NT-CT-008', () => {
  it('names who answers whom, and the rule with what it counted in the run', () => {
    const judgement = judged({});
    expect(named(judgement)).toEqual(['NT-CT-008 critical']);
    expect(judgement.findings[0]?.summary).toBe(
      'What 198.18.2.9:8080 answers 192.0.2.7:40000 comes by eth0 and is dropped here: 2 SYN-ACKs came in 4 s, none went on, and no SYN of theirs passed. The questions go another way, so connection tracking calls the answers invalid (3 packets in the run), and a rule dropped 4: -t filter -A FORWARD -m conntrack --ctstate INVALID -j DROP.',
    );
  });

  it('of a network namespace, whose rules nobody read before', () => {
    expect(judged({ isNode: false }).findings[0]?.summary).toMatch(
      /and a rule drops those: -t filter -A FORWARD/,
    );
  });

  it.each([
    ['one answer alone', { heard: answer() }],
    ['its question came by', { heard: ASKED + answer() + answer() }],
    ['it went on', { heard: answer() + answer('Out') + answer() }],
    // Of a question from before, to which the client says nothing: a scanner's, or one with a false source.
    ['it went on from the NodePort that was asked', { heard: answer() + TRANSLATED + answer() + TRANSLATED }],
    ['it is another machine’s, and heard on a promiscuous link', { heard: answer('P').repeat(2) }],
    ['it is for the node itself', { heard: answer('In', '198.51.100.11.40000').repeat(2) }],
    ['the rule counted nothing in the run', { later: filter(10) }],
    [
      'the rule is for what the node itself gets',
      { before: filter(10, 'INPUT'), later: filter(14, 'INPUT') },
    ],
    ['the rule drops something else', { later: filter(14, 'FORWARD', 'NEW') }],
  ] as const)('is silent: %s', (_what, run) => {
    expect(named(judged(run))).toEqual([]);
  });
});

describe('how it is listened for', () => {
  const argv = (more: Parameters<typeof evidence>[0] = {}, isNode = true) =>
    conntrack
      .followUp?.(evidence({ ...seen({ isNode }), ...more }), input(isNode), PROBE_SCRIPTS)
      .find(({ id }) => id === 'opening')?.argv ?? [];
  const RULE = ['filter', '10', '-A FORWARD -m conntrack --ctstate INVALID -j DROP'];
  const nft = (...counter: object[]) =>
    result(
      JSON.stringify({
        nftables: [
          { table: { family: 'inet', name: 'own' } },
          { chain: { family: 'inet', table: 'own', name: 'f', type: 'filter', hook: 'forward', prio: 0 } },
          {
            rule: {
              ...{ family: 'inet', table: 'own', chain: 'f' },
              expr: [
                { match: { op: 'in', left: { ct: { key: 'state' } }, right: 'invalid' } },
                ...counter,
                { drop: null },
              ],
            },
          },
        ],
      }),
    );

  it('is only where a rule of the node has counted since', () => {
    expect(argv().slice(2, 9)).toEqual(['%script:ifGrown%', 'if-grown', 'iptables-save', ...RULE, '--']);
    expect(argv({ iptables: NO_RULES, iptablesLegacy: filter(10) })[4]).toBe('iptables-legacy-save');
    expect(argv({ nft: nft({ counter: { packets: 7, bytes: 420 } }) }).slice(8, 13)).toEqual([
      ...['nft', 'inet own f', '7', '', '--'],
    ]);
  });

  it('is always where one counts nothing, and where nobody read them', () => {
    expect(argv({ nft: nft() })[0]).toBe('tcpdump');
    expect(argv({}, false)[0]).toBe('tcpdump');
  });
});

describe('what is listened for', () => {
  const asked = (run: Run) =>
    conntrack.followUp?.(evidence(seen(run)), input(run.isNode), PROBE_SCRIPTS).map(({ id }) => id);

  it.each([[{}], [{ isNode: false }]])('where packets were invalid, and a rule may drop them: %j', (run) => {
    expect(asked(run)).toEqual([
      'opening',
      'own-addresses',
      'iptables-later',
      'iptablesLegacy-later',
      'nft-later',
    ]);
  });

  it.each([
    ['none was invalid', { invalid: 0 }],
    ['no rule of the node drops them', { before: filter(10, 'FORWARD', 'NEW') }],
    ['what is dropped is for the node itself', { before: filter(10, 'INPUT') }],
  ])('is nothing: %s', (_what, run) => {
    expect(asked(run)).toEqual([]);
  });
});
