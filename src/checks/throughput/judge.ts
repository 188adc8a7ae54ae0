/** From the evidence of a throughput run to its result: pure, so that saved evidence gives the same result again. */

import type { Judgement } from '../../model/check.ts';
import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import type { PlaceWords } from '../../model/place-words.ts';
import type { Json } from '../../model/report.ts';
import { parseIperf, parseLinkSpeed } from '../../parsers/iperf.ts';
import { conclude, type Outcome } from '../shared/judgement.ts';
import { read } from '../shared/measured.ts';
import { POD_WORDS } from '../shared/place-words.ts';
import { because, noTool, tell } from '../shared/reason.ts';
import { Skips } from '../shared/skipped.ts';
import {
  expectedOf,
  formatRate,
  type LoadedDestination,
  type ThroughputFacts,
  type ThroughputInput,
  type ThroughputPath,
} from './facts.ts';
import { lowThroughput } from './rules/low-throughput.ts';

export function judgeThroughput(
  evidence: Evidence,
  input: ThroughputInput,
  words: PlaceWords = POD_WORDS,
): Judgement {
  const facts = { paths: input.destinations.map((d) => pathOf(evidence, d)), input };
  return conclude(evidence, {
    found: lowThroughput.judge(facts),
    skips: skipped(facts, words),
    measurements: {
      durationMs: input.durationMs,
      direction: input.reverse ? 'to the target' : 'from the target',
      destinations: facts.paths.map((path) => pathJson(path, input)),
    },
    otherwise: () => outcome(facts, words),
  });
}

function pathOf(evidence: Evidence, destination: LoadedDestination): ThroughputPath {
  const results = { run: evidence[`${destination.id}-iperf`], link: evidence[`${destination.id}-link`] };
  const link = read(results.link, 'sh', parseLinkSpeed).value;
  const { noServer } = destination;
  return {
    destination,
    run: noServer === undefined ? runOf(results.run) : { skipped: because(noServer) },
    link,
    results,
  };
}

function runOf(result: ProbeResult | undefined): ThroughputPath['run'] {
  return read(
    result,
    'sh',
    (text, { stderr, status }) => {
      if (/iperf3: not found/.test(stderr)) return noTool('iperf3');
      return status === 'timeout' ? 'iperf3 did not end in time' : parseIperf(text);
    },
    { endsByTime: true },
  );
}

function outcome({ paths, input }: ThroughputFacts, words: PlaceWords): Outcome {
  const lost = paths.find((path) => path.run.skipped !== undefined);
  if (lost?.run.skipped !== undefined) {
    const reasons = paths.flatMap(({ run }) => run.skipped ?? []);
    return {
      status: reasons.every(({ code }) => code === 'no-tool') ? 'skip' : 'error',
      summary: `${lost.destination.label} could not be measured: ${tell(lost.run.skipped, words)}.`,
    };
  }
  if (paths.length === 0) return { status: 'skip', summary: 'There is no server to measure to.' };
  const rates = paths.map(
    ({ destination, run }) => `${destination.label} ${formatRate(run.value?.bitsPerSecond ?? 0)}`,
  );
  const isJudged = paths.every((path) => expectedOf(path, input) !== undefined);
  const judged = isJudged ? '' : '; the link speed is not known here, so nothing is judged (--expect RATE)';
  return {
    status: 'pass',
    summary: `One TCP connection carries ${input.reverse ? 'from' : 'to'} ${rates.join(', ')}${judged}.`,
  };
}

function skipped({ paths, input }: ThroughputFacts, words: PlaceWords): Skips {
  const skips = new Skips(words);
  for (const path of paths) {
    skips.add(path.run.skipped, `throughput to ${path.destination.label}`);
    if (path.run.value && expectedOf(path, input) === undefined) {
      const device = path.link?.device ?? 'the interface';
      skips.add(
        `${device} is virtual or does not report its speed: give --expect RATE`,
        `judging the rate to ${path.destination.label} (NT-PERF-001)`,
      );
    }
  }
  return skips;
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
      : { skipped: tell(run.skipped) }),
  };
}
