import { describe, expect, it } from 'vitest';
import { judgeDns } from '../../../../src/checks/dns/judge.ts';
import { planDns } from '../../../../src/checks/dns/plan.ts';
import type { NetworkPolicy } from '../../../../src/checks/shared/network-policy.ts';
import { recording } from '../../../recordings/recordings.ts';
import { evidenceOf, ids, inputOf, judged, NAMESPACE, POD, SERVICE_ADDRESS, service } from './facts.ts';

const summaryOf = (
  name: string,
  id: string,
  ...rest: Parameters<typeof judged> extends [string, ...infer R] ? R : never
) => judged(name, ...rest).findings.find((f) => f.id === id)?.summary;

describe('a healthy run', () => {
  it('passes without a word', () => {
    const { status, findings, summary, measurements } = judged('healthy');
    expect({ status, findings }).toEqual({ status: 'pass', findings: [] });
    expect(summary).toMatch(
      /^198\.19\.0\.10 \(kube-dns\) answers, and so do the 2 servers behind it; .* costs 8 queries\.$/,
    );
    expect(measurements).toMatchObject({
      servers: [
        { role: 'server', udp: { reach: 'answers' }, tcp: { reach: 'answers' } },
        { role: 'endpoint' },
        { role: 'endpoint' },
      ],
      names: [{ origin: 'default', queries: 8, addresses: ['198.19.0.1'] }],
    });
  });

  it('says what it could not look at without rights', () => {
    const { status, findings } = judged('healthy', {
      services: { skipped: 'you may not read Services in kube-system' },
      policies: { skipped: 'you may not read NetworkPolicies in default' },
    });
    expect(status).toBe('pass');
    expect(findings.map(({ id, severity }) => [id, severity])).toEqual([
      ['NT-SYS-001', 'info'],
      ['NT-SYS-001', 'info'],
    ]);
  });
});

describe('recorded faults', () => {
  it.each([
    ['silent', ['NT-DNS-001 critical'], /the same servers answer over TCP/],
    ['cut-off', ['NT-DNS-001 critical'], /neither do the 2 servers behind kube-dns when asked directly/],
    [
      'output-drop',
      ['NT-DNS-001 critical'],
      /"Operation not permitted", so a rule in this network namespace drops it/,
    ],
    ['refused', ['NT-DNS-002 critical'], /sent by 198\.18\.1\.1, which is not the server/],
    ['race', ['NT-DNS-007 warning'], /took 5\.\d\d s, while single queries .* none of them was lost/],
    [
      'truncated',
      ['NT-DNS-003 warning'],
      /^The answer of 198\.19\.0\.10 \(kube-dns\) for crowd\.\S+ A is truncated at 512 bytes/,
    ],
  ] as const)('%s', (name, expected, says) => {
    const { findings, summary } = judged(name);
    expect(ids(findings)).toEqual(expected);
    expect(summary).toMatch(says);
    for (const { evidence, remediation } of findings) {
      expect(evidence.length).toBeGreaterThan(0);
      expect(remediation).not.toBe('');
    }
  });

  it('one server of two behind the Service', () => {
    const { findings, summary } = judged('replica-dead');
    // Whether getaddrinfo met it too is chance.
    expect(ids(findings)[0]).toBe('NT-DNS-009 warning');
    expect(summary).toMatch(
      /^1 of 2 servers behind kube-dns fails: coredns-\d \(198[.\d]+\) on node\d answers none of 2/,
    );
  });

  it('servers of their own in resolv.conf', () => {
    const server = /^query server (\S+)/m.exec(recording('dns-servfail').stdout)?.[1];
    const conf = `nameserver ${server}\nsearch svc.cluster.local cluster.local\n`;
    const none = { policy: 'None', hostNetwork: false, configServers: [server ?? ''], addresses: [POD] };
    expect(ids(judged('servfail', { pod: none }, conf).findings)).toEqual([
      'NT-DNS-004 critical',
      'NT-DNS-010 warning',
    ]);
    expect(summaryOf('servfail', 'NT-DNS-004', { pod: none }, conf)).toMatch(
      /^4 of 10 answers are SERVFAIL, .*its upstream or the zone of these is at fault\.$/,
    );
  });

  it('a slow server', () => {
    const server = /^query server (\S+)/m.exec(recording('dns-slow').stdout)?.[1];
    const conf = `nameserver ${server}\nsearch svc.cluster.local cluster.local\n`;
    expect(ids(judged('slow', {}, conf).findings)).toContain('NT-DNS-011 critical');
    expect(ids(judged('slow', {}, conf).findings)).not.toContain('NT-DNS-001 critical');
  });

  it('a second server that is dead', () => {
    const conf = `nameserver ${SERVICE_ADDRESS}\nnameserver 198.18.1.253\nsearch svc.cluster.local\noptions ndots:5\n`;
    const { findings } = judged('second-dead', {}, conf);
    expect(ids(findings)).toEqual(['NT-DNS-009 warning', 'NT-DNS-010 warning']);
    expect(findings[0]?.summary).toMatch(/^1 of 2 name servers in resolv\.conf fails: 198\.18\.1\.253/);
  });

  it('names', () => {
    const { findings } = judged('names');
    expect(ids(findings)).toEqual(['NT-DNS-016 info', 'NT-DNS-006 warning', 'NT-DNS-005 critical']);
    expect(findings.map(({ subject }) => subject)).toEqual([
      'crowd',
      'web.default.svc.cluster.local',
      'nosuch.example.com',
    ]);
    // For the host of a DEST nobody asked what it costs.
    const asDest = judged('names', { names: [], destinations: recording('dns-names').argv.slice(3) });
    expect(ids(asDest.findings)).toEqual(['NT-DNS-016 info', 'NT-DNS-006 info', 'NT-DNS-005 critical']);
  });
});

describe('names that are one too many', () => {
  const told = (leftOut: readonly string[]) =>
    judged('healthy', { names: ['a.test', 'b.test'], leftOut })
      .findings.filter(({ id }) => id === 'NT-SYS-001')
      .map(({ summary }) => summary);

  it('are told, so that nobody takes them for names that resolve', () => {
    const why = ': 2 names is the most that is looked up; pass others to dns as arguments.';
    expect(told(['x.test', 'y.test'])).toContain(`the look-up of x.test and y.test${why}`);
    expect(told(['x.test', 'y.test', 'z.test', 'w.test'])).toContain(
      `the look-up of 4 of the names of --to, x.test the first${why}`,
    );
  });
});

describe('which part fails', () => {
  it("the Service's translation, when its endpoints answer", () => {
    // As if only the Service's address were silent: the server's queries of one run, the endpoints' of the other.
    const evidence = evidenceOf('silent');
    const dead = (evidence['dns']?.stdout ?? '').split(/^(?=query|resolver|send|control|name)/m);
    const good = recording('dns-healthy').stdout.split(/^(?=query|resolver|send|control|name)/m);
    const isUdpOf = (role: string) => (frame: string) =>
      frame.startsWith(`query ${role}`) && frame.includes(' udp ');
    const stdout = [
      ...dead.filter((f) => !f.startsWith('query')),
      ...dead.filter(isUdpOf('server')),
      ...good.filter(isUdpOf('endpoint')),
    ].join('');
    const { findings } = judgeDns(evidenceOf('silent', undefined, { stdout }), inputOf('silent'));
    expect(findings[0]?.summary).toMatch(
      /the 2 servers behind kube-dns answer when asked directly, so the Service's address is not translated/,
    );
  });

  it('a Service without endpoints', () => {
    const services = { value: [service('dns-refused', { endpoints: [] })] };
    expect(summaryOf('refused', 'NT-DNS-002', { services })).toMatch(
      /: Service kube-dns has no ready endpoint/,
    );
  });

  it('is only worth knowing on a server of the cluster', () => {
    const address = service('dns-silent').endpoints[0]?.address ?? '';
    const pod = { policy: 'Default', hostNetwork: false, configServers: [], addresses: [address] };
    expect(ids(judged('silent', { pod }).findings)).toEqual(['NT-DNS-001 info']);
  });
});

describe('NetworkPolicies', () => {
  const policies = (egress: NetworkPolicy['egress'], of = NAMESPACE) => ({
    policies: {
      value: {
        from: inputOf('healthy').policies.value?.from ?? { address: POD },
        policies: [{ namespace: of, name: 'deny', podSelector: {}, policyTypes: ['Egress'], egress }],
      },
    },
  });
  const kubeDns = { podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } }, namespaceSelector: {} };

  it('explain a silence that they make', () => {
    const { findings } = judged('cut-off', policies([]));
    expect(ids(findings)).toEqual(['NT-DNS-008 critical', 'NT-DNS-001 critical']);
    expect(findings[0]?.summary).toMatch(
      /UDP 53 to coredns-0 and coredns-1 \(egress of nettools-rec-dns\/deny\)/,
    );
  });

  it('are asked with the port that the Service leads to', () => {
    const behind = service('dns-cut-off');
    const services = {
      value: [
        { ...behind, endpoints: behind.endpoints.map((one) => ({ ...one, udpPort: 5353, tcpPort: 5353 })) },
      ],
    };
    const allowed = (port: number) =>
      judged('cut-off', {
        ...policies([
          {
            ports: [
              { protocol: 'UDP', port },
              { protocol: 'TCP', port },
            ],
          },
        ]),
        services,
      }).findings;
    expect(ids(allowed(53))).toEqual(['NT-DNS-008 critical', 'NT-DNS-001 critical']);
    expect(allowed(53)[0]?.summary).toMatch(
      /do not allow UDP 5353 \(to which port 53 of the Service leads, and which policies see\) to/,
    );
    expect(ids(allowed(5353))).toEqual(['NT-DNS-001 critical']);
  });

  it('do not explain one that they do not make', () => {
    expect(ids(judged('cut-off', policies([{ to: [kubeDns] }])).findings)).toEqual(['NT-DNS-001 critical']);
    expect(ids(judged('cut-off', policies([], 'other')).findings)).toEqual(['NT-DNS-001 critical']);
  });

  it('are an info when queries are answered all the same', () => {
    expect(ids(judged('healthy', policies([])).findings)).toEqual(['NT-DNS-008 info']);
  });

  it('that allow UDP alone explain a cut answer', () => {
    const udpOnly = policies([{ ports: [{ protocol: 'UDP', port: 53 }] }]);
    expect(ids(judged('truncated', udpOnly).findings)).toEqual(['NT-DNS-008 warning', 'NT-DNS-003 warning']);
    expect(ids(judged('healthy', udpOnly).findings)).toEqual([]);
  });
});

describe('what cannot be measured', () => {
  it('skips without dig', () => {
    const { status, summary } = judgeDns(
      evidenceOf('healthy', undefined, { stdout: '', stderr: 'no dig\n', code: 127 }),
      inputOf('healthy'),
    );
    expect({ status, summary }).toEqual({
      status: 'skip',
      summary: 'The name servers were not queried: the image has no dig.',
    });
  });

  it('is an error when the probe did not come to its end', () => {
    const timeout = { stdout: '', status: 'timeout', code: 124 } as const;
    expect(judgeDns(evidenceOf('healthy', undefined, timeout), inputOf('healthy')).status).toBe('error');
    const unwritable = {
      stdout: '',
      stderr: 'no writable folder (tried /tmp, /dev/shm and /run)\n',
      code: 1,
    };
    expect(judgeDns(evidenceOf('healthy', undefined, unwritable), inputOf('healthy'))).toMatchObject({
      status: 'error',
      summary: expect.stringContaining('no writable folder'),
    });
  });

  it('skips who refused without NET_RAW', () => {
    const stdout = recording('dns-refused').stdout.replace(/^icmp\n(\|.*\n)*/m, 'icmp\n');
    const evidence = evidenceOf('refused', undefined, { stdout }, 'proc-status-restricted');
    const { findings } = judgeDns(evidence, inputOf('refused'));
    expect(findings.map((f) => f.id)).toEqual(['NT-DNS-002', 'NT-SYS-001']);
    expect(findings[1]?.summary).toMatch(/who refused .* needs NET_RAW/);
  });
});

describe('planDns', () => {
  it('gives names and addresses as words of their own, and all servers', () => {
    const endpoint = service('dns-healthy').endpoints.slice(0, 1);
    const many = service('dns-healthy', { endpoints: Array.from({ length: 12 }, () => endpoint).flat() });
    const plan = planDns(
      inputOf('names', { services: { value: [many] }, destinations: ['crowd', 'x.test'] }),
      new Proxy({} as never, { get: () => 'SCRIPT' }),
    );
    const argv = plan.probe[0]?.argv ?? [];
    expect(argv.slice(0, 4)).toEqual(['sh', '-c', 'SCRIPT', 'dns']);
    expect(argv[4]?.split(' ')).toHaveLength(12);
    expect(argv.slice(5)).toEqual(['crowd', 'web.default.svc.cluster.local', 'nosuch.example.com', 'x.test']);
    expect(plan.before.map((c) => c.argv.join(' '))).toContain('cat /etc/resolv.conf');
  });
});
