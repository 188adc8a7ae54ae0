import { describe, expect, it } from 'vitest';
import { judgeLatency } from '../../../../../src/checks/latency/judge.ts';
import type { LedOn } from '../../../../../src/checks/shared/led-on.ts';
import { named, remedyOf } from '../../results.ts';
import { destination, result, thresholds } from '../build.ts';

const GIVEN_UP = 'try\ngiven up: Connection timed out\nfailed 3500000\n';
const TRIES = `address 198.51.100.12\ntry\nok 1200\n${GIVEN_UP}try\nok 900\n`;
const HEARD = [
  '1.1 eth0  Out IP 198.18.1.5.4000 > 198.51.100.12.30080: Flags [S], seq 1000, win 1, length 0',
  '1.2 eth0  In  IP 198.18.1.7.8080 > 198.18.1.5.4000: Flags [S.], seq 9, ack 1001, win 1, length 0',
].join('\n');
const SHOP: LedOn = {
  label: 'svc/shop',
  namespace: 'shop',
  name: 'shop',
  by: 'node port',
  node: 'node2',
  isLocal: true,
  ready: 2,
  astray: { own: 'node1', nodes: ['node1'] },
};

function judged(led: Partial<LedOn>, heard = HEARD, tries = TRIES) {
  return judgeLatency(
    {
      'to0-tcp': result('to0-tcp', tries, { command: ['tcp-connect', '198.51.100.12', '30080', '50'] }),
      'opening-segments': result('opening-segments', `${heard}\n`, { status: 'timeout' }),
    },
    {
      destinations: [destination({ label: '198.51.100.12:30080', host: '198.51.100.12', port: '30080' })],
      count: 50,
      intervalMs: 20,
      thresholds,
      led: { to0: { ...SHOP, ...led } },
    },
  );
}

describe('NT-SVC-021', () => {
  it.each<[string, Partial<LedOn>, RegExp]>([
    [
      'a NodePort of policy Local',
      {},
      /got no answer that fits: it is the NodePort of svc\/shop on node2, with externalTrafficPolicy Local, and kube-proxy takes pods for clients of the inside: .*; what node2 leads to the endpoint on node1, the target's own node, is answered to the target directly, from an address that it did not ask\. 198\.18\.1\.7:8080 answered one connection of the run so/,
    ],
    [
      'a node that does not masquerade',
      { isLocal: false, astray: { own: 'node1', nodes: ['node1', 'node3'] } },
      /the NodePort of svc\/shop on node2, which does not masquerade what it leads on for pods: what node2 leads to endpoints on node1, node3 is answered/,
    ],
    [
      'a load balancer',
      { by: 'load balancer' },
      /the load balancer's address of svc\/shop, which takes connections itself \(ipMode Proxy\) and keeps the addresses of clients: what it leads back into the cluster is answered/,
    ],
  ])('%s', (_what, led, says) => {
    const judgement = judged(led);
    expect(named(judgement)[0]).toBe('NT-SVC-021 critical');
    expect(judgement.findings[0]?.summary).toMatch(says);
    expect(judgement.findings[0]?.evidence[0]?.excerpt).toBe(HEARD);
    expect(remedyOf(judgement.findings[0])).toMatch(/kubectl get service -n shop shop -o/);
  });

  it('is nothing that is said where nobody heard it', () => {
    expect(named(judged({}, ''))).not.toContain('NT-SVC-021 critical');
  });

  it('is nothing where all connections come about', () => {
    expect(named(judged({}, HEARD, 'address 198.51.100.12\ntry 400000\nok 1200\n'))).toEqual([]);
  });
});
