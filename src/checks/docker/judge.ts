/** From what the engine said to a result: pure, so that saved evidence gives the same result again. */
import type { Judgement } from '../../model/check.ts';
import type { Evidence } from '../../model/evidence.ts';
import { type Finding, statusOf } from '../../model/report.ts';
import { Skips } from '../skipped.ts';
import type { DockerFacts, DockerInput } from './facts.ts';
import { dockerFacts } from './gathered.ts';
import { DOCKER_RULES } from './rules/index.ts';

export function judgeDocker(evidence: Evidence, input: DockerInput): Judgement {
  const { hostSkipped, ...facts } = dockerFacts(evidence, input);
  const findings = DOCKER_RULES.flatMap((rule) => rule.judge(facts));
  const skips = new Skips();
  skips.add(hostSkipped, "the Docker host's side (published ports, forwarding, address translation)");
  return {
    status: statusOf(findings),
    summary: summary(facts, findings),
    measurements: {
      mode: input.mode,
      networks: input.networks.map((network) => ({ ...network })),
      published: input.published.map((port) => ({ ...port })),
      nameServers: facts.nameServers === undefined ? null : [...facts.nameServers],
      peers: input.peers.map((peer) => ({ ...peer })),
      bridges: facts.links.map(({ network, bridge }) => ({ network: network.name, bridge })),
    },
    findings: [...findings, ...skips.findings()],
  };
}

function summary({ input }: DockerFacts, findings: readonly Finding[]): string {
  const first = findings.find(({ severity }) => severity !== 'info');
  if (first) return first.summary;
  const { mode, networks, published } = input;
  // One port may be published on an IPv4 and on an IPv6 address.
  const count = new Set(published.map(({ port, protocol }) => `${port}/${protocol}`)).size;
  const ports = count === 1 ? '1 port is' : `${count} ports are`;
  if (mode === 'host') return "The container is in the host's own network, where publishing does nothing.";
  if (mode.startsWith('container:'))
    return `The container is in the network of container ${mode.slice('container:'.length, 22)}.`;
  const names = networks.map(({ name, driver }) => `${name} (${driver})`).join(', ');
  return `The container is on ${names}, and ${ports} published.`;
}
