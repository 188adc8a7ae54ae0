/** Inputs and facts of the dns check for tests: recorded runs, and single queries with what is to be judged changed. */
import type { DnsEndpoint, DnsFacts, DnsInput, DnsService } from '../../../../src/checks/dns/facts.ts';
import { dnsFacts } from '../../../../src/checks/dns/gathered.ts';
import { judgeDns } from '../../../../src/checks/dns/judge.ts';
import type { Judgement } from '../../../../src/model/check.ts';
import type { Evidence, ProbeResult } from '../../../../src/model/evidence.ts';
import type { Occurrence } from '../../../../src/model/finding.ts';
import type { DnsQuery } from '../../../../src/parsers/dns-probe.ts';
import { recording } from '../../../recordings/recordings.ts';

/** Where the recordings were made. */
export const NAMESPACE = 'nettools-rec-dns';
export const SERVICE_ADDRESS = '198.19.0.10';
export const POD = '198.18.1.77';

/** The servers that the recorded probe was told of. */
function endpoints(name: string): DnsEndpoint[] {
  const told = recording(name).argv[2] ?? '';
  return told.split(' ').map((text, i) => {
    const address = text.split('/')[0] ?? '';
    const pod = {
      namespace: 'kube-system',
      name: `coredns-${i}`,
      labels: { 'k8s-app': 'kube-dns' },
      ports: [],
      hostNetwork: false,
    };
    return { address, udpPort: 53, tcpPort: 53, pod: pod.name, node: `node${i + 1}`, end: { address, pod } };
  });
}

export function service(name: string, changes: Partial<DnsService> = {}): DnsService {
  return {
    namespace: 'kube-system',
    name: 'kube-dns',
    addresses: [SERVICE_ADDRESS],
    endpoints: endpoints(name),
    ...changes,
  };
}

/** @param name of the recording, without `dns-` */
export function inputOf(name: string, changes: Partial<DnsInput> = {}): DnsInput {
  const recorded = `dns-${name}`;
  return {
    names: recording(recorded).argv.slice(3),
    destinations: [],
    pod: { policy: 'ClusterFirst', hostNetwork: false, configServers: [], addresses: [POD] },
    services: { value: [service(recorded)] },
    policies: {
      value: {
        from: {
          address: POD,
          pod: {
            namespace: NAMESPACE,
            name: 'client',
            labels: { app: 'client' },
            ports: [],
            hostNetwork: false,
          },
        },
        policies: [],
      },
    },
    ...changes,
  };
}

function result(
  id: string,
  command: readonly string[],
  stdout: string,
  changes: Partial<ProbeResult> = {},
): ProbeResult {
  return {
    id,
    command,
    status: 'exited',
    code: 0,
    durationMs: 100,
    stdout,
    stderr: '',
    truncated: false,
    ...changes,
  };
}

/** The evidence of a recorded run; `conf` in place of the kubelet's resolv.conf. */
export function evidenceOf(
  name: string,
  conf: string = recording('resolv-conf').stdout,
  dns: Partial<ProbeResult> = {},
  status = 'proc-status-netadmin',
): Evidence {
  return {
    status: result('status', ['cat', '/proc/self/status'], recording(status).stdout),
    'resolv-conf': result('resolv-conf', ['cat', '/etc/resolv.conf'], conf),
    dns: result('dns', ['dns-probe'], recording(`dns-${name}`).stdout, dns),
  };
}

export function judged(name: string, changes: Partial<DnsInput> = {}, conf?: string): Judgement {
  return judgeDns(evidenceOf(name, conf), inputOf(name, changes));
}

export function factsOf(name: string, changes: Partial<DnsInput> = {}, conf?: string): DnsFacts {
  return dnsFacts(evidenceOf(name, conf), inputOf(name, changes));
}

/** `ID severity`, worst first as the rules give them, without what could not be measured. */
export function ids(findings: readonly Occurrence[]): string[] {
  return findings.filter(({ id }) => id !== 'NT-SYS-001').map(({ id, severity }) => `${id} ${severity}`);
}

/** A query of the recorded healthy server, changed. */
export function query(changes: Partial<DnsQuery> = {}): DnsQuery {
  const recorded = factsOf('healthy').servers[0]?.udp.queries[0];
  if (!recorded) throw new Error('no query was recorded');
  return { ...recorded, ...changes };
}

/** The facts of a healthy run whose only server was asked these by UDP. */
export function withQueries(queries: readonly DnsQuery[]): DnsFacts {
  const facts = factsOf('healthy');
  const servers = facts.servers.map((server) => ({
    ...server,
    udp: { ...server.udp, queries },
    tcp: { ...server.tcp, queries: [] },
  }));
  return { ...facts, servers };
}
