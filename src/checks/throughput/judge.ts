/** From the evidence of a throughput run to its result: pure, so that saved evidence gives the same result again. */
import type { Judgement } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import { type CheckStatus, type Finding, type Json, statusOf } from '../../model/report.ts';
import { parseIperf, parseLinkSpeed } from '../../parsers/iperf.ts';
import { notRun } from '../measured.ts';
import { Skips } from '../skipped.ts';
import {
  expectedOf,
  formatRate,
  type ThroughputFacts,
  type ThroughputInput,
  type ThroughputPath,
} from './facts.ts';
import { lowThroughput } from './rules/low-throughput.ts';

export function judgeThroughput(evidence: Evidence, input: ThroughputInput): Judgement {
  const facts = { paths: input.destinations.map((d) => pathOf(evidence, d)), input };
  const problems = lowThroughput.judge(facts);
  return {
    status: status(facts, problems),
    summary: summary(facts, problems),
    measurements: {
      durationMs: input.durationMs,
      direction: input.reverse ? 'to the target' : 'from the target',
      destinations: facts.paths.map((path) => pathJson(path, input)),
    },
    findings: [...problems, ...skipped(facts)],
  };
}

function pathOf(evidence: Evidence, destination: Destination): ThroughputPath {
  const results = { run: evidence[`${destination.id}-iperf`], link: evidence[`${destination.id}-link`] };
  return { destination, run: runOf(results.run), link: parseLinkSpeed(results.link?.stdout ?? ''), results };
}

function runOf(result: ProbeResult | undefined): ThroughputPath['run'] {
  const reason = notRun(result, 'sh');
  if (reason !== undefined || !result) return { skipped: reason ?? '' };
  if (/iperf3: not found/.test(result.stderr)) return { skipped: 'the image has no iperf3' };
  if (result.status === 'timeout') return { skipped: 'iperf3 did not end in time' };
  const parsed = parseIperf(result.stdout);
  return typeof parsed === 'string' ? { skipped: parsed } : { value: parsed };
}

function status({ paths }: ThroughputFacts, problems: readonly Finding[]): CheckStatus {
  const worst = statusOf(problems);
  if (worst !== 'pass') return worst;
  const reasons = paths.flatMap(({ run }) => run.skipped ?? []);
  if (reasons.length === 0) return 'pass';
  return reasons.every((reason) => reason.startsWith('the image has no')) ? 'skip' : 'error';
}

function summary({ paths, input }: ThroughputFacts, problems: readonly Finding[]): string {
  const [first] = problems;
  if (first) return first.summary;
  const lost = paths.find((path) => path.run.skipped !== undefined);
  if (lost) return `${lost.destination.label} could not be measured: ${lost.run.skipped}.`;
  const rates = paths.map(
    ({ destination, run }) => `${destination.label} ${formatRate(run.value?.bitsPerSecond ?? 0)}`,
  );
  const isJudged = paths.every((path) => expectedOf(path, input) !== undefined);
  const judged = isJudged ? '' : '; no link speed is known here, so nothing is judged (--expect RATE)';
  return `One TCP connection carries ${input.reverse ? 'from' : 'to'} ${rates.join(', ')}${judged}.`;
}

function skipped({ paths, input }: ThroughputFacts): Finding[] {
  const skips = new Skips();
  for (const path of paths) {
    skips.add(path.run.skipped, `throughput to ${path.destination.label}`);
    if (path.run.value && expectedOf(path, input) === undefined) {
      const device = path.link?.device ?? 'the interface';
      skips.add(
        `${device} is virtual or does not tell its speed: give --expect RATE`,
        `judging the rate to ${path.destination.label} (NT-PERF-001)`,
      );
    }
  }
  return skips.findings();
}

function pathJson(path: ThroughputPath, input: ThroughputInput): Json {
  const { destination, run, link } = path;
  return {
    name: destination.label,
    address: destination.host,
    port: destination.port,
    device: link?.device ?? null,
    expectedBitsPerSecond: expectedOf(path, input)?.bitsPerSecond ?? null,
    ...(run.value
      ? {
          bitsPerSecond: Math.round(run.value.bitsPerSecond),
          seconds: run.value.seconds,
          retransmits: run.value.retransmits ?? null,
          rttMs: run.value.rttMs ?? null,
          cpuPercent: run.value.cpuPercent ?? null,
        }
      : { skipped: run.skipped }),
  };
}
