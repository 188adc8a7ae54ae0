import { describe, expect, it } from 'vitest';
import check from '../../../../src/checks/drops/check.ts';
import { planDrops } from '../../../../src/checks/drops/plan.ts';
import prepare from '../../../../src/checks/drops/prepare.ts';
import { podSubject } from '../../../../src/cluster/subject.ts';
import type { Pod } from '../../../../src/model/kube-objects.ts';
import { PROBE_SCRIPTS } from '../../../../src/probes/scripts.ts';
import { contextOf, DUAL, PATHS, pod, service, serving } from '../../cluster/objects.ts';

const web = pod('web-0', ['10.0.0.9', 'fd00::9'], { nodeName: 'node1' });
const WEB = web as unknown as Pod;
const AGENT = pod('agent', ['192.0.2.11'], { nodeName: 'node1', hostNetwork: true });
const LISTS = {
  ...DUAL,
  '/api/v1/pods': [web, AGENT, ...(DUAL[PATHS.pods] ?? [])],
  '/api/v1/services': [service(['10.96.0.5', 'fd00:96::5']), service(['None'])],
  '/api/v1/nodes': [
    {
      metadata: { name: 'node1' },
      status: {
        addresses: [
          { type: 'InternalIP', address: '192.0.2.11' },
          { type: 'Hostname', address: 'n' },
        ],
      },
    },
  ],
};
const options = { drops: { durationMs: 4000 } };

describe('what is watched', () => {
  it('is a machine with all of its namespaces', async () => {
    const input = await prepare(await contextOf({ isHost: true, addresses: [] }, [], options));
    expect(input).toEqual({
      durationMs: 4000,
      scope: 'machine',
      isHost: true,
      root: '',
      peers: [],
      own: [],
      names: {},
    });
  });

  it("is a pod's own, and what its node drops of the flows that were asked for", async () => {
    const { cluster } = await serving(LISTS);
    const alone = await prepare(await contextOf(podSubject(cluster, WEB), [], options));
    expect(alone).toMatchObject({ scope: 'own', pod: 'shop/web-0', peers: [], own: [] });
    const asked = await prepare(await contextOf(podSubject(cluster, WEB), ['pod/db-1:5432'], options));
    expect(asked).toMatchObject({
      peers: [{ host: '10.0.0.1', port: 5432 }],
      own: ['10.0.0.9', 'fd00::9'],
    });
  });

  it("of a pod in its node's network is the node's namespace alone", async () => {
    const { cluster } = await serving(LISTS);
    const subject = podSubject(cluster, AGENT as unknown as Pod);
    const input = await prepare(await contextOf(subject, ['10.0.0.1:5432'], options));
    expect(input).toMatchObject({ scope: 'own', isHost: true, hostPod: 'shop/agent', own: [] });
    expect(input).not.toHaveProperty('pod');
  });

  it('is nothing in a diagnosis', async () => {
    expect(await prepare(await contextOf({ isHost: true, addresses: [] }))).toBeUndefined();
  });
});

describe('the names', () => {
  it('are those of pods, Services and nodes', async () => {
    const { cluster } = await serving(LISTS);
    const input = await prepare(await contextOf(podSubject(cluster, WEB), [], options));
    expect(input?.names).toMatchObject({
      '10.0.0.9': 'shop/web-0',
      '10.96.0.5': 'svc shop/db',
      'fd00:96::5': 'svc shop/db',
      '192.0.2.11': 'node1',
    });
    expect(input?.names).not.toHaveProperty('None');
  });

  it("are those of the pod's namespace on other nodes too", async () => {
    const { cluster } = await serving({ ...LISTS, '/api/v1/pods': [web] });
    const input = await prepare(await contextOf(podSubject(cluster, WEB), [], options));
    expect(input?.names).toMatchObject({ '10.0.0.1': 'shop/db-1' });
  });

  it('of what may not be read are missing, which is said', async () => {
    const { cluster } = await serving(LISTS, { '/api/v1/services': { status: 403 } });
    const input = await prepare(await contextOf(podSubject(cluster, WEB), [], options));
    expect(input?.namesSkipped).toBe('you may not read Services of all namespaces');
  });

  it('are no reason to look again', () => {
    const input = {
      durationMs: 1,
      scope: 'own',
      isHost: false,
      root: '',
      peers: [],
      own: [],
      names: {},
    } as const;
    const other = { ...input, names: { '10.0.0.1': 'shop/new' } };
    expect(check.stateOf?.(input)).toEqual(check.stateOf?.(other));
  });
});

describe('the command', () => {
  const words = (more: object) =>
    planDrops(
      { durationMs: 4000, scope: 'own', isHost: false, root: '', peers: [], own: [], names: {}, ...more },
      PROBE_SCRIPTS,
    );

  it('says what is watched in words of its own', () => {
    const { probe } = words({
      own: ['10.0.0.9'],
      peers: [
        { host: 'fd00::1', port: 5432 },
        { host: '--machine', port: 0 },
      ],
    });
    expect(probe[0]?.argv).toEqual([
      ...['nettools-drops', '--for', '4', '--also-host', '--own', '10.0.0.9'],
      ...['--peer', 'fd00::1,5432', '--peer', '--machine,0'],
    ]);
  });

  it('lists namespaces afterwards, of a machine only', () => {
    expect(words({}).after.map(({ id }) => id)).not.toContain('namespaces');
    const { after } = words({ scope: 'machine', root: '/proc/1/root' });
    expect(after.find(({ id }) => id === 'namespaces')?.argv.at(-1)).toBe('/proc/1/root');
  });

  it('reads the rules before and after; those of the machine too, where its drops are watched', () => {
    const rules = ['nft', 'iptables', 'legacy', 'legacy6'];
    expect(words({}).before.map(({ id }) => id)).toEqual(rules.map((name) => `${name}-before`));
    const both = words({ own: ['10.0.0.9'] }).after.map(({ id }) => id);
    expect(both).toEqual([...rules.flatMap((name) => [`${name}-after`, `outer-${name}-after`]), 'links']);
  });
});
