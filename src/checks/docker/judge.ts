/** From what the engine said to a result: pure, so that saved evidence gives the same result again. */
import type { Judgement } from '../../model/check.ts';
import type { Evidence } from '../../model/evidence.ts';
import { type Finding, statusOf } from '../../model/report.ts';
import { parseResolvConf } from '../../parsers/resolv-conf.ts';
import type { DockerFacts, DockerInput } from './facts.ts';
import { DOCKER_RULES } from './rules/index.ts';

export function judgeDocker(evidence: Evidence, input: DockerInput): Judgement {
  const resolvConf = evidence['resolv-conf'];
  const nameServers = resolvConf?.code === 0 ? parseResolvConf(resolvConf.stdout).servers : undefined;
  const facts: DockerFacts = { input, nameServers };
  const findings = DOCKER_RULES.flatMap((rule) => rule.judge(facts));
  return {
    status: statusOf(findings),
    summary: summary(facts, findings),
    measurements: {
      mode: input.mode,
      networks: input.networks.map((network) => ({ ...network })),
      published: input.published.map((port) => ({ ...port })),
      nameServers: nameServers ?? null,
      peers: input.peers.map((peer) => ({ ...peer })),
    },
    findings,
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
