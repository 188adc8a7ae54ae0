/** NT-DKR-038: what the machine forwards back into the network that it came from. */
import { describe, expect, it } from 'vitest';
import { judgeFirewall } from '../../../../../src/checks/firewall/judge.ts';
import { destination, evidence, remedyOf, result } from '../../results.ts';

const SELF = { namespace: '', name: '', labels: {}, ports: [], hostNetwork: false };
const OWN = '198.18.70.2';
const HOST = '198.18.130.1';
const ADDRESSES = JSON.stringify([
  { ifname: 'lxcbr0', addr_info: [{ family: 'inet', local: '198.18.70.1', prefixlen: 24, scope: 'global' }] },
  { ifname: 'eth0', addr_info: [{ family: 'inet', local: HOST, prefixlen: 24, scope: 'global' }] },
]);
const ROUTES = JSON.stringify([
  { dst: '198.18.70.0/24', dev: 'lxcbr0', scope: 'link' },
  { dst: '198.18.130.0/24', dev: 'eth0', scope: 'link' },
  { dst: '198.18.71.0/24', gateway: '198.18.70.9', dev: 'lxcbr0' },
]);
const OUTGOING = 'POSTROUTING -s 198.18.70.0/24 ! -d 198.18.70.0/24 -j MASQUERADE';
const dnat = (to: string): string =>
  `PREROUTING -d ${HOST}/32 -p tcp -m tcp --dport 8443 -j DNAT --to-destination ${to}`;

interface Run {
  readonly rules?: readonly string[];
  /** Of FORWARD. */
  readonly policy?: string;
  readonly tries?: string;
  readonly via?: string;
}

function found({
  rules = [dnat(`${OWN}:8443`), OUTGOING],
  tries = 'try 400000\n',
  via = '198.18.70.1',
  policy = 'ACCEPT',
}: Run) {
  const save = { command: ['iptables-save', '-c'] };
  const text = `*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n${rules.map((one) => `[5:300] -A ${one}\n`).join('')}COMMIT\n*filter\n:FORWARD ${policy} [9:540]\nCOMMIT\n`;
  const run = evidence({
    'to0-reach': result(`address ${HOST}\nroute ${HOST} via ${via} dev eth0 src ${OWN} uid 0\n${tries}`, {
      command: ['reach', 'tcp', HOST, '8443'],
      durationMs: 4000,
    }),
    'reach-sockets': result(`SYN-SENT 0 1 ${OWN}:44240 ${HOST}:8443\n\t bbr rto:1000 retrans:1/2 lost:1\n`),
    'icmp-errors': result('', { stderr: 'listening on any\n0 packets captured\n' }),
    'machine-iptables-before': result(text, save),
    'machine-iptables-after': result(text, save),
    'machine-addresses': result(ADDRESSES),
    'machine-routes': result(ROUTES),
  });
  return judgeFirewall(run, {
    destinations: [destination({ label: 'web', host: HOST, port: '8443' })],
    policies: { policies: [], self: SELF, pods: {}, services: [], unread: [] },
    isBeside: true,
  }).findings.filter(({ id }) => id === 'NT-DKR-038');
}

describe('NT-DKR-038', () => {
  it('names a way that leads back to the target itself', () => {
    const [one] = found({});
    expect(one?.severity).toBe('critical');
    expect(one?.summary).toMatch(
      /^This machine leads what the target sends to web .* to the target itself \(198\.18\.70\.2:8443\), which drops what comes to it from its own address \(no answer within .*\): it translates the destination alone, and no rule of its nat POSTROUTING the source\.$/,
    );
    expect(remedyOf(one)).toContain('-s 198.18.70.2 -d 198.18.70.2 -o lxcbr0 -j MASQUERADE');
    expect(remedyOf(one)).toContain('hairpin on');
  });

  it('names one that leads to a neighbour, which answers straight', () => {
    const [one] = found({ rules: [dnat('198.18.70.3:443'), OUTGOING] });
    expect(one?.summary).toMatch(/ to 198\.18\.70\.3:443, behind lxcbr0 as the target is, which answers /);
    expect(remedyOf(one)).not.toContain('hairpin');
  });

  it.each([
    [
      'the machine translates the source',
      { rules: [dnat(OWN), OUTGOING, `POSTROUTING -s ${OWN}/32 -d ${OWN}/32 -j MASQUERADE`] },
    ],
    ['it may do so', { rules: [dnat(OWN), 'POSTROUTING -m mark --mark 0x1 -j MASQUERADE'] }],
    ['the rule is of another port', { rules: [dnat(OWN).replace('8443', '8444')] }],
    ['the rule may not be taken', { rules: [dnat(OWN).replace('-j', '-m recent --rcheck -j')] }],
    ['it leads elsewhere', { rules: [dnat('198.18.130.7'), OUTGOING] }],
    ['it leads on to a network behind another router', { rules: [dnat('198.18.71.7'), OUTGOING] }],
    ['no rule leads it anywhere', { rules: [OUTGOING] }],
    ['the connection is made', { tries: 'try 400000\nok 900\n' }],
    ['it is refused', { tries: 'try 400000\nbash: connect: Connection refused\nfailed 900\n' }],
    ['what it leads there is dropped on the way, as by Docker’s policy', { policy: 'DROP' }],
    ['another machine is the next hop', { via: '198.18.70.77' }],
  ])('is silent where %s', (_, run) => {
    expect(found(run)).toEqual([]);
  });
});
