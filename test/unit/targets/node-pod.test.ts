import { describe, expect, it } from 'vitest';
import type { Pod } from '../../../src/model/kube-objects.ts';
import {
  asNodePod,
  buildNodePod,
  findNodePod,
  type NodePod,
  type NodePodSpec,
  nodePodName,
  nodeProfiles,
} from '../../../src/targets/node-pod.ts';
import { PROFILES, type Profile } from '../../../src/targets/profiles.ts';

const NOW = Date.parse('2026-01-02T04:00:00Z');

const spec = (rest: Partial<NodePodSpec> = {}): NodePodSpec => ({
  node: 'node1',
  image: 'registry.example/nettools:1',
  imagePullPolicy: 'IfNotPresent',
  pullSecret: undefined,
  choice: 'auto',
  switching: false,
  watching: false,
  idleSeconds: 60,
  deadlineSeconds: 3660,
  keep: false,
  toolVersion: '1.2.3',
  ...rest,
});

/** A pod as the API gives it once it runs. */
function running(made: Partial<NodePodSpec> = {}, profile: Profile = 'netadmin', rest: Pod = {}): NodePod {
  const pod = buildNodePod('nettools-node1-x', spec(made), profile, 'c');
  const found = asNodePod({
    ...pod,
    metadata: { ...pod.metadata, namespace: 'default', ...rest.metadata },
    status: { phase: 'Running', ...rest.status },
  });
  if (found === undefined) throw new Error('not a node pod');
  return found;
}

describe('buildNodePod', () => {
  it('is pinned to the node, in its network, and restricted in all else', () => {
    const pod = buildNodePod('n', spec(), 'netadmin', 'abc');
    expect(pod.spec).toMatchObject({
      nodeName: 'node1',
      hostNetwork: true,
      dnsPolicy: 'Default',
      tolerations: [{ operator: 'Exists' }],
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      activeDeadlineSeconds: 3660,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(pod.spec).not.toHaveProperty('hostPID');
    expect(pod.spec?.volumes?.every((volume) => volume.emptyDir !== undefined)).toBe(true);
    expect(pod.spec?.containers).toHaveLength(1);
    expect(pod.spec?.containers[0]?.securityContext).toEqual({
      runAsUser: 0,
      runAsNonRoot: false,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW', 'SETUID', 'SETGID', 'KILL'] },
    });
    expect(JSON.stringify(pod)).not.toMatch(/privileged|hostPath/);
  });

  it('sees the processes of the node and may enter their namespaces only to switch', () => {
    const pod = buildNodePod('n', spec({ switching: true }), 'netadmin', 'abc');
    expect(pod.spec?.hostPID).toBe(true);
    expect(pod.spec?.containers[0]?.securityContext?.capabilities).toEqual({
      drop: ['ALL'],
      add: ['NET_ADMIN', 'NET_RAW', 'SETUID', 'SETGID', 'KILL', 'SYS_ADMIN', 'SYS_PTRACE'],
    });
  });

  it('may load a program only to watch', () => {
    const pod = buildNodePod('n', spec({ switching: true, watching: true }), 'netadmin', 'abc');
    expect(pod.spec?.containers[0]?.securityContext?.capabilities?.add?.slice(-4)).toEqual([
      ...['SYS_ADMIN', 'SYS_PTRACE', 'BPF', 'PERFMON'],
    ]);
    expect(JSON.stringify(buildNodePod('n', spec({ switching: true }), 'netadmin', 'abc'))).not.toMatch(
      /BPF/,
    );
    expect(JSON.stringify(pod)).not.toMatch(/privileged|hostPath/);
    expect(pod.spec?.securityContext?.seccompProfile).toEqual({ type: 'RuntimeDefault' });
  });

  it.each([
    ['baseline', {}],
    ['restricted', { drop: ['ALL'] }],
  ] as const)('has no more than the profile %s', (profile, capabilities) => {
    const pod = buildNodePod('n', spec({ choice: profile }), profile, 'abc');
    expect(pod.spec?.containers[0]?.securityContext?.capabilities).toEqual(capabilities);
  });

  it('says what it is for and when it may go', () => {
    const { metadata } = buildNodePod('n', spec(), 'netadmin', 'abc');
    expect(metadata?.labels).toEqual({
      'app.kubernetes.io/managed-by': 'kubectl-nettools',
      'app.kubernetes.io/name': 'nettools',
      'kubectl-nettools/node': 'node1',
      'kubectl-nettools/profile': 'netadmin',
    });
    expect(metadata?.annotations?.['kubectl-nettools/about']).toMatch(
      /kubectl nettools 1\.2\.3 .* node node1.*may be deleted at any time/,
    );
  });

  it('keeps out of the labels a name that is too long for one', () => {
    const { metadata } = buildNodePod('n', spec({ node: 'a'.repeat(64) }), 'netadmin', 'abc');
    expect(metadata?.labels).not.toHaveProperty('kubectl-nettools/node');
  });

  it('takes the registry credentials that were named', () => {
    const { spec: made } = buildNodePod('n', spec({ pullSecret: 'registry' }), 'netadmin', 'abc');
    expect(made?.imagePullSecrets).toEqual([{ name: 'registry' }]);
  });
});

describe('nodeProfiles', () => {
  it('tries the strongest first, and only that one to switch', () => {
    expect(nodeProfiles(spec())).toEqual(PROFILES);
    expect(nodeProfiles(spec({ switching: true }))).toEqual(['netadmin']);
    expect(nodeProfiles(spec({ watching: true }))).toEqual(['netadmin']);
    expect(nodeProfiles(spec({ choice: 'baseline' }))).toEqual(['baseline']);
  });
});

describe('asNodePod', () => {
  it('reads what was built', () => {
    expect(running({ switching: true, keep: true, idleSeconds: 7 })).toMatchObject({
      namespace: 'default',
      name: 'nettools-node1-x',
      node: 'node1',
      image: 'registry.example/nettools:1',
      profile: 'netadmin',
      choice: 'auto',
      switching: true,
      keep: true,
      creator: 'c',
      idleSeconds: 7,
      state: 'running',
    });
  });

  it.each([
    ['waiting', { status: { phase: 'Pending' } }],
    ['ended', { status: { phase: 'Failed' } }],
    ['ended', { status: { phase: 'Succeeded' } }],
    ['leaving', { metadata: { deletionTimestamp: new Date(NOW) } }],
  ] as const)('is %s', (state, rest) => {
    expect(running({}, 'netadmin', rest as Pod).state).toBe(state);
  });

  it('takes no other pod for one of its own', () => {
    const { metadata, spec: made } = buildNodePod('n', spec(), 'netadmin', 'c');
    expect(asNodePod({})).toBeUndefined();
    expect(asNodePod({ metadata: { ...metadata, labels: {} }, spec: made } as Pod)).toBeUndefined();
    const other = { containers: [{ name: 'nettools', command: ['sh'] }] };
    expect(asNodePod({ metadata, spec: other } as Pod)).toBeUndefined();
  });
});

describe('findNodePod', () => {
  const at = (seconds: number): Pod => ({
    status: {
      phase: 'Running',
      startTime: new Date(NOW - seconds * 1000).toISOString() as unknown as Date,
    },
  });

  it('takes the pod of the same node, image and way', () => {
    const pod = running();
    expect(findNodePod([pod], spec(), NOW)).toBe(pod);
    for (const other of [
      running({ node: 'node2' }),
      running({ image: 'busybox' }),
      running({ switching: true }),
      running({}, 'netadmin', { status: { phase: 'Failed' } }),
    ]) {
      expect(findNodePod([other], spec(), NOW)).toBeUndefined();
    }
  });

  it('waits for one that starts', () => {
    const starting = running({}, 'netadmin', { status: { phase: 'Pending' } });
    expect(findNodePod([starting], spec(), NOW)).toBe(starting);
  });

  it('leaves alone one that is near its deadline', () => {
    const late = running({}, 'netadmin', at(3660 - 899));
    const early = running({}, 'netadmin', at(3660 - 901));
    expect(findNodePod([late], spec(), NOW)).toBeUndefined();
    expect(findNodePod([late, early], spec(), NOW)).toBe(early);
  });

  it('serves auto by what auto found, or by the strongest', () => {
    const asked = running({ choice: 'baseline' }, 'baseline');
    expect(findNodePod([asked], spec(), NOW)).toBeUndefined();
    expect(findNodePod([asked], spec({ choice: 'baseline' }), NOW)).toBe(asked);
    const strongest = running({ choice: 'netadmin' });
    expect(findNodePod([asked, strongest], spec(), NOW)).toBe(strongest);
    expect(findNodePod([running()], spec({ choice: 'netadmin' }), NOW)).toBeDefined();
    expect(findNodePod([running()], spec({ choice: 'restricted' }), NOW)).toBeUndefined();
  });
});

describe('nodePodName', () => {
  it('is the same for the same pod, and another for each other', () => {
    const name = nodePodName([], spec(), 'netadmin');
    expect(name).toMatch(/^nettools-node1-[0-9a-f]{8}$/);
    expect(nodePodName([], spec({ idleSeconds: 9, keep: true }), 'netadmin')).toBe(name);
    const others = [
      nodePodName([], spec({ node: 'node2' }), 'netadmin'),
      nodePodName([], spec({ image: 'x' }), 'netadmin'),
      nodePodName([], spec({ switching: true }), 'netadmin'),
      nodePodName([], spec({ choice: 'netadmin' }), 'netadmin'),
      nodePodName([], spec(), 'baseline'),
    ];
    expect(new Set([name, ...others]).size).toBe(6);
  });

  it('steps aside for one that has the name', () => {
    const name = nodePodName([], spec(), 'netadmin');
    const taken = { ...running(), name };
    expect(nodePodName([taken], spec(), 'netadmin')).toBe(`${name}-1`);
    expect(nodePodName([taken, { ...taken, name: `${name}-1` }], spec(), 'netadmin')).toBe(`${name}-2`);
  });

  it('is a valid name for every node', () => {
    const long = `${'ip-10-0-0-1'.repeat(3)}.eu-west-1.compute.internal`;
    for (const node of [long, 'a.b', `${'x'.repeat(39)}.y`]) {
      const name = nodePodName([], spec({ node }), 'netadmin');
      expect(name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
      expect(name.length).toBeLessThanOrEqual(63);
    }
  });
});
