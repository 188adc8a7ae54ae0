/** Pods as the API gives them, with what a test makes of them. */
import type { ContainerStatus, EphemeralContainer, Pod } from '../../../src/model/kube-objects.ts';
import { buildContainer, type SessionSpec } from '../../../src/targets/ephemeral.ts';
import type { Profile } from '../../../src/targets/profiles.ts';

export const spec = (rest: Partial<SessionSpec> = {}): SessionSpec => ({
  image: 'registry.example/nettools:1',
  imagePullPolicy: 'IfNotPresent',
  targetContainer: undefined,
  idleSeconds: 600,
  choice: 'auto',
  ...rest,
});

/** Dates are strings in what the API sends. */
const at = (time: string): Date => time as unknown as Date;

export const STATES = {
  running: { running: { startedAt: at('2026-01-02T03:04:05Z') } },
  creating: { waiting: { reason: 'ContainerCreating' } },
  initializing: { waiting: { reason: 'PodInitializing' } },
  unpullable: { waiting: { reason: 'ErrImageNeverPull' } },
  ended: { terminated: { exitCode: 0, reason: 'Completed', finishedAt: at('2026-01-02T03:14:05Z') } },
} satisfies Record<string, NonNullable<ContainerStatus['state']>>;

export type State = keyof typeof STATES | 'unreported';

/** A session's container as it stands in a pod. */
export interface Entry {
  readonly name: string;
  readonly spec?: SessionSpec;
  readonly profile?: Profile;
  readonly state?: State;
}

/** A running pod with these session containers. */
export function podWith(...entries: readonly Entry[]): Pod {
  return pod({
    spec: {
      containers: [{ name: 'app' }],
      nodeName: 'node1',
      ephemeralContainers: entries.map((e) =>
        buildContainer(e.name, e.spec ?? spec(), e.profile ?? 'netadmin'),
      ),
    },
    status: {
      phase: 'Running',
      podIP: '198.18.1.2',
      ephemeralContainerStatuses: entries.flatMap(({ name, state = 'running' }) =>
        state === 'unreported' ? [] : [status(name, STATES[state])],
      ),
    },
  });
}

export function pod(rest: Pod = {}): Pod {
  return {
    spec: { containers: [{ name: 'app' }], nodeName: 'node1' },
    status: { phase: 'Running', podIP: '198.18.1.2' },
    ...rest,
    metadata: { name: 'web-0', namespace: 'default', ...rest.metadata },
  };
}

export function status(name: string, state: NonNullable<ContainerStatus['state']>): ContainerStatus {
  return { name, state, image: '', imageID: '', ready: false, restartCount: 0 };
}

/** A container that somebody else has added, by kubectl debug for example. */
export const foreign: EphemeralContainer = { name: 'debugger-abc12', image: 'busybox', command: ['sh'] };
