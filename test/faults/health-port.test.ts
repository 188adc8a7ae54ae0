/** The port by which load balancers ask a node whether it has an endpoint, shut by the node itself. */
import { beforeAll, describe, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { apiGet } from '../cluster/api.ts';
import { kubeconfig } from '../cluster/paths.ts';
import { until } from '../cluster/proc.ts';
import { pod, testNamespace } from '../e2e/support/cluster.ts';
import { proxied } from '../e2e/support/services.ts';
import { checkReport, expectFirst, expectSilence } from './named.ts';
import { nodeAddress, nodeNetns, withFault } from './pod-netns.ts';

const ns = testNamespace('f-health-port');
const node2 = nodeNetns('node2');
let port: number;

beforeAll(async () => {
  await ns.start(pod('web', { spec: { nodeName: 'node2' } }));
  await ns.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: {
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Local',
      selector: { app: 'web' },
      ports: [{ port: 80, targetPort: 8080 }],
    },
  });
  await proxied(ns, 'web', 1);
  const path = `/api/v1/namespaces/${ns.name}/services/web`;
  port = (JSON.parse(await apiGet(path)) as { spec: { healthCheckNodePort: number } }).spec
    .healthCheckNodePort;
  await until('kube-proxy listens', 60, async () => {
    const listening = await node2.run('ss', '-tlnH');
    return listening.includes(`:${port} `) || listening;
  });
});

/** As somebody who stands outside of the cluster, and may ask its API. */
const asked = (): Promise<Report> =>
  checkReport('firewall', [
    ...['local', '--kubeconfig', kubeconfig, '-n', ns.name],
    ...['--to', `${nodeAddress('node2')}:${port}`],
  ]);

describe('NT-FW-001', () => {
  test('the health check port of a Service is shut', async () => {
    const shut = [
      { make: 'nft add table ip ntfhealth', undo: 'nft delete table ip ntfhealth' },
      { make: 'nft add chain ip ntfhealth c { type filter hook input priority -300 ; }', undo: '' },
      { make: `nft add rule ip ntfhealth c tcp dport ${port} drop`, undo: '' },
    ];
    expectFirst(await withFault(node2, shut, asked), {
      id: 'NT-FW-001',
      severity: 'critical',
      says: /; it is the health check port of svc\/web\S* on node2 \(healthCheckNodePort\), by which load balancers ask which nodes have an endpoint/,
    });
    expectSilence(await asked());
  });
});
