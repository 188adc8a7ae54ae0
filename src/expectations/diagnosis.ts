/** Which findings of a source's report are the diagnosis of one of its destinations. Pure. */
import type { CheckResult, Finding, Report, Severity } from '../model/report.ts';
import type { Question, Seen } from './question.ts';

const WEIGHT: Readonly<Record<Severity, number>> = { info: 0, warning: 1, critical: 2 };

/**
 * Everything wrong that is about the destination, or that explains what is; causes first. Where nothing is, what is worth
 * knowing of it: a limit that the user has set may be missed for a reason that is no fault. Empty: nothing was found.
 */
export function diagnosisOf(question: Question, { report, names = [], throughput }: Seen): Finding[] {
  const reports = [report, ...names, ...(throughput === undefined ? [] : [throughput])];
  const wrong = wrongWith(question, reports.flatMap(badOf));
  return wrong.length > 0
    ? wrong
    : reports
        .flatMap(({ checks }) => checks.flatMap(({ findings }) => findings))
        .filter((finding) => isAbout(finding, question));
}

function wrongWith(question: Question, all: readonly Finding[]): Finding[] {
  const own = all.filter((finding) => isAbout(finding, question));
  // Causes are named by their ID: of the same destination where there is one, else of the target.
  const wanted = new Set(own);
  for (const finding of wanted) {
    const causes = all.filter(({ id }) => id === finding.causedBy);
    const nearest = causes.filter(({ subject }) => subject === finding.subject);
    for (const cause of nearest.length > 0 ? nearest : causes) wanted.add(cause);
  }
  // What is wrong with the target itself, or with the router that all of it passes, is wrong for each destination.
  const ofTarget = all.filter(({ subject }) => subject === undefined || subject === 'gateway');
  return all.filter((finding) => wanted.has(finding) || ofTarget.includes(finding)).sort(byRank);
}

function byRank(a: Finding, b: Finding): number {
  const rank = ({ causedBy, severity }: Finding): number =>
    (causedBy === undefined ? 0 : 10) - WEIGHT[severity];
  return rank(a) - rank(b);
}

function badOf({ checks }: Report): Finding[] {
  return checks.flatMap(({ findings }) => findings.filter(({ severity }) => severity !== 'info'));
}

/** Its address, one of its endpoints, the Service that it is one of, or the name that it is called by. */
function isAbout({ subject, id }: Finding, { labels, dns }: Question): boolean {
  if (subject === undefined) return false;
  if (dns !== undefined) return subject === dns || subject === 'dns' || id.startsWith('NT-DNS-');
  return labels.some(
    (label) =>
      (isName(label) && (subject === 'dns' || id.startsWith('NT-DNS-'))) ||
      label === subject ||
      label.startsWith(`${subject} → `) ||
      label.replace(/:\d+(?:\/udp)?$/, '') === subject ||
      hostOf(label) === subject,
  );
}

/** The host of a URL, or of `HOST:PORT`; `undefined` of a pod or a Service. */
function hostOf(label: string): string | undefined {
  return /^(?:(?:https?|grpcs?):\/\/)?([^/:?#\s]+)(?:[:/?#]|$)(?!\S* )/i.exec(label)?.[1];
}

/** It is looked up before anything is sent to it. */
function isName(label: string): boolean {
  const host = /^(?:po|pods?|svc|services?)\//i.test(label) ? undefined : hostOf(label);
  return host !== undefined && !/^[\d.]+$/.test(host) && !host.startsWith('[');
}

/** What is found beyond a severity, and which checks could not say. */
export function findingsAbove(
  limit: 'info' | 'warning',
  question: Question,
  { report }: Seen,
): { readonly found: readonly Finding[]; readonly unmeasured: readonly CheckResult[] } {
  const isWhole = question.labels.length === 0 && question.dns === undefined;
  // What other tests ask for is theirs: one that expects a denial has a finding of it.
  const others: Question = { ...question, labels: question.allLabels };
  const isOwn = (finding: Finding): boolean =>
    isWhole ? !isAbout(finding, others) : isAbout(finding, question);
  const found = badOf(report).filter((finding) => WEIGHT[finding.severity] > WEIGHT[limit] && isOwn(finding));
  return { found, unmeasured: report.checks.filter(({ status }) => status === 'error') };
}
