/** NT-SVC-028: which pods are suspected, what is read of their logs, and what is made of it. */
import { describe, expect, it } from 'vitest';
import type { LinkTrouble } from '../../../../src/checks/shared/misread-link.ts';
import { failedRuns, linkVariables } from '../../../../src/checks/shared/prepare-link-variables.ts';
import { linkTrouble } from '../../../../src/checks/shared/prepare-service-links.ts';
import type { ClusterView, LogPlace } from '../../../../src/model/cluster-view.ts';
import type { Pod, Service } from '../../../../src/model/kube-objects.ts';

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 12, 0, second)).toISOString();
const LINK = 'tcp://198.51.100.9:8080';
const COMPLAINT = `invalid port ${LINK}`;

const WEB = {
  metadata: { namespace: 'shop', name: 'web', creationTimestamp: at(0) },
  spec: { clusterIP: '198.51.100.9', ports: [{ name: 'http', port: 8080 }] },
} as unknown as Service;

type Changed = Readonly<{
  pod?: object;
  container?: object;
  status?: object;
  last?: object;
  labels?: object;
}>;

function crashing({ pod = {}, container = {}, status = {}, last = {}, labels = {} }: Changed = {}): Pod {
  return {
    metadata: { namespace: 'shop', name: 'web-0', labels },
    spec: { containers: [{ name: 'app', image: 'registry.example/web:1', ...container }], ...pod },
    status: {
      containerStatuses: [
        {
          name: 'app',
          ready: false,
          state: { waiting: { reason: 'CrashLoopBackOff' } },
          lastState: {
            terminated: { exitCode: 1, reason: 'Error', startedAt: at(10), finishedAt: at(11), ...last },
          },
          ...status,
        },
      ],
    },
  } as unknown as Pod;
}

interface Asked {
  readonly logs: readonly (LogPlace & { readonly pod: string })[];
  readonly trouble: LinkTrouble;
}

/** @param log of the last run, or why it cannot be read; @param services of the namespace */
async function asked(
  pods: readonly Pod[],
  log: string | Error | ((place: LogPlace) => string) = COMPLAINT,
  services = [WEB],
): Promise<Asked> {
  const logs: LogPlace[] = [];
  const cluster: Partial<ClusterView> = {
    namespace: 'shop',
    services: async () => ({ value: services }),
    fromLog: async (place, look) => {
      logs.push(place);
      if (log instanceof Error) return { error: log, denied: 'logs of pods in shop' };
      return { value: look(typeof log === 'string' ? log : log(place)) };
    },
  };
  return { trouble: await linkTrouble(cluster as ClusterView, pods), logs };
}

describe('a container that ends by a variable of a Service', () => {
  it('is found by its log', async () => {
    const { trouble, logs } = await asked([crashing()]);
    expect(trouble).toEqual({
      misread: {
        namespace: 'shop',
        pod: 'web-0',
        container: 'app',
        isPrevious: true,
        ended: 'Error, exit code 1',
        service: 'web',
        variable: 'WEB_PORT',
        value: LINK,
      },
    });
    expect(logs).toEqual([{ namespace: 'shop', pod: 'web-0', container: 'app', isPrevious: true }]);
  });

  it.each<[string, Changed, string | undefined]>([
    ['by nobody', {}, undefined],
    [
      'by a Deployment',
      {
        pod: {},
        labels: { 'pod-template-hash': '7d4b9c' },
      },
      'deployment/web',
    ],
  ])('knows by whom the pod was made: %s', async (_what, changed, template) => {
    const pod = crashing(changed);
    if (template !== undefined && pod.metadata)
      pod.metadata.ownerReferences = [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-7d4b9c', uid: 'u', controller: true },
      ];
    expect((await asked([pod])).trouble.misread?.template).toBe(template);
  });

  it('is an init container, or one that is between two runs, too', async () => {
    const { status } = crashing();
    const [own] = status?.containerStatuses ?? [];
    const pod = crashing({ pod: { initContainers: [{ name: 'app' }], containers: [] } });
    const init = { ...pod, status: { initContainerStatuses: own === undefined ? [] : [own] } };
    expect((await asked([init])).trouble.misread?.container).toBe('app');
    const terminated = { exitCode: 1, startedAt: at(10), finishedAt: at(11) };
    const { trouble, logs } = await asked([crashing({ status: { state: { terminated } } })]);
    expect(trouble.misread).toMatchObject({ isPrevious: false, ended: 'Error, exit code 1' });
    expect(logs).toHaveLength(1);
  });

  it('is one that has just been started anew, and is called ready since nobody asks', async () => {
    const running = { startedAt: new Date(Date.now() - 5000).toISOString() };
    const { trouble } = await asked([crashing({ status: { ready: true, state: { running } } })]);
    expect(trouble.misread).toBeDefined();
  });

  it('looks at the run before, where another one has just begun', async () => {
    const terminated = { exitCode: 1, startedAt: at(10), finishedAt: at(11) };
    const { logs } = await asked([crashing({ status: { state: { terminated } } })], '');
    expect(logs.map(({ isPrevious }) => isPrevious)).toEqual([false, true]);
    const ended = crashing({ status: { state: { terminated } } });
    const before = await asked([ended], ({ isPrevious }) => (isPrevious ? COMPLAINT : ''));
    expect(before.trouble.misread).toBeDefined();
    const gone = 'unable to retrieve container logs for containerd://1';
    const after = await asked([ended], ({ isPrevious }) => (isPrevious ? gone : 'port should be >= 0'));
    expect(after.trouble.suspected).toBeDefined();
  });

  it.each<[string, Changed]>([
    ['told nothing (enableServiceLinks: false)', { pod: { enableServiceLinks: false } }],
    ['ended well', { last: { exitCode: 0 } }],
    ['killed for its memory', { last: { exitCode: 1, reason: 'OOMKilled' } }],
    ['killed by the kubelet', { last: { exitCode: 137 } }],
    ['ended as it was told to', { last: { exitCode: 143 } }],
    ['ended after a long time', { last: { finishedAt: at(10 + 121) } }],
    ['without times', { last: { startedAt: undefined } }],
    ['ready again', { status: { ready: true, state: { running: { startedAt: at(20) } } } }],
    ['never ended', { status: { lastState: {} } }],
    ['started before the Service was made', { last: { startedAt: at(0) } }],
  ])('asks for no log of one that is %s', async (_what, changed) => {
    const { trouble, logs } = await asked([crashing(changed)]);
    expect(trouble).toEqual({});
    expect(logs).toEqual([]);
  });

  it.each<[string, object]>([
    ['by its own env', { env: [{ name: 'WEB_PORT', value: '8080' }] }],
    ['by its own env, from a Secret', { env: [{ name: 'WEB_PORT', valueFrom: { secretKeyRef: {} } }] }],
  ])('is none where the variable is set %s', async (_what, container) => {
    expect((await asked([crashing({ container })], 'WEB_PORT must be a number')).trouble).toEqual({});
  });

  it.each<[string, object]>([
    ['in its arguments', { args: ['--peer', '$(WEB_PORT)'] }],
    ['in its env', { env: [{ name: 'PEER', value: `${LINK}` }] }],
  ])('is none where the pod hands it on, on purpose: %s', async (_what, container) => {
    expect((await asked([crashing({ container })])).trouble.misread).toBeUndefined();
  });

  it('is told by the value alone where envFrom may have set the name', async () => {
    const container = { envFrom: [{ configMapRef: { name: 'settings' } }] };
    const of = async (log: string) => (await asked([crashing({ container })], log)).trouble.misread?.variable;
    expect(await of('WEB_PORT must be a number')).toBeUndefined();
    expect(await of(COMPLAINT)).toBe('WEB_PORT');
  });

  it.each<[string, string, boolean]>([
    ['no complaint', 'error: connect: connection refused', false],
    [
      'a complaint of a port that is not named',
      'options.port should be >= 0 and < 65536. Received NaN',
      true,
    ],
  ])('is no finding with %s in its log', async (_what, log, isSuspected) => {
    const { trouble } = await asked([crashing()], log);
    expect(trouble.misread).toBeUndefined();
    expect(trouble.suspected !== undefined).toBe(isSuspected);
  });

  it.each<[string, Changed, boolean]>([
    ['the image', {}, true],
    ['a label', { container: { image: 'registry.example/x@sha256:1' }, labels: { app: 'web' } }, true],
    ['nothing', { container: { image: 'registry.example/x:1' } }, false],
  ])(
    'is suspected without the log where %s is called like the Service',
    async (_what, changed, isSuspected) => {
      const { trouble } = await asked([crashing(changed)], new Error('forbidden'));
      expect(trouble.misread).toBeUndefined();
      expect(trouble.suspected?.variable).toBe(isSuspected ? 'WEB_PORT' : undefined);
    },
  );

  it('looks at few of many pods', async () => {
    const { logs } = await asked(
      Array.from({ length: 20 }, () => crashing()),
      '',
    );
    expect(logs).toHaveLength(3);
  });
});

describe('the variables of a Service', () => {
  const pod = crashing();
  const [run] = failedRuns(pod, Date.now());
  const of = (spec: object, name = 'web') => {
    const service = { ...WEB, metadata: { ...WEB.metadata, name }, spec } as unknown as Service;
    return run ? linkVariables(pod, run, [service]).map(({ name: of, value }) => `${of}=${value}`) : [];
  };

  it('are those of the kubelet', () => {
    const ports = [
      { port: 53, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53 },
    ];
    expect(of({ clusterIP: '2001:db8::9', ports }, 'my-dns')).toEqual([
      'MY_DNS_PORT=udp://[2001:db8::9]:53',
      'MY_DNS_SERVICE_HOST=2001:db8::9',
      'MY_DNS_SERVICE_PORT=53',
      'MY_DNS_PORT_53_UDP=udp://[2001:db8::9]:53',
      'MY_DNS_PORT_53_UDP_PROTO=udp',
      'MY_DNS_PORT_53_UDP_PORT=53',
      'MY_DNS_PORT_53_UDP_ADDR=2001:db8::9',
      'MY_DNS_SERVICE_PORT_DNS_TCP=53',
      'MY_DNS_PORT_53_TCP=tcp://[2001:db8::9]:53',
      'MY_DNS_PORT_53_TCP_PROTO=tcp',
      'MY_DNS_PORT_53_TCP_PORT=53',
      'MY_DNS_PORT_53_TCP_ADDR=2001:db8::9',
    ]);
  });

  it.each([
    ['a headless one', { clusterIP: 'None', ports: [{ port: 80 }] }, 'web'],
    ['an alias', { type: 'ExternalName', externalName: 'x.example' }, 'web'],
    ["the API's own", { clusterIP: '198.51.100.1', ports: [{ port: 443 }] }, 'kubernetes'],
  ])('are none of %s', (_what, spec, name) => {
    expect(of(spec, name)).toEqual([]);
  });
});
