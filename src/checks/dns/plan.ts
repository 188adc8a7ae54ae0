/** The commands of the dns check: the resolver's configuration, and one probe that asks everything at once. Pure. */
import type { ProbeScripts, StagedPlan } from '../../model/check.ts';
import type { DnsInput } from './facts.ts';

/** Of many replicas a few show which kind fails; asking all of them would be a load test. */
const MAX_ENDPOINTS = 8;
/**
 * Two rounds of 6 s, the further questions, and who refused: only when servers are silent. The shell script, which asks
 * one server after the other, takes as long for each.
 */
const PROBE_LIMIT_SECONDS = 60;

export function planDns(input: DnsInput, scripts: ProbeScripts): StagedPlan {
  const endpoints = (input.services.value ?? [])
    .flatMap((service) => service.endpoints)
    .slice(0, MAX_ENDPOINTS)
    .map((e) => `${e.address}/${e.udpPort}/${e.tcpPort}`);
  const names = [...new Set([...input.names, ...input.destinations])];
  return {
    before: [
      { id: 'status', argv: ['cat', '/proc/self/status'], timeoutSeconds: 5 },
      { id: 'resolv-conf', argv: ['cat', '/etc/resolv.conf'], timeoutSeconds: 5 },
    ],
    probe: [
      {
        id: 'dns',
        argv: ['sh', '-c', scripts.dns, 'dns', endpoints.join(' '), ...names],
        timeoutSeconds: PROBE_LIMIT_SECONDS,
        display: ['dns-probe', ...endpoints, ...names],
      },
    ],
    after: [],
  };
}
