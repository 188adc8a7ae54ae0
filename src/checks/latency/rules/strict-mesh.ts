import { advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { quote, quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { LatencyFacts, PathFacts } from '../facts.ts';

const meta = {
  id: 'NT-HTTP-007',
  title: "A pod of the service mesh takes the mesh's TLS only, and the target is not of the mesh",
  severities: ['critical', 'info'],
  meaning:
    "The sidecar of the pod (or the node's ztunnel) takes the connection, sees that it does not begin with the mutual TLS of the mesh, and closes or resets it. That is what mode STRICT of a PeerAuthentication asks for. Whoever is outside of the mesh fails: a pod without a sidecar, a job, a node, a monitoring server. By the kernel's view all is well: connections open.",
  rule: 'The request to a DEST that is a URL was ended before any answer; DEST is a pod with a container istio-proxy (or the annotation of ambient mode), the target is no such pod, and the PeerAuthentication that decides says STRICT for that port (the one of the workload before the one of its namespace, that before the one of istio-system). An info where PeerAuthentications may not be read.',
  source: 'Istio documentation, PeerAuthentication',
  remedy:
    'Ask from a pod of the mesh (label sidecar.istio.io/inject, or istio-injection of its namespace), or let the port take both: mode PERMISSIVE for it (portLevelMtls of a PeerAuthentication with a selector), or leave it to the server alone (annotation traffic.sidecar.istio.io/excludeInboundPorts of the pod).',
  explains: { depth: 639, subject: ['NT-HTTP-001', 'NT-HTTP-006'] },
} as const;

const SCOPE = { workload: 'the workload', namespace: 'the namespace', mesh: 'the whole mesh' } as const;

function judge({ brokenOff, mesh, destination, results }: PathFacts): Occurrence[] {
  if (brokenOff === undefined || mesh === undefined) return [];
  const { label: subject, url } = destination;
  const ended = brokenOff === 'reset' ? 'resets' : 'closes';
  const what = `${url} takes the connection and ${ended} it before any byte of an answer`;
  const quotes = quote(results.http, /./, 2);
  if (mesh.mode === 'unknown')
    return [
      occurrence(
        meta,
        'info',
        `${what}: ${mesh.pod} is of a service mesh (${mesh.sign}), and the target is not. Whether its proxy takes the mesh's TLS only, its PeerAuthentications say, which could not be read: ${mesh.unread}.`,
        quotes,
        { subject },
      ),
    ];
  if (mesh.mode !== 'STRICT' || mesh.by === undefined) return [];
  const { name, namespace, level } = mesh.by;
  return [
    occurrence(
      meta,
      'critical',
      `${what}, as PeerAuthentication ${namespace}/${name} asks of the proxy of ${mesh.pod} (${mesh.sign}): mutual TLS is STRICT for ${SCOPE[level]}, and the target is not of the mesh.`,
      [
        quoteApi(
          kubectl`get peerauthentications.security.istio.io -n ${namespace} ${name} -o jsonpath={.spec}`,
          'STRICT',
        ),
        ...quotes,
      ],
      {
        subject,
        remediation: advice`${meta.remedy}\n${kubectl`get peerauthentications.security.istio.io -n ${namespace} ${name} -o yaml`}`,
      },
    ),
  ];
}

export const strictMesh: Rule<LatencyFacts> = {
  meta,
  judge: ({ paths }) => paths.flatMap(judge),
};
