/** The input of the sockets check: on which ports the pod is expected to listen. */

import type { InputContext } from '../../cluster/context.ts';
import { declaredPorts } from '../../cluster/pod-ports.ts';
import { unreadReason } from '../../cluster/reading.ts';
import { containerName, publishedPorts } from '../../docker/container.ts';
import type { DockerContainer } from '../../docker/types.ts';
import type { InputOf } from '../../model/check.ts';
import type { Pod, Service } from '../../model/kube-objects.ts';
import { thresholdsIn } from '../shared/about.ts';
import about from './about.ts';
import type check from './check.ts';
import type { ExpectedPort } from './facts.ts';

export default async function prepare({ subject, args }: InputContext): Promise<InputOf<typeof check>> {
  const { portShare } = thresholdsIn(args, about);
  const { cluster, pod, docker } = subject;
  if (docker) return { expected: dockerPorts(docker.container), portShare };
  // Nobody says of a host on which ports it should listen.
  if (!cluster || !pod) return { expected: [], portShare };
  const services = await cluster.services(pod.metadata?.namespace ?? cluster.namespace);
  return {
    expected: expectedPorts(pod, services.value ?? []),
    portShare,
    ...(services.value === undefined ? { servicesSkipped: unreadReason(services) } : {}),
  };
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
  const all = [...services.flatMap((s) => servicePorts(pod, s)), ...declared(pod)];
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
  return declaredPorts(pod).find((p) => p.name === name && p.protocol === protocol)?.port;
}

function declared(pod: Pod): ExpectedPort[] {
  return declaredPorts(pod).flatMap(({ port, protocol, container }): ExpectedPort[] => {
    const known = ipProtocol(protocol);
    return known === undefined ? [] : [{ port, protocol: known, by: 'declared', name: container }];
  });
}

function ipProtocol(text: string): 'tcp' | 'udp' | undefined {
  return text === 'TCP' ? 'tcp' : text === 'UDP' ? 'udp' : undefined;
}
