/** A Service's external IP, asked from a node on whose link nobody answers for it: kube-proxy of the node itself takes it. */
import { expect, it } from 'vitest';
import type { FirewallInput } from '../../../../src/checks/firewall/facts.ts';
import { judgeFirewall } from '../../../../src/checks/firewall/judge.ts';
import type { Published } from '../../../../src/model/published.ts';
import { destination, evidence, result } from '../results.ts';

const EXTERNAL = '192.0.2.77';
const NODE = '192.0.2.11';
const FROM: Published = {
  label: 'svc/names',
  namespace: 'default',
  name: 'names',
  by: 'external IP',
  node: 'node1',
  isLocal: false,
  ready: 1,
};
/** The kernel's own, to a ping. */
const PING = `09:00:00.000000 lo    In  IP ${NODE} > ${NODE}: ICMP host ${EXTERNAL} unreachable, length 92\n`;

function cause(tries: string, protocol: 'tcp' | 'udp', published: Published): unknown {
  const input: FirewallInput = {
    destinations: [destination({ label: `${EXTERNAL}:53`, host: EXTERNAL, port: '53', protocol })],
    policies: {
      policies: [],
      self: { namespace: '', name: 'node1', labels: {}, ports: [], hostNetwork: true },
      pods: {},
      services: [],
      unread: [],
    },
    published: { to0: published },
  };
  const route = `route ${EXTERNAL} dev eth0 src ${NODE} uid 0`;
  const all = evidence({
    status: result('CapEff:\t000001ffffffffff\nUid:\t0\t0\t0\t0\n'),
    'to0-reach': result(`address ${EXTERNAL}\n${route}\n${tries}`, {
      command: ['reach', protocol, EXTERNAL, '53'],
      durationMs: 3100,
    }),
    'icmp-errors': result(PING, { stderr: 'listening on any, link-type LINUX_SLL2\n' }),
    neighbours: result(JSON.stringify([{ dst: EXTERNAL, dev: 'eth0', state: ['FAILED'] }])),
  });
  const [row] = judgeFirewall(all, input).measurements['destinations'] as { cause: string }[];
  return row?.cause;
}

it.each(['tcp', 'udp'] as const)('is no missing neighbour where nothing answers over %s', (protocol) => {
  const silent = 'try 20000\nsilent 3000000\n';
  expect(cause(silent, protocol, FROM)).toBe('no-neighbour');
  expect(cause(silent, protocol, { ...FROM, isTakenHere: true })).not.toBe('no-neighbour');
});

it('is one where the connection itself fails of it: nobody leads it', () => {
  const failed = 'try 20000\nbash: connect: No route to host\nfailed 3070000\n';
  expect(cause(failed, 'tcp', { ...FROM, isTakenHere: true })).toBe('no-neighbour');
});
