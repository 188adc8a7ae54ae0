import { load } from 'js-yaml';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectSentence, nettools } from './support/cli.ts';
import { app, pod, type TestNamespace, testNamespace } from './support/cluster.ts';
import { destinations, latencyReport, problems } from './support/report.ts';

const enforce = (level: string) => ({ 'pod-security.kubernetes.io/enforce': level });
const open = testNamespace('open');
const baseline = testNamespace('baseline', enforce('baseline'));
const restricted = testNamespace('restricted', enforce('restricted'));

/** A pod that the restricted standard admits. */
const locked = (name: string) =>
  pod(name, {
    containers: [
      { ...app, securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } },
    ],
    spec: {
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        seccompProfile: { type: 'RuntimeDefault' },
      },
    },
  });

beforeAll(async () => {
  await Promise.all([
    open.startApps('app', 'weaker'),
    open.start(locked('non-root')),
    baseline.startApps('app', 'weaker', 'refused'),
    restricted.start(locked('app'), locked('refused')),
  ]);
});

/** The one ephemeral container of a pod. */
async function container(ns: TestNamespace, name = 'app') {
  const { spec } = await ns.pod(name);
  expect(spec.ephemeralContainers).toHaveLength(1);
  return spec.ephemeralContainers?.[0];
}

describe('preflight', () => {
  it.each([
    ['open', open, 'netadmin', ['√ profile netadmin']],
    ['baseline', baseline, 'baseline', ['× profile netadmin', '√ profile baseline', '√ profile restricted']],
    [
      'restricted',
      restricted,
      'restricted',
      ['× profile netadmin', '× profile baseline', '√ profile restricted'],
    ],
  ] as const)(
    'in a namespace that is %s says what a session would be, and changes nothing',
    async (_what, ns, profile, verdicts) => {
      const before = await ns.pod('app');
      const table = await nettools(['preflight', '-n', ns.name, 'app']);
      expect(table).toMatchObject({ code: 0, stderr: '' });
      const lines = table.stdout.split('\n');
      expect(lines[0]).toBe(`pod/app in ${ns.name}`);
      expect(lines.filter((line) => /^[√×] profile /.test(line)).map((line) => line.split(':')[0])).toEqual(
        verdicts,
      );
      expect(lines).toContain('√ right to create pods/exec: granted');
      expect(lines).toContain('√ session: none runs; one would be added');
      expect(lines).toContain(`a session would use profile ${profile} and image localhost/nettools:dev`);
      expect(table.stdout).not.toContain('\u001b');

      const json = await nettools(['preflight', '-n', ns.name, 'app', '-o', 'json']);
      const report = JSON.parse(json.stdout) as { items: { check: string; ok: boolean; detail: string }[] };
      expect(report).toMatchObject({
        apiVersion: 'nettools/v1',
        kind: 'Preflight',
        namespace: ns.name,
        pod: 'app',
        image: 'localhost/nettools:dev',
        profile,
      });
      for (const { check, ok, detail } of report.items) {
        expect(lines).toContain(`${ok ? '√' : '×'} ${check}: ${detail}`);
      }
      const yaml = await nettools(['preflight', '-n', ns.name, 'app', '-o', 'yaml']);
      expect(load(yaml.stdout)).toEqual(report);
      expect((await ns.pod('app')).spec).toEqual(before.spec);
    },
  );

  it("quotes Pod Security's reason", async () => {
    const { stdout } = await nettools(['preflight', '-n', baseline.name, 'app']);
    expect(stdout).toMatch(
      /^× profile netadmin: .*violates PodSecurity "baseline:latest": .*"NET_ADMIN", "NET_RAW"/m,
    );
  });

  it('says when there can be no session: exit 3, and nothing was changed', async () => {
    const before = await baseline.pod('refused');
    const outcome = await nettools(['preflight', '-n', baseline.name, 'refused', '--profile', 'netadmin']);
    expect(outcome).toMatchObject({ code: 3, stderr: '' });
    expect(outcome.stdout).toContain('no session is possible; nothing was changed');
    expect((await baseline.pod('refused')).spec).toEqual(before.spec);
  });
});

describe('the strongest profile that is allowed', () => {
  const id = (ns: TestNamespace, name: string, ...flags: string[]) =>
    nettools([
      'run',
      '-n',
      ns.name,
      name,
      ...flags,
      '--',
      'sh',
      '-c',
      'id -u; grep ^CapEff /proc/self/status',
    ]);
  /** Bits of linux/capability.h. */
  const NET_ADMIN = 1n << 12n;
  const NET_RAW = 1n << 13n;
  const read = (stdout: string) => {
    const [uid, line = ''] = stdout.trim().split('\n');
    return { uid, capabilities: BigInt(`0x${line.split(/\s+/)[1]}`) };
  };

  it('is netadmin in an open namespace', async () => {
    const { uid, capabilities } = read((await id(open, 'app')).stdout);
    expect(uid).toBe('0');
    expect(capabilities & (NET_ADMIN | NET_RAW)).toBe(NET_ADMIN | NET_RAW);
    expect(await container(open)).toMatchObject({
      name: expect.stringMatching(/^nettools-netadmin-/),
      securityContext: { capabilities: { add: ['NET_ADMIN', 'NET_RAW'] } },
    });
  });

  it('is netadmin also beside a pod that runs as another user', async () => {
    const { uid, capabilities } = read((await id(open, 'non-root')).stdout);
    expect({ uid, netAdmin: capabilities & NET_ADMIN }).toEqual({ uid: '0', netAdmin: NET_ADMIN });
  });

  it('is baseline where Pod Security enforces that: root without NET_ADMIN', async () => {
    const { uid, capabilities } = read((await id(baseline, 'app')).stdout);
    expect({ uid, netAdmin: capabilities & NET_ADMIN }).toEqual({ uid: '0', netAdmin: 0n });
    expect((await container(baseline))?.name).toMatch(/^nettools-baseline-/);
  });

  it('is restricted where Pod Security enforces that: user 65532 without capabilities', async () => {
    expect(read((await id(restricted, 'app')).stdout)).toEqual({ uid: '65532', capabilities: 0n });
    expect(await container(restricted)).toMatchObject({
      name: expect.stringMatching(/^nettools-restricted-/),
      securityContext: { runAsUser: 65532, capabilities: { drop: ['ALL'] } },
    });
  });

  it('is not the one to take when a weaker one is asked for', async () => {
    expect(read((await id(open, 'weaker', '--profile', 'restricted')).stdout)).toEqual({
      uid: '65532',
      capabilities: 0n,
    });
    // And auto is not content with what was asked for by name before.
    expect(read((await id(open, 'weaker')).stdout).capabilities & NET_ADMIN).toBe(NET_ADMIN);
  });

  it.each([
    ['baseline', baseline],
    ['restricted', restricted],
  ] as const)(
    '--profile netadmin is refused in a namespace that is %s, and nothing is changed',
    async (level, ns) => {
      const before = await ns.pod('refused');
      const outcome = await id(ns, 'refused', '--profile', 'netadmin');
      expectSentence(
        outcome,
        3,
        new RegExp(
          `pod "refused" takes no ephemeral container with profile netadmin: .*violates PodSecurity "${level}:latest".*; nothing was changed`,
        ),
      );
      expect(outcome.stderr).toContain('--profile auto');
      expect((await ns.pod('refused')).spec).toEqual(before.spec);
    },
  );
});

describe('latency without rights', () => {
  it('measures in a restricted namespace, and says which way it took', async () => {
    const { report, outcome } = await latencyReport([
      '-n',
      restricted.name,
      'app',
      '--count',
      '20',
      '--interval',
      '20ms',
    ]);
    expect(outcome.code).toBe(0);
    expect(problems(report)).toEqual([]);
    expect(report.verdict).toBe('pass');
    expect(destinations(report).find(({ name }) => name === 'gateway')).toMatchObject({
      icmp: { via: 'ping socket', sent: 20, lossPercent: 0 },
      tcp: { tries: 20 },
    });
    const table = await nettools(['latency', '-n', restricted.name, 'app', '--count', '5']);
    expect(table.stdout).toContain('icmp (ping socket)');
  });
});
