/** The input of the sockets check: on which ports somebody expects the pod to listen. */

import type { InputContext } from '../../cluster/context.ts';
import { containerName, publishedPorts } from '../../docker/container.ts';
import type { DockerContainer } from '../../docker/types.ts';
import { ApiError } from '../../kube/errors.ts';
import { namespacedPath } from '../../kube/paths.ts';
import type { Pod, Service } from '../../kube/types.ts';
import type { InputOf } from '../../model/check.ts';
import { thresholdsIn } from '../shared/about.ts';
import about from './about.ts';
import type check from './check.ts';
import type { ExpectedPort } from './facts.ts';

export default async function prepare({
  subject,
  args,
  signal,
}: InputContext): Promise<InputOf<typeof check>> {
  const { portShare } = thresholdsIn(args, about);
  const { client, pod, docker } = subject;
  if (docker) return { expected: dockerPorts(docker.container), portShare };
  // Nobody says of a host on which ports it should listen.
  if (!client || !pod) return { expected: [], portShare };
  const namespace = pod.metadata?.namespace ?? client.namespace;
  try {
    const { items } = await client.get<{ items: Service[] }>(
      namespacedPath('api/v1', namespace, 'services'),
      { signal },
    );
    return { expected: expectedPorts(pod, items), portShare };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    return {
      expected: expectedPorts(pod, []),
      portShare,
      servicesSkipped: `the user may not list services in ${namespace}`,
    };
  }
}

/** What is published, and what the image exposes. In the host's network nobody publishes anything. */
function dockerPorts(container: DockerContainer): ExpectedPort[] {
  const byPort = new Map<string, ExpectedPort>();
  for (const { port, protocol, hostPort } of publishedPorts(container)) {
    byPort.set(`${port}/${protocol}`, { port, protocol, by: 'published', name: `host port ${hostPort}` });
  }
  for (const name of Object.keys(container.NetworkSettings.Ports ?? {})) {
    const [port = '', protocol = ''] = name.split('/');
    const known = ipProtocol(protocol.toUpperCase());
    if (known === undefined || byPort.has(name)) continue;
    byPort.set(name, { port: Number(port), protocol: known, by: 'declared', name: containerName(container) });
  }
  return [...byPort.values()];
}

/** Each port once; where a Service sends to it, that is what counts. */
function expectedPorts(pod: Pod, services: readonly Service[]): ExpectedPort[] {
  const all = [...services.flatMap((s) => servicePorts(pod, s)), ...declaredPorts(pod)];
  const known = new Set<string>();
  return all.filter(({ port, protocol }) => {
    const key = `${protocol} ${port}`;
    return !known.has(key) && Boolean(known.add(key));
  });
}

function servicePorts(pod: Pod, { metadata, spec }: Service): ExpectedPort[] {
  const labels = pod.metadata?.labels ?? {};
  const selector = Object.entries(spec?.selector ?? {});
  if (selector.length === 0 || !selector.every(([key, value]) => labels[key] === value)) return [];
  return (spec?.ports ?? []).flatMap(({ port, targetPort = port, protocol = 'TCP' }): ExpectedPort[] => {
    const number = typeof targetPort === 'number' ? targetPort : namedPort(pod, String(targetPort), protocol);
    const known = ipProtocol(protocol);
    return number === undefined || known === undefined
      ? []
      : [{ port: number, protocol: known, by: 'service', name: `svc/${metadata?.name}` }];
  });
}

function namedPort(pod: Pod, name: string, protocol: string): number | undefined {
  const ports = (pod.spec?.containers ?? []).flatMap((c) => c.ports ?? []);
  return ports.find((p) => p.name === name && (p.protocol ?? 'TCP') === protocol)?.containerPort;
}

function declaredPorts(pod: Pod): ExpectedPort[] {
  return (pod.spec?.containers ?? []).flatMap((container) =>
    (container.ports ?? []).flatMap((p): ExpectedPort[] => {
      const protocol = ipProtocol(p.protocol ?? 'TCP');
      return protocol === undefined
        ? []
        : [{ port: p.containerPort, protocol, by: 'declared', name: container.name }];
    }),
  );
}

function ipProtocol(text: string): 'tcp' | 'udp' | undefined {
  return text === 'TCP' ? 'tcp' : text === 'UDP' ? 'udp' : undefined;
}
