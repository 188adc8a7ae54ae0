/** NT-DNS-009 of a container engine's own name server that does not listen on TCP 53, as that of podman 4.3. */
import { describe, expect, it } from 'vitest';
import type { DnsInput } from '../../../../src/checks/dns/facts.ts';
import type { Evidence } from '../../../../src/model/evidence.ts';
import { evidence, remedyOf, result } from '../results.ts';
import { ids } from './facts.ts';
import { judgedRun, type MadeServer } from './made-run.ts';

const OWN = '10.89.0.1';
const NAME = 'db.dns.podman.';
const own: MadeServer = { address: OWN, udp: () => '10.89.0.7', tcp: () => 'connection refused' };
const next: MadeServer = { address: '192.0.2.53', udp: () => '10.89.0.7', tcp: () => '10.89.0.7' };
const container: Partial<DnsInput> = {
  services: { value: [] },
  pod: { policy: 'Default', hostNetwork: false, configServers: [], addresses: [] },
  docker: { servers: [], gateways: [OWN] },
};
const MAC = '02:00:00:00:00:01';

/** This machine, on which `program` has port 53 of the server. */
function held(program: string): Evidence {
  return evidence({
    'machine-addresses': result(
      JSON.stringify([
        {
          ifindex: 2,
          ifname: 'podman1',
          address: MAC,
          flags: ['UP'],
          operstate: 'UP',
          mtu: 1500,
          addr_info: [{ family: 'inet', local: OWN, prefixlen: 24 }],
        },
      ]),
    ),
    'machine-listeners': result(`udp UNCONN 0 0 ${OWN}:53 0.0.0.0:* users:(("${program}",pid=812,fd=11))\n`),
    neighbours: result(JSON.stringify([{ dst: OWN, dev: 'eth0', lladdr: MAC, state: ['REACHABLE'] }])),
  });
}

const run = (first: MadeServer = own, input: Partial<DnsInput> = {}, more: Evidence = {}) =>
  judgedRun([first, next], {
    names: [NAME],
    conf: `nameserver ${first.address}\nnameserver ${next.address}\n`,
    input: { ...container, ...input },
    evidence: more,
  }).findings.filter(({ id }) => id === 'NT-DNS-009' || id === 'NT-DNS-003');

const BESIDE: Partial<DnsInput> = { machine: 'beside', docker: { servers: [] } };

describe("a container engine's own name server", () => {
  it.each([
    ['the gateway of a network of the container', run()],
    ['the program that has the port', run(own, BESIDE, held('aardvark-dns'))],
  ])('is known by %s: that it refuses TCP alone is an info', (_by, findings) => {
    expect(ids(findings)).toEqual(['NT-DNS-003 info']);
    expect(remedyOf(findings[0])).toContain('aardvark-dns (1.12 or later)');
  });

  it('fails where it refuses some over UDP, or cuts an answer', () => {
    const refuses = { ...own, udp: (name: string) => (name === NAME ? 'timed out' : '10.89.0.7') };
    expect(ids(run(refuses))).toContain('NT-DNS-009 warning');
    expect(ids(run({ ...own, udp: () => 'cut 10.89.0.7' }))).toContain('NT-DNS-009 warning');
    expect(ids(run({ ...own, udp: () => 'timed out' }))).toContain('NT-DNS-009 warning');
  });

  it('fails where TCP is dropped and not refused', () => {
    expect(ids(run({ ...own, tcp: () => 'timed out' }))).toContain('NT-DNS-009 warning');
  });

  it('is no other server', () => {
    expect(ids(run({ ...own, address: '192.0.2.54' }))).toContain('NT-DNS-009 warning');
    expect(ids(run(own, { machine: 'beside' }, held('dnsmasq')))).toContain('NT-DNS-009 warning');
  });
});
