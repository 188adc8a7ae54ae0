/** Services that lead nowhere by their very definition, and names that cannot be: each made for real, with a healthy twin. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { until } from '../cluster/proc.ts';
import { nettools } from '../e2e/support/cli.ts';
import { app, helper, kubectl, type Manifest, pod, testNamespace } from '../e2e/support/cluster.ts';
import { problems } from '../e2e/support/report.ts';
import { proxied } from '../e2e/support/services.ts';
import { checkReport, expectFirst, expectSilence } from './named.ts';

const ns = testNamespace('f-names-ports');
const diagnose = (to: string): Promise<Report> =>
  checkReport('diagnose', ['client', '-n', ns.name, '--to', to]);

/** Longer than a host name may be. */
const LONG = 'nightly-aggregation-of-all-customer-events-into-the-warehouse-1479233-driver';

const svc = (name: string, spec: object): Manifest => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec,
});
const shop = { selector: { app: 'shop' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] };
const statsd = { selector: { app: 'statsd' }, ports: [{ port: 8125 }] };

/** Of a headless Service, which kube-proxy has no rule for. */
async function endpoints(service: string, count: number): Promise<void> {
  await until(`endpoints of ${service}`, 60, async () => {
    const slices = ['get', 'endpointslices', '-l', `kubernetes.io/service-name=${service}`];
    const all = await ns.kubectl([...slices, '-o', 'jsonpath={.items[*].endpoints[*].addresses[0]}']);
    return all.split(' ').filter(Boolean).length === count || all;
  });
}

beforeAll(async () => {
  await ns.start(
    pod('client', { spec: { nodeName: 'node1' } }),
    pod('shop', { spec: { nodeName: 'node2' } }),
    pod('statsd', {
      containers: [
        {
          ...helper,
          ports: [{ containerPort: 8125 }],
          command: ['socat', 'UDP-RECVFROM:8125,fork', 'SYSTEM:cat >/dev/null'],
        },
      ],
      spec: { nodeName: 'node2' },
    }),
    pod(LONG, { labels: { app: 'driver' }, spec: { nodeName: 'node2', subdomain: 'driver' } }),
    pod('short', {
      labels: { app: 'driver' },
      spec: { nodeName: 'node2', subdomain: 'driver', hostname: 'short' },
    }),
  );
  await ns.apply(
    svc('head', { ...shop, clusterIP: 'None' }),
    svc('same', { ...shop, clusterIP: 'None', ports: [{ port: 8080 }] }),
    svc('statsd', statsd),
    svc('driver', { selector: { app: 'driver' }, clusterIP: 'None', ports: [{ port: 8080 }] }),
    svc('address', { type: 'ExternalName', externalName: '198.51.100.1' }),
    svc('plain', shop),
    svc('alias', { type: 'ExternalName', externalName: `plain.${ns.name}.svc.cluster.local` }),
  );
  for (const name of ['head', 'same']) await endpoints(name, 1);
  for (const name of ['statsd', 'plain']) await proxied(ns, name, 1);
  await endpoints('driver', 2);
});

describe('NT-SVC-025', () => {
  test('a headless Service is asked for a port that nobody translates', async () => {
    expectFirst(await diagnose('http://head/'), {
      id: 'NT-SVC-025',
      severity: 'critical',
      says: /^http:\/\/head\/ asks for port 80 of Service \S+\/head, which is headless \(clusterIP: None\): .* pod shop \(\S+:8080\) takes connections, port 80 there comes to "Connection refused"\.$/,
    });
    expectSilence(await diagnose('http://head:8080/'));
    expectSilence(await diagnose('http://same:8080/'));
  });
});

describe('NT-SVC-026', () => {
  test('a Service has TCP, and its program takes datagrams', async () => {
    expectFirst(await diagnose('svc/statsd'), {
      id: 'NT-SVC-026',
      severity: 'critical',
      says: /^svc\/statsd has port 8125 as TCP, which pod statsd \(\S+:8125\) refuses; a datagram to the same port there is not refused, while one to a port that nobody uses is: its program takes UDP/,
    });
    const { stderr } = await nettools(['diagnose', 'client', '-n', ns.name, '--to', 'svc/statsd:8125/udp']);
    expect(stderr).toContain('Its TCP ports are: 8125; a port is TCP where its manifest names no protocol');
    const ports = [{ port: 8125, protocol: 'UDP' }];
    await ns.apply(svc('statsd-udp', { ...statsd, ports }));
    await proxied(ns, 'statsd-udp', 1);
    expect(problems(await diagnose('svc/statsd-udp:8125/udp')).map(({ id }) => id)).toEqual([]);
  });
});

describe('NT-SVC-027', () => {
  test('an alias stands for an address', async () => {
    expectFirst(await diagnose('svc/address:16443'), {
      id: 'NT-SVC-027',
      severity: 'critical',
      says: /^svc\/address:16443 is an alias \(ExternalName\) for 198\.51\.100\.1, which is an address: DNS takes it for a name/,
    });
    expectSilence(await diagnose('svc/alias:80'));
  });

  test('and its name is what is asked for (NT-DNS-005)', async () => {
    expectFirst(await diagnose('address:16443'), {
      id: 'NT-DNS-005',
      severity: 'critical',
      says: /^address(\.\S+)? (does not exist|exists but has neither an A nor an AAAA record).*: it is Service \S+\/address, an alias \(ExternalName\) for 198\.51\.100\.1, which is an address/,
    });
  });
});

describe('NT-DNS-026', () => {
  test('the name of a pod is longer than a host name may be', async () => {
    expectFirst(await diagnose(`http://${LONG}.driver:8080/`), {
      id: 'NT-DNS-026',
      severity: 'critical',
      says: new RegExp(
        `^${LONG}\\.driver cannot resolve: its part ${LONG} has ${LONG.length} characters, and DNS allows 63: it is pod ${LONG}, whose own host name was cut to ${LONG.slice(0, 63)},`,
      ),
    });
    expectSilence(await diagnose('http://short.driver:8080/'));
  });
});

describe('NT-SYS-004', () => {
  test('a pod is called ready before its program listens', async () => {
    const command = ['sh', '-c', 'sleep 300; exec httpd -f -p 8080'];
    const slow = (name: string, more: object): Manifest =>
      pod(name, { containers: [{ ...app, command, ...more }], spec: { nodeName: 'node2' } });
    await ns.kubectl(['delete', 'pod', 'unasked', 'asked', '--ignore-not-found', '--now']);
    await ns.start(slow('unasked', {}));
    await ns.apply(
      slow('asked', { readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 } }),
      svc('unasked', { ...shop, selector: { app: 'unasked' } }),
      svc('asked', { ...shop, selector: { app: 'asked' } }),
    );
    await proxied(ns, 'unasked', 1);
    expectFirst(await diagnose('svc/unasked'), {
      id: 'NT-SYS-004',
      severity: 'critical',
      says: /^svc\/unasked leads to pod unasked \(\S+:8080\), which refuses: its container app was started \d+ s ago and has no readinessProbe/,
    });
    expectFirst(await diagnose('svc/asked'), {
      id: 'NT-SVC-001',
      severity: 'critical',
      says: /none is ready \(asked: container app is not ready, by its readinessProbe \(TCP port 8080\)\)/,
    });
  });
});

describe('NT-RT-024', () => {
  test('an address lies in the range of pods, and is no pod', async () => {
    const range = await kubectl(['get', 'node', 'node2', '-o', 'jsonpath={.spec.podCIDR}']);
    // The network plugin gives out none beyond .239.
    const address = range.replace(/\.0\/24$/, '.250');
    expectFirst(await diagnose(`${address}:8080`), {
      id: 'NT-RT-024',
      severity: 'critical',
      says: /^TCP \S+\.250:8080 lies in the range of the pods of node2 \(\S+\/24\), and no pod has that address: packets to it are led to node2, which has looked for it among its pods/,
    });
    const own = await ns.kubectl(['get', 'pod', 'shop', '-o', 'jsonpath={.status.podIP}']);
    expectSilence(await diagnose(`${own}:8080`));
  });
});
