/** connected, denied, refused: what the firewall check saw of every address that a destination has. Pure. */

import type { ConnectionExpectation, TestAssertion, TestOutcome } from '../model/network-test.ts';
import type { Finding, Report } from '../model/report.ts';
import { socketAddress } from '../model/socket-address.ts';
import { checkOf, type Reached, reached } from './measured.ts';
import {
  assertion,
  type Listener,
  listenerKey,
  type Question,
  type Seen,
  type Witnesses,
  worst,
} from './question.ts';

/** One address, judged. */
interface Part {
  readonly outcome: TestOutcome;
  readonly seen: string;
  /** A listener that somebody else has to reach. */
  readonly needs?: Listener;
  readonly provenBy?: string;
}

export interface ConnectionAnswer {
  readonly assertion: TestAssertion;
  /** Listeners that nobody is known to have reached, where a denial hangs on nothing else. */
  readonly needs: readonly Listener[];
  readonly provenBy: readonly string[];
}

/** Causes that say nothing for certain. */
const UNCLEAR: readonly string[] = ['unmeasured', 'no-datagram', 'error'];

export function connectionAnswer(
  expected: ConnectionExpectation,
  { labels }: Question,
  { report }: Seen,
  witnesses: Witnesses,
): ConnectionAnswer {
  const all = reached(report, labels);
  if (all.length === 0) {
    const said = checkOf(report, 'firewall')?.summary.replace(/\.$/, '') ?? 'it was not measured';
    return { assertion: assertion('connection', expected, 'unknown', said), needs: [], provenBy: [] };
  }
  const judge = { connected, refused, denied }[expected];
  const parts = (expected === 'denied' ? listeners(all) : all).map((one) => judge(one, report, witnesses));
  const outcome = worst(parts.map((part) => part.outcome));
  const telling = parts.filter((part) => part.outcome === outcome);
  const isAll = outcome === 'met' && expected !== 'denied' && parts.length > 1;
  const seen = isAll
    ? [`${expected} at each of ${parts.length} addresses`]
    : [...new Set(telling.map((part) => part.seen))];
  const more = seen.length > 2 ? `, and ${seen.length - 2} more` : '';
  return {
    assertion: assertion('connection', expected, outcome, `${seen.slice(0, 2).join('; ')}${more}`),
    needs: outcome === 'notProven' || outcome === 'met' ? parts.flatMap(({ needs }) => needs ?? []) : [],
    provenBy: [...new Set(parts.flatMap(({ provenBy }) => provenBy ?? []))],
  };
}

function nameOf({ name, address, port }: Reached): string {
  return name.includes(address) ? name : `${name} (${socketAddress(address, port)})`;
}

function connected(one: Reached, report: Report): Part {
  const seen = `${nameOf(one)}: ${one.seen}`;
  // Whoever connects to a name that does not exist gets no connection: that is an answer.
  const nameless = one.cause === 'unmeasured' ? withoutName(report, one) : undefined;
  if (nameless !== undefined) return { outcome: 'failed', seen: `${seen}: ${words(nameless)}` };
  if (UNCLEAR.includes(one.cause)) return { outcome: 'unknown', seen };
  if (one.cause !== 'open') return { outcome: 'failed', seen };
  const proxy = answeredHere(report, one);
  if (proxy !== undefined) return { outcome: 'unknown', seen: words(proxy) };
  const broken = about(report, one).find(({ severity }) => severity === 'critical');
  return broken === undefined ? { outcome: 'met', seen } : { outcome: 'failed', seen: words(broken) };
}

/** A proxy of the target itself that answers for everybody: what it says is not said by the destination. */
function answeredHere(report: Report, one: Reached): Finding | undefined {
  return about(report, one).find(({ id }) => id === 'NT-PROXY-001');
}

/** What the look-up of a destination's name came to, where that is why nothing was sent. */
function withoutName(report: Report, { address }: Reached): Finding | undefined {
  const findings = checkOf(report, 'dns')?.findings ?? [];
  return findings.find(({ severity, subject }) => severity === 'critical' && subject === address);
}

function refused(one: Reached, report: Report): Part {
  const seen = `${nameOf(one)}: ${one.seen}`;
  const proxy = one.cause === 'open' ? answeredHere(report, one) : undefined;
  if (proxy !== undefined) return { outcome: 'unknown', seen: words(proxy) };
  if (UNCLEAR.includes(one.cause)) return { outcome: 'unknown', seen };
  // A counter that grew meanwhile, and may have been about something else, is all that speaks for a filter.
  if (one.cause === 'rejected' && !one.isTold)
    return { outcome: 'unknown', seen: `${seen}, of the destination or of a filter` };
  return { outcome: one.cause === 'refused' ? 'met' : 'failed', seen };
}

/** How a policy looks from the source: plugins drop, and some reject. */
const BY_POLICY: readonly string[] = ['dropped', 'no-datagram', 'rejected', 'prohibited'];
/** Findings that name who stops a connection on purpose: a filter that says so, a rule that counted it, a policy. */
const BY_RULE: readonly string[] = ['NT-FW-002', 'NT-FW-003', 'NT-FW-004', 'NT-FW-005', 'NT-FW-006'];

function denied(one: Reached, report: Report, { reached: by, unreached }: Witnesses): Part {
  const name = nameOf(one);
  const proxy = one.cause === 'open' ? answeredHere(report, one) : undefined;
  if (proxy !== undefined) return { outcome: 'notProven', seen: words(proxy) };
  if (one.cause === 'open' || one.cause === 'stalled')
    return { outcome: 'failed', seen: `${name} can be reached: ${one.seen}` };
  // What follows from something else, as a rejection from a Service without endpoints, is nobody's decision.
  const rule = about(report, one).find(
    ({ id, causedBy }) => BY_RULE.includes(id) && (causedBy === undefined || BY_RULE.includes(causedBy)),
  );
  const isPolicy = one.policy === 'denied' && BY_POLICY.includes(one.cause);
  if (rule === undefined && !isPolicy) {
    if (UNCLEAR.includes(one.cause)) return { outcome: 'unknown', seen: `${name}: ${one.seen}` };
    const why =
      one.cause === 'refused'
        ? 'the destination itself refuses, because nobody listens there'
        : 'no policy or rule that could be read is the reason';
    return { outcome: 'notProven', seen: `${name}: ${one.seen}, and ${why}` };
  }
  const reason = rule === undefined ? 'NetworkPolicies deny it' : `${rule.title} (${rule.id})`;
  // Nobody sees a policy drop a packet: one that would be lost without it shows nothing of the policy.
  const lost = rule === undefined || rule.id === 'NT-FW-006' ? brokenWay(report, one) : undefined;
  if (lost !== undefined)
    return {
      outcome: 'notProven',
      seen: `${name}: ${one.seen}, and the policy need not be the reason: ${words(lost)}`,
    };
  const key = listenerKey(one);
  const witness = by.get(key);
  if (witness !== undefined)
    return { outcome: 'met', seen: `${name}: ${one.seen}; ${reason}`, provenBy: witness };
  const { protocol, address, port } = one;
  const nobody = unreached.get(key) ?? 'nobody else has tried';
  return {
    outcome: 'notProven',
    seen: `${name}: ${one.seen}, but it is not known that somebody listens there (${nobody})`,
    needs: { protocol, address, port },
  };
}

/** A Service's own address leads to its endpoints: these are what listens. */
function listeners(all: readonly Reached[]): readonly Reached[] {
  const endpoints = all.filter(({ name }) => name.includes(' → '));
  if (endpoints.length === 0) return all;
  // What takes a connection at the Service's address is reachable, whatever its endpoints are.
  return all.filter((one) => endpoints.includes(one) || one.cause === 'open' || one.cause === 'stalled');
}

/** A fault of the source's interface, of its neighbours, or of its routes. */
const OF_THE_WAY = /^NT-(?:IF|ARP|RT)-/;

/** What is broken on the way of all that the source sends, or of what it sends to this one. */
function brokenWay(report: Report, one: Reached): Finding | undefined {
  const all = report.checks.flatMap(({ findings }) => findings);
  const own = all.filter((finding) => isAbout(finding, one));
  const isItsCause = ({ id }: Finding): boolean => own.some(({ causedBy }) => causedBy === id);
  const isOfAll = ({ severity, subject }: Finding): boolean =>
    severity === 'critical' && (subject === undefined || subject === 'gateway');
  return all.find(
    (finding) =>
      OF_THE_WAY.test(finding.id) &&
      finding.severity !== 'info' &&
      (isOfAll(finding) || isItsCause(finding) || isAbout(finding, one)),
  );
}

/** What is found of it, or of the Service as a whole. */
function about(report: Report, one: Reached): readonly Finding[] {
  return report.checks
    .filter(({ id }) => id === 'firewall' || id === 'service' || id === 'path')
    .flatMap(({ findings }) => findings)
    .filter((finding) => isAbout(finding, one));
}

function isAbout({ subject }: Finding, { name }: Reached): boolean {
  return subject !== undefined && (subject === name || name.startsWith(`${subject} → `));
}

function words({ summary, id }: Finding): string {
  return `${summary.replace(/\.$/, '')} (${id})`;
}
