/** Faults of a server's own sockets, each made for real and named by the built binary. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { until } from '../cluster/proc.ts';
import { app, helper, hostPod, kubectl, type Manifest, pod, testNamespace } from '../e2e/support/cluster.ts';
import { withWrongChecksums } from './checksums.ts';
import { checkReport, expectFirst, expectInfo, expectSilence } from './named.ts';
import { type PodNetns, podNetns } from './pod-netns.ts';
import { withTraffic } from './traffic.ts';

const ns = testNamespace('f-sockets');
const sockets = (target: string): Promise<Report> => checkReport('sockets', [target, '-n', ns.name]);

let server: PodNetns;
let client: PodNetns;

function svc(name: string, selector: string, targetPort: number): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { app: selector }, ports: [{ port: 80, targetPort }] },
  };
}

const onLoopback: Manifest = { ...app, command: ['httpd', '-f', '-p', '127.0.0.1:8080', '-h', '/tmp'] };

beforeAll(async () => {
  await ns.start(
    pod('server'),
    pod('client'),
    pod('moved'),
    pod('shy', { containers: [onLoopback] }),
    pod('idle', {
      containers: [{ ...app, ports: [...(app['ports'] as object[]), { containerPort: 9999 }] }],
    }),
  );
  await ns.apply(svc('server', 'server', 8080), svc('moved', 'moved', 9090), svc('shy', 'shy', 8080));
  server = await podNetns(ns.name, 'server');
  client = await podNetns(ns.name, 'client');
});

const listens = (where: PodNetns, filter: string, port: number): Promise<void> =>
  until(
    `port ${port}`,
    60,
    async () => (await where.run('ss', filter)).includes(`:${port} `) || 'nobody listens',
  );

describe('NT-SOCK-001', () => {
  test('nothing listens where a Service sends', async () => {
    expectFirst(await sockets('moved'), {
      id: 'NT-SOCK-001',
      severity: 'critical',
      says: /Nothing listens on TCP 9090, where svc\/moved sends its traffic, but on 8080/,
    });
  });

  test('a port that is only declared is no fault', async () => {
    const report = await sockets('idle');
    expectSilence(report);
    expectInfo(
      report,
      'NT-SOCK-001',
      /^Nothing listens on TCP 9999, which container app declares, but on 8080\.$/,
    );
  });
});

describe('NT-SOCK-002', () => {
  test('bound to loopback', async () => {
    expectFirst(await sockets('shy'), {
      id: 'NT-SOCK-002',
      severity: 'critical',
      says: /TCP 8080 is bound to 127\.0\.0\.1 only, and svc\/shy sends its traffic to this port/,
    });
  });

  test('bound to loopback, where no Service sends anything', async () => {
    await ns.start(pod('inward', { containers: [onLoopback] }));
    expectFirst(await sockets('inward'), {
      id: 'NT-SOCK-002',
      severity: 'warning',
      says: /TCP 8080 is bound to 127\.0\.0\.1 only, and container app declares this port/,
    });
  });
});

describe("a pod in its node's network", () => {
  beforeAll(async () => {
    await ns.start(hostPod('host', 'node1'));
    // One that a Service leads to, and a port that no process of the node has.
    await ns.apply(svc('host', 'host', 9_443));
  });

  test('nothing listens where a Service sends', async () => {
    expectFirst(await sockets('host'), {
      id: 'NT-SOCK-001',
      severity: 'critical',
      says: /Nothing listens on TCP 9443, where svc\/host sends its traffic/,
    });
  });

  test("no fault: silent, whatever the node's own programs listen on", async () => {
    await ns.kubectl(['delete', 'service', 'host']);
    const report = await sockets('host');
    expectSilence(report);
    expect(report.checks[0]?.measurements['listeners']).toContainEqual(
      expect.objectContaining({ protocol: 'tcp', port: 10250 }),
    );
  });
});

describe('NT-SOCK-003', () => {
  test('a server that does not accept', async () => {
    const deaf = [
      'perl',
      '-MIO::Socket::INET',
      '-e',
      'my $socket = IO::Socket::INET->new(LocalPort => 7000, Listen => 1, ReuseAddr => 1) or die; sleep 600',
    ];
    const knock = [
      'bash',
      '-c',
      'for i in {1..3000}; do timeout 5 bash -c "exec 3<>/dev/tcp/$0/7000 && sleep 5" & sleep 0.1; done 2>/dev/null',
      server.address,
    ];
    await withTraffic(server, deaf, async () => {
      await listens(server, '-ltnH', 7000);
      await withTraffic(client, knock, async () => {
        await until(
          'a full queue',
          60,
          async () => /LISTEN 2 +1 /.test(await server.run('ss', '-ltnH')) || 'not yet',
        );
        expectFirst(await sockets('server'), {
          id: 'NT-SOCK-003',
          severity: 'warning',
          says: /An accept queue was full \d+ times in the run, .*: TCP 7000 .*has 2 connections waiting, with a backlog of 1/,
        });
      });
    });
    expectSilence(await sockets('server'));
  });
});

describe('NT-SOCK-004', () => {
  test('nine of ten ports are taken', async () => {
    const range = (await client.run('sysctl', '-n', 'net.ipv4.ip_local_port_range')).trim();
    const sink = ['socat', '-u', 'TCP-LISTEN:7100,fork,reuseaddr', 'OPEN:/dev/null'];
    const hold = [
      'bash',
      '-c',
      'for i in {1..9}; do exec {fd}<>/dev/tcp/$0/7100; done; sleep 600',
      server.address,
    ];
    try {
      await client.run('sysctl', '-qw', 'net.ipv4.ip_local_port_range=45000 45009');
      await withTraffic(server, sink, async () => {
        await listens(server, '-ltnH', 7100);
        await withTraffic(client, hold, async () => {
          await until('nine connections', 60, async () => {
            const all = await client.run('ss', '-tnH', 'state', 'established', 'dport', '=', ':7100');
            return all.trim().split('\n').length === 9 || all;
          });
          expectFirst(await sockets('client'), {
            id: 'NT-SOCK-004',
            severity: 'warning',
            says: /9 of 10 ephemeral ports \(45000–45009\) are taken by connections to 198[.\d]+:7100: 90 %/,
          });
        });
      });
    } finally {
      await client.run('sysctl', '-qw', `net.ipv4.ip_local_port_range=${range}`);
    }
    expectSilence(await sockets('client'));
  });
});

describe('NT-SOCK-005', () => {
  test('a reader that sleeps', async () => {
    const sleeper = [
      'perl',
      '-MIO::Socket::INET',
      '-e',
      'my $socket = IO::Socket::INET->new(Proto => "udp", LocalPort => 7000) or die; sleep 600',
    ];
    const sender = [
      'bash',
      '-c',
      'while printf %1000s x >/dev/udp/$0/7000; do sleep 0.005; done 2>/dev/null',
      server.address,
    ];
    await withTraffic(server, sleeper, async () => {
      await listens(server, '-lunH', 7000);
      await withTraffic(client, sender, async () => {
        await until('a full buffer', 60, async () => {
          const lost = await server.run('nstat', '-az', 'UdpRcvbufErrors');
          return !/UdpRcvbufErrors\s+0\s/.test(lost) || lost;
        });
        expectFirst(await sockets('server'), {
          id: 'NT-SOCK-005',
          severity: 'warning',
          says: /\d+ UDP datagrams did not fit into a receive buffer during the run; \d+ of them by the socket 0\.0\.0\.0:7000/,
        });
      });
    });
    expectSilence(await sockets('server'));
  });
});

describe('NT-SOCK-006', () => {
  const knock = (): string[] => [
    'bash',
    '-c',
    'while sleep 0.2; do timeout 2 bash -c "exec 3<>/dev/tcp/$0/8080" & done 2>/dev/null',
    server.address,
  ];

  test('what arrives has a wrong checksum', async () => {
    await withWrongChecksums(client, server, () =>
      withTraffic(client, knock(), async () => {
        expectFirst(await sockets('server'), {
          id: 'NT-SOCK-006',
          severity: 'warning',
          says: /^Packets arrived with a wrong checksum during the run and were discarded: \d+ of TCP \(\d+ came in all\)\.$/,
        });
      }),
    );
  });

  test('no fault: silent under the same traffic', async () => {
    await withTraffic(client, knock(), async () => expectSilence(await sockets('server')));
  });
});

describe('healthy', () => {
  test('pods of all kinds are silent', async () => {
    expectSilence(await sockets('server'));
    const [web] = (await kubectl(['get', 'pods', '-l', 'app=web', '-o', 'name'])).trim().split('\n');
    expectSilence(await checkReport('sockets', [web ?? '', '-n', 'default']));
    expectSilence(await checkReport('sockets', ['locked', '-n', 'locked']));
    const dns = await checkReport('sockets', ['-l', 'k8s-app=kube-dns', '-n', 'kube-system']);
    expectSilence(dns);
    expect(dns.checks[0]?.measurements['listeners']).toContainEqual(
      expect.objectContaining({ protocol: 'udp', port: 53, expectedBy: ['svc/kube-dns'] }),
    );
  });
});

describe('NT-SOCK-008', () => {
  const member = pod('db-0', { labels: { app: 'db' }, spec: { hostname: 'db-0', subdomain: 'db' } });
  /** A program that has looked the name up once, and goes on with what it heard. */
  const keeper = (name: string, address: string): Manifest =>
    pod(name, {
      containers: [
        {
          ...helper,
          // The next try follows at once, or a look may fall between two: what is seen then is in the unit tests.
          command: ['bash', '-c', `while :; do : <>/dev/tcp/${address}/8080 && sleep 0.2; done`],
        },
      ],
    });

  test('a program keeps an old address of a name', async () => {
    await ns.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'db' },
      spec: { clusterIP: 'None', selector: { app: 'db' }, ports: [{ port: 8080 }] },
    });
    await ns.start(member);
    const old = (await ns.pod('db-0')).status.podIP ?? '';
    await ns.kubectl(['delete', 'pod', 'db-0', '--now']);
    await ns.start(member);
    const now = (await ns.pod('db-0')).status.podIP ?? '';
    expect(now).not.toBe(old);
    await ns.start(keeper('keeper', old), keeper('learner', now));
    const diagnose = (name: string): Promise<Report> =>
      checkReport('diagnose', [name, '-n', ns.name, '--to', 'db-0.db:8080']);
    expectFirst(await diagnose('keeper'), {
      id: 'NT-SOCK-008',
      severity: 'warning',
      says: new RegExp(`waits for ${old}:8080 at more than one look, and db-0.db is ${now}:`),
    });
    expectSilence(await diagnose('learner'));
  });
});

test('NT-SOCK-004: all ephemeral ports are bound, and no destination has many', async () => {
  const hold = (from: number, to: number, address: string): string =>
    `for p in $(seq ${from} ${to}); do socat -u TCP4:${address}:8080,bind=:$p,reuseaddr,forever,interval=1 /dev/null & done`;
  const near = await podNetns(ns.name, 'client');
  const holder = pod('holder', {
    containers: [
      {
        ...helper,
        command: [
          'sh',
          '-c',
          `sleep 2; ${hold(40000, 40023, server.address)}; ${hold(40024, 40047, near.address)}; wait; sleep infinity`,
        ],
      },
    ],
  });
  await ns.start(holder);
  const where = await podNetns(ns.name, 'holder');
  await where.run('sysctl', '-qw', 'net.ipv4.ip_local_port_range=40000 40049');
  await until('48 connections', 60, async () => {
    const all = await where.run('ss', '-tnH', 'state', 'established');
    const count = all.split('\n').filter((line) => line.includes(':8080')).length;
    return count >= 48 || `${count}`;
  });
  expectFirst(await sockets('holder'), {
    id: 'NT-SOCK-004',
    severity: 'warning',
    says: /^\d+ of 50 ephemeral ports \(40000–40049\) are taken, though no single destination has many of them/,
  });
  await where.run('sysctl', '-qw', 'net.ipv4.ip_local_port_range=32768 60999');
  expectSilence(await sockets('holder'));
});
