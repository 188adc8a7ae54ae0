/**
 * Which finding explains which, as the rules' metadata has it: the report leads with causes, and lists what follows from
 * them under them. Pure.
 */
import type { Explanation, FindingMeta, FindingPrefix, Occurrence } from '../model/finding.ts';
import { byLead, NAME_SERVER } from '../model/lead.ts';
import type { Finding } from '../model/report.ts';
import { FINDINGS } from './findings.ts';

interface Cause extends Explanation {
  readonly id: string;
}

const METAS: ReadonlyMap<string, FindingMeta> = new Map(FINDINGS.map((meta) => [meta.id, meta]));

/** Deepest first. */
const CAUSES: readonly Cause[] = FINDINGS.flatMap(({ id, explains }) =>
  explains === undefined ? [] : [{ id, ...explains }],
).sort((a, b) => a.depth - b.depth);

/** What of a finding says what it follows from: known before its remedy is made for the target. */
type Linked = Omit<Finding, 'remediation'> & Pick<Occurrence, 'spares' | 'covers'>;

/** A finding of the report that still says what it explains nothing of, and what it is the whole of. */
export type Unlinked = Finding & Pick<Occurrence, 'spares' | 'covers'>;

/** Sets `causedBy` where another finding of the run explains one. An explanation is never an `info`. */
export function linkCauses<Found extends Linked>(
  findings: readonly Found[],
): Omit<Found, 'spares' | 'covers'>[] {
  return findings.map((finding) => {
    const cause =
      CAUSES.find((one) => isCauseOf(one, finding, findings)) ??
      findings.find((whole) => isCovered(finding, whole));
    const { spares: _spares, covers: _covers, ...told } = finding;
    return cause === undefined ? told : { ...told, causedBy: cause.id };
  });
}

/** It is one case of what the other is the whole of. */
function isCovered(effect: Linked, { covers, severity, subject }: Linked): boolean {
  return severity !== 'info' && subject === effect.subject && isAmong(covers, effect);
}

function isCauseOf(cause: Cause, effect: Linked, all: readonly Linked[]): boolean {
  if (effect.id === cause.id || effect.severity === 'info') return false;
  // One case explains nothing of the whole.
  if (isAmong(effect.covers, cause)) return false;
  const ofTarget = isAmong(cause.target, effect);
  if (!ofTarget && !isAmong(cause.subject, effect)) return false;
  return all.some(
    (finding) =>
      finding.id === cause.id &&
      finding.severity !== 'info' &&
      (ofTarget ? !isSpared(finding, effect) : concerns(finding, effect)),
  );
}

/** The effect is about a destination that the cause is not on the way to. */
function isSpared({ spares }: Linked, { subject }: Linked): boolean {
  return (
    subject !== undefined &&
    spares?.some((label) => subject === label || subject.startsWith(`${label} → `)) === true
  );
}

function isAmong(effects: readonly FindingPrefix[] | undefined, { id }: Pick<Linked, 'id'>): boolean {
  return effects?.some((effect) => id === effect || id.startsWith(`${effect}-`)) === true;
}

/**
 * About the same destination, or the cause is a Service's and the effect one of its endpoints' (`svc/db → pod`); the
 * other way round where the effect follows from its parts.
 */
function concerns(cause: Linked, effect: Linked): boolean {
  // What a node drops of whoever's flows is no part of what the target's own suffer.
  if (cause.subject === undefined && cause.id.startsWith('NT-DROP-')) return false;
  if (cause.subject === effect.subject) return true;
  // The name server of resolv.conf is a destination of every check.
  if (cause.subject === NAME_SERVER && effect.subject === undefined) return effect.id.startsWith('NT-DNS-0');
  // A name is what the destinations are called by that have it as their host.
  if (
    cause.subject !== undefined &&
    cause.id.startsWith('NT-DNS-') &&
    hostIn(effect.subject) === cause.subject
  )
    return true;
  const isWithin = (part: Linked, whole: Linked): boolean =>
    whole.subject !== undefined && part.subject?.startsWith(`${whole.subject} → `) === true;
  return (
    isWithin(effect, cause) || (METAS.get(effect.id)?.followsFromParts === true && isWithin(cause, effect))
  );
}

/** `api.example.com` of `https://api.example.com:8443/v1` and of `api.example.com:443`. */
function hostIn(subject: string | undefined): string | undefined {
  return subject === undefined ? undefined : /^(?:[a-z]+:\/\/)?([^/:[\]\s]+)/i.exec(subject)?.[1];
}

/** Findings in the order of a story: causes first, the gravest of them at the top; what follows, after. */
export function byCause(findings: readonly Finding[]): Finding[] {
  const named = new Set(findings.map(({ causedBy }) => causedBy));
  const follows = ({ causedBy }: Finding): number => (causedBy === undefined ? 0 : 1);
  // One that explains nothing here is no cause here, whatever it can explain.
  const depth = ({ id }: Finding): number => {
    const at = named.has(id) ? CAUSES.findIndex((cause) => cause.id === id) : -1;
    return at < 0 ? CAUSES.length : at;
  };
  return [...findings].sort((a, b) => follows(a) - follows(b) || byLead(a, b) || depth(a) - depth(b));
}
