/** NT-DNS-002: who refuses, where the servers behind the Service say that they do not. */
import { describe, expect, it } from 'vitest';
import { remedyOf } from '../results.ts';
import { POD, SERVICE_ADDRESS, service } from './facts.ts';
import { judgedRun, type MadeServer } from './made-run.ts';

const endpoints = service('dns-healthy').endpoints;
const refusing = (address: string): MadeServer => ({ address, udp: () => 'connection refused' });
const answering = ({ address }: { readonly address: string }): MadeServer => ({
  role: 'endpoint',
  address,
  udp: () => '198.19.0.1',
});
const sentBy = (sender: string, about = SERVICE_ADDRESS): string =>
  `icmp\n|09:31:27.9 eth0  In  IP ${sender} > ${POD}: ICMP ${about} udp port 53 unreachable, length 99\n`;

const found = (more: string, servers = [refusing(SERVICE_ADDRESS), ...endpoints.map(answering)]) =>
  judgedRun(servers, { more }).findings.find(({ id }) => id === 'NT-DNS-002');

describe('a Service whose servers answer when asked directly', () => {
  it('is refused in its own name by whoever has its address', () => {
    const finding = found(sentBy(SERVICE_ADDRESS));
    const { summary, evidence } = finding ?? {};
    expect(summary).toMatch(
      /: the 2 servers behind kube-dns answer when asked directly, so the target's own node refuses \(the node's DNS cache \(NodeLocal DNSCache\) is gone and left its address behind, stale kube-proxy rules/,
    );
    expect(remedyOf(finding)).toContain(`ip route get ${SERVICE_ADDRESS}`);
    expect(remedyOf(finding)).not.toContain('endpointslices');
    expect(evidence?.map(({ command }) => command.join(' ')).join('\n')).toContain(
      `@${endpoints[0]?.address}`,
    );
  });

  it('is refused by a rule of the node that sends the error', () => {
    expect(found(sentBy('198.18.1.1'))?.summary).toMatch(
      /the target's own node refuses \(sent by 198\.18\.1\.1, by a rule: kube-proxy's for a Service without endpoints/,
    );
  });

  it('may be refused by either where nobody was seen', () => {
    expect(found('')?.summary).toMatch(/NodeLocal DNSCache\) .*, or stale kube-proxy rules/);
  });

  it('is refused by the target where that is who sends the error', () => {
    expect(found(sentBy(POD))?.summary).toMatch(/the target itself: a REJECT rule/);
  });
});

it('a loopback address, on which nothing in the network of a pod listens', () => {
  const stub = '127.0.0.53';
  expect(found(sentBy(stub, stub), [refusing(stub)])?.summary).toMatch(
    /: a loopback address is the target's own, and nothing in its network listens there: resolv\.conf is that of a machine/,
  );
  expect(found(sentBy('198.18.1.9', '198.18.1.9'), [refusing('198.18.1.9')])?.summary).not.toContain(
    'loopback',
  );
});

it("the node's cache on its link-local address", () => {
  const local = '169.254.20.10';
  expect(found(sentBy(local, local), [refusing(local), ...endpoints.map(answering)])?.summary).toMatch(
    /the 2 servers behind kube-dns answer when asked directly, .*\(the node's DNS cache \(NodeLocal DNSCache\) is gone and left its address behind\)\.$/,
  );
});

it('says nothing of the node where a server behind the Service fails too', () => {
  const [first, second] = endpoints;
  if (!first || !second) throw new Error('two servers were recorded');
  const mixed = [
    refusing(SERVICE_ADDRESS),
    answering(first),
    { ...refusing(second.address), role: 'endpoint' as const },
  ];
  expect(found(sentBy(SERVICE_ADDRESS), mixed)?.summary).toMatch(/sent from the address of the Service/);
});

it("Docker's own name server refuses where the rules that lead to it are gone", () => {
  const embedded = '127.0.0.11';
  const finding = found(sentBy(embedded, embedded), [refusing(embedded)]);
  expect(finding?.summary).toMatch(
    /Docker's own name server, .* \(DOCKER_OUTPUT in its nat table\) are gone/,
  );
  expect(remedyOf(finding)).toMatch(
    /kubectl nettools run .* -- iptables-save -t nat, .* restart the container/,
  );
});

describe('a server that cannot be sent to by UDP', () => {
  const silent = (tcp?: () => string): MadeServer => ({
    address: SERVICE_ADDRESS,
    udp: () => 'host unreachable',
    ...(tcp === undefined ? {} : { tcp }),
  });
  const summaryOf = (server: MadeServer) =>
    judgedRun([server]).findings.find(({ id }) => id === 'NT-DNS-001')?.summary;

  it('is out of reach', () => {
    expect(summaryOf(silent())).toMatch(/"host unreachable", so the server cannot be reached at all/);
  });

  it('is behind a firewall that rejects UDP, where it answers over TCP', () => {
    expect(summaryOf(silent(() => '198.19.0.1'))).toMatch(
      /"host unreachable", while the same server answers over TCP: the path works, and a firewall on it rejects UDP 53/,
    );
  });
});
