/** From the evidence of a run to its result: pure, so that saved evidence gives the same result again. */

import type { Judgement } from '../../model/check.ts';
import type { Evidence } from '../../model/evidence.ts';
import type { PlaceWords } from '../../model/place-words.ts';
import type { Reason } from '../../model/reason.ts';
import type { Json } from '../../model/report.ts';
import { conclude, type Outcome } from '../shared/judgement.ts';
import { cutReason } from '../shared/measured.ts';
import { POD_WORDS } from '../shared/place-words.ts';
import { because, tell } from '../shared/reason.ts';
import { Skips } from '../shared/skipped.ts';
import { type Attempt, endpointName, type ServiceFacts, type ServiceInput, working } from './facts.ts';
import { servicesFacts } from './gathered.ts';
import { SERVICE_RULES } from './rules/index.ts';
import { attemptText } from './words.ts';

export function judgeService(
  evidence: Evidence,
  input: ServiceInput,
  words: PlaceWords = POD_WORDS,
): Judgement {
  const facts = servicesFacts(evidence, input);
  return conclude(evidence, {
    found: SERVICE_RULES.flatMap((rule) => rule.judge(facts)),
    skips: skipped(facts.services, words),
    measurements: { services: facts.services.map(serviceJson) },
    otherwise: () => outcome(facts.services, words),
  });
}

function skipped(services: readonly ServiceFacts[], words: PlaceWords): Skips {
  const skips = new Skips(words);
  for (const { info, endpoints, virtual } of services) {
    for (const one of endpoints) skips.add(unclear(one.attempt), endpointName(one));
    for (const one of virtual) skips.add(unclear(one), `the cluster IP of ${info.label}`);
  }
  const unread = services.filter(({ info, rules }) => info.proxied !== undefined && rules === undefined);
  for (const { info, rulesResult } of unread.filter(({ info }) => info.clusterIp !== undefined)) {
    skips.add(
      (rulesResult && cutReason(rulesResult)) ??
        'kube-proxy has none here that can be read (nftables or iptables mode, with NET_ADMIN)',
      `kube-proxy's rules for ${info.label} (NT-SVC-009)`,
    );
  }
  return skips;
}

function unclear({ state, reach }: Attempt): Reason | undefined {
  if (state !== 'unclear') return undefined;
  return reach.skipped ?? because('a datagram got no answer, and no error: that says nothing');
}

function outcome(services: readonly ServiceFacts[], words: PlaceWords): Outcome {
  for (const { info, virtual, endpoints } of services) {
    const attempts = [
      ...virtual.map((one) => ({ name: info.label, one })),
      ...endpoints.map((e) => ({ name: `${endpointName(e)} of ${info.label}`, one: e.attempt })),
    ];
    const lost = attempts.find(({ one }) => unclear(one) !== undefined);
    const silent = endpoints.flatMap((e) => unclear(e.attempt) ?? []);
    if (silent[0] && silent.length > 1) {
      const summary = `${silent.length} of ${endpoints.length} endpoints of ${info.label} could not be measured: ${tell(silent[0], words)}.`;
      return { status: 'error', summary };
    }
    const reason = lost && unclear(lost.one);
    if (reason)
      return { status: 'error', summary: `${lost.name} could not be measured: ${tell(reason, words)}.` };
  }
  if (services.length === 0) return { status: 'skip', summary: 'There is no Service to look at.' };
  return { status: 'pass', summary: services.map(healthy).join(' ') };
}

function healthy(facts: ServiceFacts): string {
  const { info, endpoints, virtual } = facts;
  if (info.externalName !== undefined) return `${info.label} is an alias for ${info.externalName}.`;
  if (info.isGlobal && endpoints.length === 0)
    return `${info.label} has no ready endpoint in this cluster, and its cluster IP ${info.clusterIp} answers: those of other clusters do.`;
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
