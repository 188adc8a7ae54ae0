import { describe, expect, it } from 'vitest';
import type { FirewallInput } from '../../../../../src/checks/firewall/facts.ts';
import { type SpeaksFirst, speaksFirst } from '../../../../../src/checks/firewall/greetings.ts';
import { judgeFirewall } from '../../../../../src/checks/firewall/judge.ts';
import type { Judgement } from '../../../../../src/model/check.ts';
import type { Destination } from '../../../../../src/model/destination.ts';
import { destination, evidence, named, remedyOf, result } from '../../results.ts';

const SELF = { namespace: '', name: '', labels: {}, ports: [], hostNetwork: false };
const CHAIN = ':OUTPUT ACCEPT [0:0]\n';
const ruleset = (packets: number): string =>
  `*nat\n${CHAIN}[${packets}:60] -A OUTPUT -p tcp -j REDIRECT --to-ports 4140\nCOMMIT\n`;

interface Run {
  readonly greeting?: string;
  readonly isLed?: boolean;
  readonly sidecar?: SpeaksFirst['sidecar'];
  readonly to?: Partial<Destination>;
}

function judged({ greeting, isLed = false, sidecar, to = {} }: Run): Judgement {
  const input: FirewallInput = {
    destinations: [destination({ label: 'svc/db', host: '198.51.100.7', port: '3306', ...to })],
    policies: { policies: [], self: SELF, pods: {}, services: [], unread: [] },
    greets: { to0: { protocol: 'MySQL', ...(sidecar === undefined ? {} : { sidecar }) } },
  };
  const rules = isLed ? { 'iptables-before': result(ruleset(1)), 'iptables-after': result(ruleset(3)) } : {};
  return judgeFirewall(
    evidence({
      'to0-reach': result('address 198.51.100.7\ntry 900000\nok 290\n', {
        command: ['reach', 'tcp', '198.51.100.7', '3306'],
      }),
      ...(greeting === undefined ? {} : { 'to0-greeting': result(`address 198.51.100.7\n${greeting}`) }),
      'icmp-errors': result('', { stderr: 'listening on any\n0 packets captured\n' }),
      ...rules,
    }),
    input,
  );
}

const LATE = 'ok 200\nfirst 10050000\n';
const PROMPT = 'ok 200\nfirst 900\n';
const AROUND = 'ok 200\nuser 2102\naround ok 300\naround first 1200\nfirst 10050000\n';
const LATE_AROUND = 'ok 200\nuser 2102\naround ok 300\naround silent 2000000\nfirst 10050000\n';
const LINKERD = { container: 'linkerd-proxy', pod: 'pod db-0' };
const ISTIO = { container: 'istio-proxy', pod: 'pod db-0' };

describe('NT-PROXY-004 and NT-LAT-007', () => {
  it.each<[string, Run, string[]]>([
    ['bytes that come at once', { greeting: PROMPT }, []],
    ['bytes that come at once through a proxy', { greeting: PROMPT, isLed: true }, []],
    [
      'late ones, and prompt ones past the proxy',
      { greeting: AROUND, isLed: true },
      ['NT-PROXY-004 warning'],
    ],
    ['ten seconds through a proxy', { greeting: LATE, isLed: true }, ['NT-PROXY-004 warning']],
    [
      'three seconds through one',
      { greeting: 'ok 200\nfirst 3000000\n', isLed: true },
      ['NT-LAT-007 warning'],
    ],
    ['ten seconds past it too', { greeting: LATE_AROUND, isLed: true }, ['NT-LAT-007 warning']],
    ['ten seconds without one', { greeting: LATE }, ['NT-LAT-007 warning']],
    [
      "ten seconds of a pod with Linkerd's proxy",
      { greeting: LATE, sidecar: LINKERD },
      ['NT-PROXY-004 warning'],
    ],
    ["ten seconds of a pod with Istio's", { greeting: LATE, sidecar: ISTIO }, ['NT-LAT-007 warning']],
    [
      'five seconds of a pod with a proxy',
      { greeting: 'ok 200\nfirst 5000000\n', sidecar: LINKERD },
      ['NT-LAT-007 warning'],
    ],
    ['not a word', { greeting: 'ok 200\nsilent 11000000\n' }, ['NT-LAT-007 warning']],
    ['just below a second', { greeting: 'ok 200\nfirst 999000\n' }, []],
    ['a server that closes', { greeting: 'ok 200\nclosed 3000000\n' }, []],
    ['no connection', { greeting: 'bash: connect: Connection refused\nfailed 200\n' }, []],
    ['output that was cut before the end', { greeting: 'ok 200\n' }, []],
    ['no such probe', {}, []],
  ])('of %s', (_what, run, expected) => expect(named(judged(run))).toEqual(expected));

  it('names both times', () => {
    expect(judged({ greeting: AROUND, isLed: true }).findings[0]?.summary).toBe(
      'A connection to svc/db (TCP 198.51.100.7:3306), which a rule of the target leads to its own port 4140, had the first bytes of the server after 10.05 s, and past the proxy, as user 2102, they came after 1.200 ms: in MySQL the server speaks first, and the proxy waits for the client.',
    );
  });

  it('names the pod with the proxy, and the Service to annotate', () => {
    const ref = { kind: 'service', namespace: 'shop', name: 'db', port: '3306' } as const;
    const [found] = judged({ greeting: LATE, sidecar: LINKERD, to: { ref } }).findings;
    expect(found?.summary).toContain(
      "that is how long Linkerd's proxy waits for the client, and pod db-0 has one (container linkerd-proxy): in MySQL",
    );
    expect(remedyOf(found)).toMatch(
      /annotate their template too\.\nkubectl annotate service db -n shop config\.linkerd\.io\/opaque-ports=3306$/,
    );
  });

  it("gives no command of Linkerd's to Istio", () => {
    const ref = { kind: 'service', namespace: 'shop', name: 'db' } as const;
    const told = (uid: number): string | undefined =>
      remedyOf(
        judged({ greeting: AROUND.replace('2102', String(uid)), isLed: true, to: { ref } }).findings.find(
          ({ id }) => id === 'NT-PROXY-004',
        ),
      );
    expect(told(2102)).toContain('kubectl annotate service db -n shop');
    expect(told(1337)).toContain('mysql-NAME');
    expect(told(1337)).not.toContain('kubectl annotate');
  });

  it('does not say that a slow server was measured past a proxy where it was not', () => {
    const { findings } = judged({ greeting: 'ok 200\nfirst 3000000\n', isLed: true });
    const found = findings.find(({ id }) => id === 'NT-LAT-007');
    expect(found?.summary).toMatch(/past that proxy it was not tried\.$/);
  });

  it('is no pass where the time could not be measured', () => {
    const { findings } = judged({ greeting: '' });
    expect(findings.map(({ summary }) => summary).join('\n')).toContain('takes for its first bytes');
  });
});

describe('speaksFirst', () => {
  it.each<[string, (string | undefined)[], string | undefined]>([
    ['3306', [], 'MySQL'],
    ['22', [undefined, undefined], 'SSH'],
    ['5432', [], undefined],
    ['6379', ['redis'], undefined],
    ['13306', [undefined, 'mysql-primary'], 'MySQL'],
    ['2525', ['smtp', 'mail'], 'SMTP'],
    ['8080', ['kubernetes.io/h2c', 'web'], undefined],
    ['993', [undefined, 'imaps'], undefined],
    ['2121', ['FTP'], 'FTP'],
    ['9104', [undefined, 'mysql-metrics'], undefined],
    ['6080', [undefined, 'vnc-web'], undefined],
    ['465', [undefined, 'smtp-tls'], undefined],
    ['10143', [undefined, 'imap-proxy'], undefined],
    ['20', [undefined, 'ftp-data'], undefined],
    ['3306', ['mysql', 'mysql'], 'MySQL'],
  ])('%s %j is %s', (port, says, expected) => expect(speaksFirst(port, says)).toBe(expected));
});
