/** Servers that answer over UDP from elsewhere, by what a socket hears that takes answers from anybody. */
import { describe, expect, it } from 'vitest';
import type { FirewallInput } from '../../../../../src/checks/firewall/facts.ts';
import { judgeFirewall } from '../../../../../src/checks/firewall/judge.ts';
import type { Published } from '../../../../../src/model/published.ts';
import { destination, evidence, result } from '../../results.ts';

const NODE = '192.0.2.11';
const POD = '198.51.100.7';
const PUBLISHED: Published = {
  label: 'svc/boot',
  namespace: 'default',
  name: 'boot',
  by: 'node port',
  node: 'node1',
  isLocal: false,
  ready: 1,
  behind: { address: POD, port: 69, pod: 'boot' },
};

type From = readonly [address: string, port: number] | undefined;
const TFTP = '00 05 00 01';

const heard = (name: string, port: number, from: From, bytes = TFTP): string =>
  `asked ${name} ${port} ${name}\n${
    from === undefined
      ? ''
      : `2026/12/01 02:27:05 socat[1] N received packet with 4 bytes from AF=2 ${from[0]}:${from[1]}\n< 2026/12/01 02:27:05.0  length=4 from=0 to=3\n ${bytes}\n`
  }`;

/** What is found of a DEST over UDP whose connected socket hears nothing. */
function found(host: string, port: number, said: string, published?: Published, tries = 'silent 3000000') {
  const input: FirewallInput = {
    destinations: [destination({ label: `${host}:${port}`, host, port: String(port), protocol: 'udp' })],
    policies: {
      policies: [],
      self: { namespace: '', name: 'client', labels: {}, ports: [], hostNetwork: false },
      pods: {},
      services: [],
      unread: [],
    },
    ...(published === undefined ? {} : { published: { to0: published } }),
  };
  const all = evidence({
    status: result('CapEff:\t000001ffffffffff\nUid:\t0\t0\t0\t0\n'),
    'to0-reach': result(
      `address ${host}\nroute ${host} via 192.0.2.1 dev eth0 src 192.0.2.2 uid 0\ntry 20000\n${tries}\n`,
      { command: ['reach', 'udp', host, String(port)], durationMs: 3100 },
    ),
    'to0-unbound': result(said, { command: ['unbound', 'tftp', host, String(port)] }),
    'icmp-errors': result('', { stderr: 'listening on any, link-type LINUX_SLL2\n' }),
  });
  const { findings, status } = judgeFirewall(all, input);
  return { status, findings: findings.filter(({ severity }) => severity !== 'info') };
}
const ids = (...args: Parameters<typeof found>) =>
  found(...args).findings.map(({ id, severity }) => `${id} ${severity}`);

describe('NT-SVC-029', () => {
  it('is a pod that answers from another port, where nothing comes back by the NodePort', () => {
    const said = heard(NODE, 30069, undefined) + heard(POD, 69, [POD, 40001]);
    const { findings } = found(NODE, 30069, said, PUBLISHED);
    expect(findings.map(({ id, severity }) => `${id} ${severity}`)).toEqual(['NT-SVC-029 critical']);
    expect(findings[0]?.summary).toMatch(
      /^pod boot \(198\.51\.100\.7:69\) answers who asks it by itself from another port \(198\.51\.100\.7:40001\), as TFTP does for each transfer; by .*, the NodePort of svc\/boot on node1, no answer comes back/,
    );
  });

  it('is a warning where the answer comes, and from the pod itself', () => {
    const said = heard(NODE, 30069, [POD, 40002]) + heard(POD, 69, [POD, 40001]);
    expect(ids(NODE, 30069, said, PUBLISHED)).toEqual(['NT-SVC-029 warning']);
  });

  it('is a server that answers from an address that was not asked', () => {
    expect(ids(POD, 5000, heard(POD, 5000, ['203.0.113.9', 5000], '6e 65 74 74'))).toEqual([
      'NT-SVC-029 critical',
    ]);
  });

  it.each<[string, string, Published?]>([
    [
      'the pod answers from the port that was asked',
      heard(NODE, 30069, undefined) + heard(POD, 69, [POD, 69]),
      PUBLISHED,
    ],
    [
      'the answer is translated back, as a helper of connection tracking does',
      heard(NODE, 30069, [NODE, 40002]) + heard(POD, 69, [POD, 40001]),
      PUBLISHED,
    ],
    ['the pod answers nothing at all', heard(NODE, 30069, undefined) + heard(POD, 69, undefined), PUBLISHED],
    [
      'what comes is no answer of TFTP',
      heard(NODE, 30069, undefined) + heard(POD, 69, [POD, 40001], '6e 65 74 74'),
      PUBLISHED,
    ],
    ['socat lacks', 'no socat\n', PUBLISHED],
  ])('is silent where %s', (_why, said, published) => {
    expect(ids(NODE, 30069, said, published)).not.toContainEqual(expect.stringContaining('NT-SVC-029'));
  });

  it('of a host that is no Service, TFTP from another port of its own is an answer', () => {
    const { status, findings } = found(POD, 69, heard(POD, 69, [POD, 40001]));
    expect(findings).toEqual([]);
    expect(status).toBe('pass');
  });

  it('silence is no pass', () => {
    expect(found(POD, 69, heard(POD, 69, undefined)).status).not.toBe('pass');
  });
});
