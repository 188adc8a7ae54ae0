/** Servers that answer over UDP from another port than they were asked at, behind a Service: asked by the built binary. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { helper, pod, testNamespace } from '../e2e/support/cluster.ts';
import { proxied } from '../e2e/support/services.ts';
import { checkReport, expectFirst, expectSilence } from './named.ts';
import { nodeAddress } from './pod-netns.ts';

const ns = testNamespace('f-other-source');

/** An error of TFTP: it has no such file. */
const REFUSAL = `printf '\\000\\005\\000\\001no\\000'`;
/** What each answers with: by a socket of its own, as TFTP does for each transfer, and by the one that was asked. */
const SERVERS = {
  tftp: `${REFUSAL} | socat -u - UDP-SENDTO:$SOCAT_PEERADDR:$SOCAT_PEERPORT`,
  single: REFUSAL,
};

function server(name: keyof typeof SERVERS) {
  const listen = `exec socat UDP-RECVFROM:69,fork EXEC:'sh /tmp/answer.sh'`;
  const container = {
    ...helper,
    command: ['sh', '-c', `printf '%s\\n' "$ANSWER" >/tmp/answer.sh; ${listen}`],
    env: [{ name: 'ANSWER', value: SERVERS[name] }],
  };
  return pod(name, { containers: [container], spec: { nodeName: 'node2' } });
}

beforeAll(async () => {
  await ns.start(pod('client', { spec: { nodeName: 'node1' } }), server('tftp'), server('single'));
  await ns.apply(
    ...Object.keys(SERVERS).map((name) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { type: 'NodePort', selector: { app: name }, ports: [{ protocol: 'UDP', port: 69 }] },
    })),
  );
  for (const name of Object.keys(SERVERS)) await proxied(ns, name, 1);
});

const asked = (to: string): Promise<Report> => checkReport('diagnose', ['client', '-n', ns.name, '--to', to]);

async function byNode(name: string): Promise<string> {
  const port = await ns.kubectl(['get', 'service', name, '-o', 'jsonpath={.spec.ports[0].nodePort}']);
  return `${nodeAddress('node2')}:${port}/udp`;
}

describe('NT-SVC-029: TFTP behind a Service', () => {
  test('by its cluster IP the answer comes from an address that was not asked', async () => {
    expectFirst(await asked('svc/tftp:69/udp'), {
      id: 'NT-SVC-029',
      severity: 'warning',
      says: /^pod tftp \(\S+:69\) answers who asks it by itself from another port \(\S+\), as TFTP does for each transfer; by svc\/tftp:69\/udp .* the answer comes from \S+, which was not asked/,
    });
  });

  test('by a NodePort no answer comes', async () => {
    expectFirst(await asked(await byNode('tftp')), {
      id: 'NT-SVC-029',
      severity: 'critical',
      says: /, the NodePort of svc\/tftp\S* on node2, no answer comes back, since nodes translate back what comes from the port and the address that were asked/,
    });
  });

  test('the pod by its own address is as it should be', async () => {
    const report = await asked('pod/tftp:69/udp');
    expectSilence(report);
    expect(report.verdict).toBe('pass');
  });

  test('one that answers from the port that was asked is silent', async () => {
    for (const to of ['svc/single:69/udp', await byNode('single')]) {
      const report = await asked(to);
      expectSilence(report);
      expect(report.verdict, to).toBe('pass');
    }
  });
});
