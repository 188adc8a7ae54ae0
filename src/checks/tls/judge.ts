/** From the evidence of a tls run to its result: pure, so that saved evidence gives the same result again. */
import type { Judgement } from '../../model/check.ts';
import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import { type CheckStatus, type Finding, type Json, statusOf } from '../../model/report.ts';
import { parseTls, type TlsAnswer } from '../../parsers/tls.ts';
import { type Measured, notRun } from '../measured.ts';
import { Skips } from '../skipped.ts';
import { formatDays, formatTime, type TlsFacts, type TlsInput, type TlsPath } from './facts.ts';
import { TLS_RULES } from './rules/index.ts';

export function judgeTls(evidence: Evidence, { servers, expireDays }: TlsInput): Judgement {
  const facts: TlsFacts = {
    paths: servers.map((server) => {
      const result = evidence[`${server.destination.id}-tls`];
      return { server, answer: answerOf(result), result };
    }),
    expireDays,
  };
  const problems = TLS_RULES.flatMap((rule) => rule.judge(facts));
  return {
    status: status(facts, problems),
    summary: summary(facts, problems),
    measurements: { servers: facts.paths.map(pathJson) },
    findings: [...problems, ...skipped(facts)],
  };
}

function answerOf(result: ProbeResult | undefined): Measured<TlsAnswer> {
  const reason = notRun(result, 'sh');
  if (reason !== undefined || !result) return { skipped: reason ?? '' };
  const parsed = parseTls(result.stdout);
  return typeof parsed === 'string' ? { skipped: parsed } : { value: parsed };
}

/** A server that cannot be connected to presents nothing; why it cannot is for other checks to say. */
function unmeasured({ answer }: TlsPath): string | undefined {
  if (answer.skipped !== undefined) return answer.skipped;
  if (answer.value.chain.length > 0 || answer.value.isConnected) return undefined;
  return `no connection (${answer.value.problems[0] ?? 'no answer'})`;
}

function status(facts: TlsFacts, problems: readonly Finding[]): CheckStatus {
  const worst = statusOf(problems);
  if (worst !== 'pass') return worst;
  const missing = facts.paths.filter((path) => unmeasured(path) !== undefined);
  if (missing.some((path) => path.answer.skipped === undefined)) return 'error';
  return missing.length > 0 ? 'skip' : 'pass';
}

function summary({ paths }: TlsFacts, problems: readonly Finding[]): string {
  const first = problems.find((f) => f.severity !== 'info');
  if (first) return first.summary;
  const lost = paths.find((path) => unmeasured(path) !== undefined);
  if (lost) return `${lost.server.destination.label} could not be measured: ${unmeasured(lost)}.`;
  const ends = paths.flatMap(({ answer: { value } }) =>
    (value?.chain ?? []).map((c) => c.notAfter - (value?.now ?? 0)),
  );
  const count = paths.length === 1 ? '1 server presents' : `${paths.length} servers present`;
  return `${count} a certificate that is valid for its name; the first of the chain's to expire does so in ${formatDays(Math.max(0, Math.min(...ends)))}.`;
}

function skipped({ paths }: TlsFacts): Finding[] {
  const skips = new Skips();
  for (const path of paths) skips.add(unmeasured(path), `certificate of ${path.server.destination.label}`);
  return skips.findings();
}

function pathJson({ server, answer: { value, skipped: reason } }: TlsPath): Json {
  const leaf = value?.chain[0];
  return {
    name: server.destination.label,
    port: server.destination.port,
    sni: server.sni,
    ...(reason === undefined ? {} : { skipped: reason }),
    ...(value
      ? {
          protocol: value.protocol ?? null,
          trust: value.verified ?? null,
          names: value.names.map(({ name, matches }) => ({ name, matches })),
          problems: value.problems,
        }
      : {}),
    ...(leaf && value
      ? {
          subject: leaf.subject,
          issuer: leaf.issuer,
          alternativeNames: leaf.names,
          notBefore: formatTime(leaf.notBefore),
          notAfter: formatTime(leaf.notAfter),
          daysLeft: Math.floor((leaf.notAfter - value.now) / 86_400),
          chainLength: value.chain.length,
        }
      : {}),
  };
}
