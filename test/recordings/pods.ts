/** The pods whose containers hold the recorded tools: the project's image by a session, and busybox by the app's. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kubeconfig, kubectlPath, repoDir } from '../cluster/paths.ts';
import { attempt, type RunResult, run } from '../cluster/proc.ts';
import { netnsPath } from './lab.ts';

/** A container in which commands can run. */
export interface Place {
  /** Runs a command in the container as exec does. */
  exec(argv: readonly string[], input?: string): Promise<RunResult>;
  /** The words that run a command with the container's tools, but in another network namespace. */
  words(netns: string, argv: readonly string[]): string[];
}

const NAME = 'ntrec';
const NAMESPACES = ['default', 'locked'] as const;

const RESTRICTED = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  runAsUser: 65532,
  seccompProfile: { type: 'RuntimeDefault' },
};

function manifest(namespace: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: NAME, namespace },
    spec: {
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      containers: [
        {
          name: 'app',
          image: 'localhost/app:1',
          imagePullPolicy: 'Never',
          ...(namespace === 'locked' ? { securityContext: RESTRICTED } : {}),
        },
      ],
    },
  };
}

async function kubectl(argv: readonly string[], input?: string): Promise<string> {
  return run([kubectlPath(), '--kubeconfig', kubeconfig, ...argv], input === undefined ? {} : { input });
}

/** Containers by what they may do: `session` is root with NET_ADMIN, `restricted` a user without rights. */
export interface Pods {
  readonly session: Place;
  readonly restricted: Place;
  readonly busybox: Place;
}

/** Makes the pods and their sessions; {@link closePods} undoes it. */
export async function openPods(): Promise<Pods> {
  await closePods();
  for (const namespace of NAMESPACES)
    await kubectl(['apply', '-f', '-'], JSON.stringify(manifest(namespace)));
  for (const namespace of NAMESPACES) {
    await kubectl(['wait', '-n', namespace, `pod/${NAME}`, '--for=condition=Ready', '--timeout=60s']);
    const tool = join(repoDir, 'dist/kubectl-nettools');
    await run([tool, 'run', '--kubeconfig', kubeconfig, '-n', namespace, NAME, '--', 'true']);
  }
  return {
    session: await place('default', 'nettools-netadmin-', 'nettools-keeper'),
    restricted: await place('locked', 'nettools-restricted-', 'nettools-keeper'),
    busybox: await place('default', 'app', 'httpd'),
  };
}

/** Deletes the pods and waits until they are gone. */
export async function closePods(): Promise<void> {
  for (const namespace of NAMESPACES)
    await kubectl(['delete', 'pod', '-n', namespace, NAME, '--ignore-not-found']);
}

interface PodObject {
  readonly metadata: { readonly uid: string };
  readonly spec: Readonly<
    Record<'containers' | 'ephemeralContainers', readonly { readonly name: string }[] | undefined>
  >;
}

/** @param processName a word of the command line of the container's own process */
async function place(namespace: string, containerPrefix: string, processName: string): Promise<Place> {
  const pod = JSON.parse(await kubectl(['get', 'pod', '-n', namespace, NAME, '-o', 'json'])) as PodObject;
  const all = [...(pod.spec.containers ?? []), ...(pod.spec.ephemeralContainers ?? [])];
  const container = all.find((c) => c.name.startsWith(containerPrefix))?.name;
  if (container === undefined)
    throw new Error(`pod ${namespace}/${NAME} has no container ${containerPrefix}`);
  const pid = await processOf(pod.metadata.uid, processName);
  return {
    exec: (argv, input) =>
      attempt(
        [
          kubectlPath(),
          '--kubeconfig',
          kubeconfig,
          'exec',
          '-i',
          '-n',
          namespace,
          NAME,
          '-c',
          container,
          '--',
          ...argv,
        ],
        input === undefined ? {} : { input },
      ),
    words: (netns, argv) => [
      ...['nsenter', `--net=${netnsPath(netns)}`, '--mount', '--pid', '-t', String(pid)],
      ...['env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL=C', ...argv],
    ],
  };
}

/** The process, as this machine numbers it, of a pod's container. */
async function processOf(podUid: string, word: string): Promise<number> {
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const [cgroup, command] = await Promise.all(
      ['cgroup', 'cmdline'].map((file) => readFile(join('/proc', entry, file), 'utf8').catch(() => '')),
    );
    if (cgroup?.includes(podUid) && command?.split('\0').includes(word)) return Number(entry);
  }
  throw new Error(`no process ${word} of pod ${podUid}`);
}
