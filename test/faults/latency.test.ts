/** Faults of the latency check, each made for real and named by the built binary. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { until } from '../cluster/proc.ts';
import { nettools } from '../e2e/support/cli.ts';
import { app, helper, type Manifest, pod, testNamespace } from '../e2e/support/cluster.ts';
import { problems } from '../e2e/support/report.ts';
import { drop, narrow, trickle, upload, withFaults } from './latency-faults.ts';
import { checkReport, expectFirst, expectInfo, expectSilence, note } from './named.ts';
import { nodeNetns, podNetns, withFault } from './pod-netns.ts';
import { withTraffic } from './traffic.ts';

const ns = testNamespace('f-latency');

/** A web server on port 8081 that has one page which takes 2 s to make. */
const slowServer: Manifest = {
  ...app,
  name: 'slow',
  ports: [],
  command: [
    'sh',
    '-c',
    `mkdir -p /tmp/www/cgi-bin && cd /tmp/www && echo fast >index.html &&
     printf '#!/bin/sh\nsleep 2\necho Content-Type: text/plain\necho\necho slow\n' >cgi-bin/slow &&
     chmod +x cgi-bin/slow && exec httpd -f -p 8081 -h .`,
  ],
};
const sink: Manifest = {
  ...helper,
  command: ['socat', '-u', 'TCP-LISTEN:9000,fork,reuseaddr', 'OPEN:/dev/null'],
};

/** Addresses of the pods. */
let peer: string;
let sinkPort: string;

beforeAll(async () => {
  await ns.start(
    pod('client', { containers: [app, helper] }),
    pod('peer', { containers: [app, helper, slowServer] }),
    pod('sink', { containers: [sink] }),
  );
  peer = (await ns.pod('peer')).status.podIP ?? '';
  sinkPort = `${(await ns.pod('sink')).status.podIP}:9000`;
});

const flags = (to: string, count = 60) => [
  ...['client', '-n', ns.name, '--to', to],
  ...['--count', String(count), '--interval', '20ms'],
];
const latency = (to = 'pod/peer', count?: number): Promise<Report> =>
  checkReport('latency', flags(to, count));
const ids = (report: Report) => problems(report).map(({ id }) => id);

describe('NT-LAT-001', () => {
  test('a peer that is slow to answer, since its way out is full', async () => {
    expectSilence(await withFaults([narrow(ns, 'peer')], () => latency()));
    await withFaults([narrow(ns, 'peer'), upload(ns, 'peer', sinkPort, 16_384)], async () => {
      const report = await latency();
      expectFirst(report, {
        id: 'NT-LAT-001',
        severity: 'warning',
        says: new RegExp(`pod/peer \\(${peer}\\) answers in .* times the baseline`),
      });
      expect(ids(report)).toEqual(['NT-LAT-001']);
      expect(report.verdict).toBe('warn');
      const strict = await nettools(['latency', ...flags('pod/peer'), '--fail-on', 'warning']);
      expect(strict.code).toBe(1);
      expect(strict.stdout).toMatch(/^warning NT-LAT-001 {2}High round-trip time$/m);
      expect(strict.stdout).toMatch(/^verdict: warn \(1 warning/m);
    });
    expectSilence(await latency());
  });
});

describe('NT-LAT-002', () => {
  test('a peer that a fifth of the packets does not reach', async () => {
    const report = await withFaults([drop(ns, 'peer', 'meta l4proto icmp numgen random mod 100 < 20')], () =>
      latency('pod/peer', 100),
    );
    expectFirst(report, {
      id: 'NT-LAT-002',
      severity: 'critical',
      says: /^\d+ of 100 echo requests to pod\/peer/,
    });
    expect(ids(report)).toEqual(['NT-LAT-002']);
    expect(report.verdict).toBe('fail');
  });

  test('a peer that nothing reaches', async () => {
    const report = await withFaults([drop(ns, 'peer', 'meta l4proto { icmp, tcp }')], () => latency());
    expectFirst(report, { id: 'NT-LAT-002', severity: 'critical', says: /does not answer at all/ });
    expect(ids(report)).toEqual(['NT-LAT-002']);
    expectSilence(await latency());
  });
});

test('half of the connections get no answer, and every echo request does', async () => {
  // As a next hop, of two, that forwards nothing: which one it is hangs on the port of the connection.
  const half = drop(ns, 'peer', 'tcp dport 8080 jhash tcp sport mod 2 == 0');
  const report = await withFaults([half], () => latency('pod/peer', 12));
  expectFirst(report, {
    id: 'NT-LAT-002',
    severity: 'critical',
    says: /\d+ of \d+ connections to pod\/peer .* got no answer, while the others did: \d+ % of them are lost/,
  });
  expectSilence(await latency('pod/peer', 12));
});

test('half of the connections get no answer, since one of two next hops forwards nothing', async () => {
  await ns.start(
    pod('shared', { spec: { nodeName: 'node1' } }),
    pod('hop', { spec: { nodeName: 'node1' } }),
    pod('far', { spec: { nodeName: 'node2' } }),
  );
  const [shared, hop] = await Promise.all(['shared', 'hop'].map((name) => podNetns(ns.name, name)));
  if (!shared || !hop) throw new Error('no pods');
  const far = (await ns.pod('far')).status.podIP ?? '';
  const look = () =>
    checkReport('latency', ['shared', '-n', ns.name, '--to', 'pod/far', '--interval', '20ms']);
  const route = `${far}/32 nexthop via ${shared.gateway} nexthop via`;
  const hash = {
    make: 'sysctl -qw net.ipv4.fib_multipath_hash_policy=1',
    undo: 'sysctl -qw net.ipv4.fib_multipath_hash_policy=0',
  };
  const both = (second: string) => [
    hash,
    { make: `ip route add ${route} ${second}`, undo: `ip route del ${far}/32` },
  ];
  const idle = { make: 'sysctl -qw net.ipv4.ip_forward=0', undo: '' };
  const report = await withFault(hop, [idle], () => withFault(shared, both(hop.address), look));
  expectFirst(report, {
    id: 'NT-LAT-002',
    severity: 'critical',
    says: new RegExp(
      `connections to pod/far .* went to the next hop ${hop.address} on eth0, .* forwards nothing`,
    ),
  });
  expectSilence(await look());
});

test('no fault: a gateway that limits what it answers itself', async () => {
  const { spec, status } = await ns.pod('client');
  const limit = `ip saddr ${status.podIP} icmp type echo-request limit rate over 10/second burst 5 packets drop`;
  const steps = [
    { make: 'nft add table ip ntflat', undo: 'nft delete table ip ntflat' },
    { make: 'nft add chain ip ntflat c { type filter hook input priority -300 ; }', undo: '' },
    { make: `nft add rule ip ntflat c ${limit}`, undo: '' },
  ];
  const report = await withFault(nodeNetns(spec.nodeName ?? ''), steps, () => latency());
  expectSilence(report);
  expectInfo(report, 'NT-LAT-002', /to gateway .* % loss; .* behind it loses nothing/);
});

test('NT-LAT-003: a transfer of the target that has to be sent again', async () => {
  const transfer = trickle(ns, 'client', sinkPort);
  expectSilence(await withFaults([transfer], () => latency()));
  const lossy = drop(ns, 'sink', 'tcp dport 9000 meta length > 500 numgen inc mod 10 == 0');
  const report = await withFaults([lossy, transfer], () => latency());
  expectFirst(report, { id: 'NT-LAT-003', severity: 'critical', says: /retransmi|sent again/ });
  expect(ids(report)).toEqual(['NT-LAT-003']);
});

test('NT-LAT-004: a queue of the target itself that is full', async () => {
  expectSilence(await withFaults([narrow(ns, 'client')], () => latency()));
  await withFaults([narrow(ns, 'client'), upload(ns, 'client', sinkPort, 65_536)], async () => {
    const report = await latency();
    const finding = expectFirst(report, { id: 'NT-LAT-004', severity: 'warning', says: /tbf on eth0/ });
    expect(finding.summary).toContain(sinkPort);
  });
  expectSilence(await latency());
});

test('NT-LAT-005: a peer that hears only the second SYN of each connection', async () => {
  const deaf = drop(ns, 'peer', 'tcp dport 8080 tcp flags & (syn | ack) == syn numgen inc mod 2 == 0');
  const report = await withFaults([deaf], () => latency());
  expectFirst(report, {
    id: 'NT-LAT-005',
    severity: 'warning',
    says: /connections to pod\/peer \(\S+:8080\) took 900 ms or more/,
  });
  expect(ids(report)).toEqual(['NT-LAT-005']);
});

test('NT-LAT-006: a server that thinks for two seconds', async () => {
  expectSilence(await latency(`http://${peer}:8081/`));
  const report = await latency(`http://${peer}:8081/cgi-bin/slow`);
  expectFirst(report, {
    id: 'NT-LAT-006',
    severity: 'warning',
    says: /its first byte took another 2\.\d+ s \(HTTP 200\)/,
  });
  expect(ids(report)).toEqual(['NT-LAT-006']);
});

describe('the outcome of a request', () => {
  /** Accepts, and ends each connection as a proxy does whose server refuses. */
  const broken = (port: number, how: 'reset' | 'close'): string[] => [
    'perl',
    '-MIO::Socket::INET',
    '-MSocket',
    '-e',
    `my $s = IO::Socket::INET->new(LocalPort => ${port}, Listen => 9, ReuseAddr => 1) or die;
     while (my $c = $s->accept) { sysread($c, my $asked, 4096) if "${how}" eq "close";
       setsockopt($c, SOL_SOCKET, SO_LINGER, pack("ii", 1, 0)) if "${how}" eq "reset"; close $c }`,
  ];
  const answering = (status: number, header = ''): string[] => [
    'perl',
    '-MIO::Socket::INET',
    '-e',
    `my $s = IO::Socket::INET->new(LocalPort => 8093, Listen => 9, ReuseAddr => 1) or die;
     while (my $c = $s->accept) { sysread($c, my $asked, 4096);
       print $c "HTTP/1.1 ${status} X\\r\\n${header}Content-Length: 0\\r\\nConnection: close\\r\\n\\r\\n"; close $c }`,
  ];
  const served = async (port: number, server: readonly string[]): Promise<Report> => {
    const where = await podNetns(ns.name, 'peer');
    return withTraffic(where, server, async () => {
      await until(`port ${port}`, 60, async () => {
        const all = await where.run('ss', '-ltnH');
        return all.includes(`:${port} `) || 'nobody listens';
      });
      return latency(`http://${peer}:${port}/`);
    });
  };

  test.each([
    ['reset', 8091, /takes the connection and resets it/],
    ['close', 8092, /takes the connection and closes it/],
  ] as const)('NT-HTTP-001: taken, then %s', async (how, port, says) => {
    expectFirst(await served(port, broken(port, how)), { id: 'NT-HTTP-001', severity: 'critical', says });
  });

  test('NT-HTTP-002: a gateway without a backend', async () => {
    expectFirst(await served(8093, answering(503)), {
      id: 'NT-HTTP-002',
      severity: 'warning',
      says: /answers with HTTP 503 \(it is overloaded, or has no backend that works\)/,
    });
  });

  test("NT-HTTP-002: a mesh's proxy in place of the server", async () => {
    const header = String.raw`l5d-proxy-error: no route found for request\r\n`;
    expectFirst(await served(8093, answering(404, header)), {
      id: 'NT-HTTP-002',
      severity: 'warning',
      says: /answers with HTTP 404, and it is a proxy of the service mesh \(Linkerd\) that says so, not the server: l5d-proxy-error: no route found for request\.$/,
    });
  });

  test('NT-HTTP-008: a plain request to a port for TLS', async () => {
    const answer = String.raw`HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n`;
    const server = [
      'perl',
      '-MIO::Socket::INET',
      '-e',
      `my $s = IO::Socket::INET->new(LocalPort => 8102, Listen => 64, ReuseAddr => 1) or die;
       while (my $c = $s->accept) { sysread($c, my $asked, 4096); print $c "${answer}"; close $c }`,
    ];
    expectFirst(await served(8102, server), {
      id: 'NT-HTTP-008',
      severity: 'critical',
      says: /is answered with HTTP 400, as Go answers a plain request on a port for TLS: the URL has to begin with https\.$/,
    });
    // Whoever finds a request wrong for another reason says so with the same status.
    expectSilence(await served(8093, answering(400)));
  });

  test("NT-HTTP-002: a mesh's proxy denies the client", async () => {
    const answer = String.raw`HTTP/1.1 403 Forbidden\r\nserver: istio-envoy\r\ncontent-length: 19\r\nconnection: close\r\n\r\nRBAC: access denied`;
    const server = [
      'perl',
      '-MIO::Socket::INET',
      '-e',
      `my $s = IO::Socket::INET->new(LocalPort => 8103, Listen => 64, ReuseAddr => 1) or die;
       while (my $c = $s->accept) { sysread($c, my $asked, 4096); print $c "${answer}"; close $c }`,
    ];
    expectFirst(await served(8103, server), {
      id: 'NT-HTTP-002',
      severity: 'warning',
      says: /answers with HTTP 403, and it is a proxy of the service mesh \(Envoy, as Istio has it\) that says so/,
    });
    expectSilence(await served(8093, answering(403)));
  });

  test('NT-HTTP-006: a server of HTTP/2 without TLS', async () => {
    const settings = String.raw`\x00\x00\x00\x04\x00\x00\x00\x00\x00`;
    const server = [
      'perl',
      '-MIO::Socket::INET',
      '-e',
      `my $s = IO::Socket::INET->new(LocalPort => 8101, Listen => 64, ReuseAddr => 1) or die;
       while (my $c = $s->accept) { sysread($c, my $asked, 4096); print $c "${settings}"; close $c }`,
    ];
    expectFirst(await served(8101, server), {
      id: 'NT-HTTP-006',
      severity: 'critical',
      says: /answers the request with what is no HTTP\/1: HTTP\/2 without TLS/,
    });
  });

  test('NT-HTTP-005: a server that waits for the PROXY header of its load balancer', async () => {
    const BALANCER = '203.0.113.60';
    /** Ends what does not begin with the header, or serves all. */
    const behind = (takes: string): string[] => [
      'perl',
      '-MIO::Socket::INET',
      '-e',
      `my $s = IO::Socket::INET->new(LocalPort => 8099, Listen => 64, ReuseAddr => 1) or die; $SIG{CHLD} = "IGNORE";
       while (my $c = $s->accept) { next if fork; sysread($c, my $asked, 4096);
         print $c "HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n" if $asked =~ /${takes}/; close $c; exit }`,
    ];
    await ns.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: 'ingress',
        annotations: { 'service.beta.kubernetes.io/do-loadbalancer-enable-proxy-protocol': 'true' },
      },
      spec: {
        type: 'LoadBalancer',
        allocateLoadBalancerNodePorts: false,
        selector: { app: 'peer' },
        ports: [{ port: 80, targetPort: 8099 }],
      },
    });
    const status = { status: { loadBalancer: { ingress: [{ ip: BALANCER }] } } };
    const patch = ['patch', 'service', 'ingress', '--subresource=status', '--type=merge', '-p'];
    await ns.kubectl([...patch, JSON.stringify(status)]);
    const [client, where] = [await podNetns(ns.name, 'client'), await podNetns(ns.name, 'peer')];
    const asked = (takes: string): Promise<Report> =>
      withTraffic(where, behind(takes), async () => {
        await until('the address of the load balancer', 90, async () => {
          const connect = ['timeout', '2', 'bash', '-c', `</dev/tcp/${BALANCER}/80`];
          return (await client.attempt(...connect)).code === 0 || 'nobody answers';
        });
        return checkReport('diagnose', ['client', '-n', ns.name, '--to', `http://${BALANCER}/`]);
      });
    expectFirst(await asked('^PROXY '), {
      id: 'NT-HTTP-005',
      severity: 'critical',
      says: /^203\.0\.113\.60 is the address of the load balancer of svc\/ingress, which puts a PROXY header before each connection \(\S+proxy-protocol: true\)/,
    });
    expectSilence(await asked('^(PROXY|GET) '));
  });

  /** Announces 1000 bytes and sends two: then it keeps the connection, ends it, or goes on to send the rest slowly. */
  const halting = (port: number, then: string): string[] => [
    'perl',
    '-MIO::Socket::INET',
    '-MSocket',
    '-e',
    `my $s = IO::Socket::INET->new(LocalPort => ${port}, Listen => 9, ReuseAddr => 1) or die; $SIG{CHLD} = "IGNORE";
     while (my $c = $s->accept) { next if fork; $c->autoflush(1); sysread($c, my $asked, 4096) or exit;
       print $c "HTTP/1.1 200 OK\\r\\nContent-Length: 1000\\r\\nConnection: close\\r\\n\\r\\nab"; ${then}; close $c; exit }`,
  ];

  test.each([
    [
      'stalls',
      8094,
      'sleep 20',
      /the answer stalls: 2 of 1000 bytes came in the \d+\.\d+ s after its first byte/,
    ],
    [
      'is closed',
      8095,
      'sleep 1',
      /the connection is closed (?:1\.\d+ s|99\d ms) after the first byte, before the answer is/,
    ],
    [
      'is reset',
      8096,
      'setsockopt($c, SOL_SOCKET, SO_LINGER, pack("ii", 1, 0)); sleep 1',
      /the connection is reset .* after the first byte/,
    ],
  ] as const)('NT-HTTP-003: an answer that %s', async (_, port, then, says) => {
    expectFirst(await served(port, halting(port, then)), { id: 'NT-HTTP-003', severity: 'critical', says });
  });

  test('no fault: an answer that takes its time', async () => {
    expectSilence(await served(8097, halting(8097, 'sleep 2; print $c "x" x 998')));
  });

  test('no fault: a page that is not there', async () => {
    expectSilence(await served(8093, answering(404)));
  });
});

test('without a right that a way of measuring needs, what was not measured is told', async () => {
  const report = await checkReport('latency', [...flags('pod/peer'), '--image', 'localhost/app:1']);
  expectSilence(report);
  const skipped = report.checks[0]?.findings.filter(({ id }) => id === 'NT-SYS-001') ?? [];
  const said = skipped.map(({ summary }) => summary).join('\n');
  expect(said).toMatch(/the image has no bash/);
  expect(said).toMatch(/loss to pod\/peer .*: the image's ping sent only \d+ of 60 echo requests/);
  for (const finding of skipped) note(report, finding);
});
