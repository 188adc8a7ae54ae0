import { describe, expect, it } from 'vitest';
import { fromNetassert } from '../../../src/expectations/netassert.ts';
import { parseNetworkTests } from '../../../src/expectations/parse.ts';
import { writeNetworkTests } from '../../../src/expectations/write.ts';

/** In the format of netassert v2 (its README, "Test specification"): handmade. */
const THEIRS = `---
- name: shop-to-db
  type: k8s
  protocol: tcp
  targetPort: 5432
  timeoutSeconds: 67
  attempts: 3
  exitCode: 0
  src:
    k8sResource: {kind: deployment, name: web, namespace: shop}
  dst:
    k8sResource: {kind: statefulset, name: db, namespace: data}
- name: shop-to-outside
  type: k8s
  targetPort: 443
  exitCode: 1
  src:
    k8sResource: {kind: pod, name: web-0, namespace: shop}
  dst:
    host: {name: control-plane.example}
---
- name: dns
  type: k8s
  protocol: udp
  targetPort: 53
  exitCode: 0
  src:
    k8sResource: {kind: daemonset, name: agent, namespace: shop}
  dst:
    k8sResource: {kind: deployment, name: coredns, namespace: kube-system}
`;

describe("netassert's tests", () => {
  it('become ours', () => {
    const text = writeNetworkTests(fromNetassert(THEIRS, 'theirs.yaml'));
    expect(
      text,
    ).toBe(`# yaml-language-server: $schema=https://raw.githubusercontent.com/kubectl-nettools/kubectl-nettools/main/src/expectations/network-test.schema.json
apiVersion: nettools/v1
kind: NetworkTest
metadata: {name: from-netassert}
tests:
  - {name: shop-to-db, from: {target: deploy/web, namespace: shop}, to: {target: sts/db, namespace: data, port: 5432}, expect: connected}
  - {name: shop-to-outside, from: {target: pod/web-0, namespace: shop}, to: control-plane.example:443, expect: denied}
  - {name: dns, from: {target: ds/agent, namespace: shop}, to: {target: deploy/coredns, namespace: kube-system, port: 53/udp}, expect: connected}
`);
    const words = { targetProblem: () => undefined, destProblem: () => undefined };
    expect(parseNetworkTests(text, 'ours.yaml', words)[0]?.tests).toHaveLength(3);
  });

  it.each([
    [
      '- {name: a, targetPort: 1, src: {host: {name: b}}, dst: {host: {name: c}}}',
      /theirs.yaml:1: the file\[1\].src has no key "host"; it may have k8sResource\.$/,
    ],
    [
      '- {name: a, targetPort: 1, src: {k8sResource: {kind: pod, name: b, namespace: c}}, dst: {}}',
      /theirs.yaml:1: test "a" needs dst.k8sResource or dst.host, and not both\.$/,
    ],
    [
      '- {name: a, targetPort: 0, src: {k8sResource: {kind: pod, name: b, namespace: c}}, dst: {}}',
      /theirs.yaml:1: the file\[1\].targetPort must be a port from 1 to 65535, not "0"\.$/,
    ],
    ['kind: NetworkTest\n', /theirs.yaml:1: the file must be a list, not a mapping\.$/],
    ['# nothing\n', /theirs.yaml:1: there is no test in it\.$/],
  ])('that are none are refused: %s', (text, sentence) => {
    expect(() => fromNetassert(text, 'theirs.yaml')).toThrow(sentence);
  });
});
