/** From the evidence of a run to its result: pure, so that saved evidence gives the same result again. */
import type { Judgement } from '../../model/check.ts';
import type { Evidence } from '../../model/evidence.ts';
import { type CheckStatus, type Finding, type Json, statusOf } from '../../model/report.ts';
import { Skips } from '../skipped.ts';
import { type Attempt, endpointName, type ServiceFacts, type ServiceInput, working } from './facts.ts';
import { servicesFacts } from './gathered.ts';
import { SERVICE_RULES } from './rules/index.ts';
import { attemptText } from './words.ts';

export function judgeService(evidence: Evidence, input: ServiceInput): Judgement {
  const facts = servicesFacts(evidence, input);
  const findings = [...SERVICE_RULES.flatMap((rule) => rule.judge(facts)), ...skipped(facts.services)];
  const worst = statusOf(findings);
  const unmeasured = facts.services.filter((s) => !isMeasured(s));
  const status: CheckStatus = worst === 'pass' && unmeasured.length > 0 ? 'error' : worst;
  return {
    status,
    summary: summary(facts.services, findings, unmeasured),
    measurements: { services: facts.services.map(serviceJson) },
    findings,
  };
}

function isMeasured({ info, endpoints, virtual }: ServiceFacts): boolean {
  const all = [...virtual, ...endpoints.map((e) => e.attempt)];
  // "92 of 100 answer" is no pass while nobody knows of the other 8.
  if (
    info.protocol === 'tcp' &&
    endpoints.some((e) => e.endpoint.isSweptOnly && e.attempt.state === 'unclear')
  )
    return false;
  return info.type === 'ExternalName' || all.length === 0 || all.some((a) => a.state !== 'unclear');
}

function skipped(services: readonly ServiceFacts[]): Finding[] {
  const skips = new Skips();
  for (const { info, endpoints, virtual } of services) {
    for (const one of endpoints) skips.add(unclear(one.attempt), endpointName(one));
    for (const one of virtual) skips.add(unclear(one), `the cluster IP of ${info.label}`);
  }
  const unread = services.filter(({ info, rules }) => info.proxied !== undefined && rules === undefined);
  for (const { info } of unread.filter(({ info }) => info.clusterIp !== undefined)) {
    skips.add(
      'kube-proxy has none here that can be read (nftables or iptables mode, with NET_ADMIN)',
      `kube-proxy's rules for ${info.label} (NT-SVC-009)`,
    );
  }
  return skips.findings();
}

function unclear({ state, reach }: Attempt): string | undefined {
  if (state !== 'unclear') return undefined;
  return reach.skipped ?? 'a datagram got no answer, and no error: that says nothing';
}

function summary(
  services: readonly ServiceFacts[],
  findings: readonly Finding[],
  unmeasured: readonly ServiceFacts[],
): string {
  const first =
    findings.find((f) => f.severity === 'critical') ?? findings.find((f) => f.severity === 'warning');
  if (first) return first.summary;
  const [lost] = unmeasured;
  const all = lost && [...lost.virtual, ...lost.endpoints.map((e) => e.attempt)];
  const left = all?.filter((attempt) => attempt.state === 'unclear') ?? [];
  if (lost && all && left.length < all.length)
    return `${left.length} of ${lost.endpoints.length} endpoints of ${lost.info.label} could not be measured: ${unclear(left[0] ?? EMPTY)}.`;
  if (lost) return `${lost.info.label} could not be measured: ${unclear(all?.[0] ?? EMPTY)}.`;
  return services.map(healthy).join(' ');
}

const EMPTY: Attempt = {
  state: 'unclear',
  isSlow: false,
  result: undefined,
  reach: { skipped: 'nothing was tried' },
};

function healthy(facts: ServiceFacts): string {
  const { info, endpoints, virtual } = facts;
  if (info.externalName !== undefined) return `${info.label} is an alias for ${info.externalName}.`;
  return `${working(facts).length} of ${endpoints.length} endpoints of ${info.label} answer${virtual.length > 0 ? `, and so does its cluster IP ${info.clusterIp}` : ''}.`;
}

function serviceJson({ info, endpoints, virtual, names: [name], rules }: ServiceFacts): Json {
  return {
    name: info.label,
    type: info.type,
    clusterIp: info.clusterIp ?? null,
    port: info.port,
    protocol: info.protocol,
    targetPort: info.targetPort,
    ready: info.ready,
    notReady: info.notReady.map((p) => ({ ...p })),
    endpoints: endpoints.map((e) => ({
      address: e.endpoint.address,
      port: e.endpoint.port,
      pod: e.endpoint.pod ?? null,
      node: e.endpoint.node ?? null,
      isTarget: e.isSelf,
      ...attemptJson(e.attempt),
    })),
    virtual: virtual.map(attemptJson),
    ...(info.proxied === undefined
      ? {}
      : {
          proxyRules: rules
            ? { mode: rules.mode, endpoints: rules.endpoints ? [...rules.endpoints] : null }
            : null,
        }),
    byName: name ? attemptJson(name) : null,
  };
}

function attemptJson(attempt: Attempt): { readonly [key: string]: Json } {
  const ms = attempt.reach.value?.tries.at(-1)?.ms;
  return { state: attempt.state, seen: attemptText(attempt), ms: ms ?? null };
}
