/** A watch as JUnit XML: a suite for the target, a case for each destination; what was not measured is an error. Pure. */
import type { FailOn } from '../model/args.ts';
import { atLeast, type Finding } from '../model/report.ts';
import type { Outage, Watch, WatchedDestination } from '../model/watch.ts';
import { attributes, seconds, suites, xml } from './junit.ts';
import { targetTitle } from './target.ts';
import { findingText } from './test-table.ts';
import {
  eventText,
  gapText,
  lossText,
  outageText,
  rttText,
  slowNamesText,
  unsentTexts,
  verdictText,
} from './watch-words.ts';

/** @param failOn outages of this severity on are failures, as they are for the exit code; so is one without a finding */
export function renderWatchJunit(watch: Watch, failOn: FailOn): string {
  const { target, destinations, durationMs, startedAt, tool, verdict, ended, gaps } = watch;
  const cases = destinations.map((one) => caseOf(one, watch, failOn));
  const isCut = ended === 'lost' || gaps.length > 0;
  const count = (outcome: Case['outcome']): number => cases.filter((one) => one.outcome === outcome).length;
  const head = attributes({
    name: targetTitle(target),
    tests: cases.length + (isCut ? 1 : 0),
    failures: count('failure'),
    errors: count('error') + (isCut ? 1 : 0),
    skipped: 0,
    time: seconds(durationMs),
    timestamp: startedAt.replace(/\.\d+Z$/, ''),
    hostname: target.node ?? target.name,
  });
  const properties = { tool: `kubectl-nettools ${tool.version}`, address: target.address, verdict };
  return suites([
    `  <testsuite${head}>`,
    '    <properties>',
    ...Object.entries(properties).map(([name, value]) => `      <property${attributes({ name, value })}/>`),
    '    </properties>',
    ...cases.flatMap(({ lines }) => lines),
    ...(isCut ? cutCase(watch) : []),
    '  </testsuite>',
  ]);
}

interface Case {
  readonly outcome: 'failure' | 'error' | undefined;
  readonly lines: readonly string[];
}

/** An outage, or a time of slow names. */
interface Happened {
  readonly title: string;
  readonly text: string;
  readonly findings: readonly Finding[];
  /** As it is for the exit code. */
  readonly isBad: boolean;
}

function happenedTo(one: WatchedDestination, watch: Watch, failOn: FailOn): readonly Happened[] {
  const isGrave = ({ severity }: Finding): boolean => atLeast(severity, failOn);
  return [
    ...watch.outages
      .filter(({ destination }) => destination === one.destination)
      .map((outage) => ({
        title: outageText(outage, watch),
        text: outageLines(outage, watch).join('\n'),
        findings: outage.findings,
        isBad: outage.findings.length === 0 || outage.findings.some(isGrave),
      })),
    ...(one.slowNames ?? []).map((names) => {
      const title = slowNamesText(names, one.destination, watch);
      const { findings } = names;
      return {
        title,
        text: [title, ...findings.map(findingText)].join('\n'),
        findings,
        isBad: findings.some(isGrave),
      };
    }),
  ];
}

function caseOf(one: WatchedDestination, watch: Watch, failOn: FailOn): Case {
  const happened = happenedTo(one, watch, failOn);
  const bad = happened.filter(({ isBad }) => isBad);
  const [first] = bad;
  const outcome = first !== undefined ? 'failure' : one.sent === 0 ? 'error' : undefined;
  const others = happened.filter(({ isBad }) => !isBad).map(({ text }) => text);
  const message = first === undefined ? numbersText(one) : (first.findings[0]?.summary ?? first.title);
  const lines = [
    `    <testcase${attributes({ classname: classOf(watch), name: one.destination, time: seconds(watch.durationMs) })}>`,
    ...(outcome === 'failure'
      ? [
          `      <failure${attributes({ message, type: first?.findings[0]?.id ?? 'outage' })}>${xml(bad.map(({ text }) => text).join('\n\n'))}</failure>`,
        ]
      : []),
    ...(outcome === 'error' ? [`      <error${attributes({ message })}/>`] : []),
    `      <system-out>${xml([numbersText(one), ...others].join('\n\n'))}</system-out>`,
    '    </testcase>',
  ];
  return { outcome, lines };
}

/** What is known of the rest of the time stands in the other cases. */
function cutCase(watch: Watch): string[] {
  return [
    `    <testcase${attributes({ classname: classOf(watch), name: 'the whole time' })}>`,
    `      <error${attributes({ message: verdictText(watch) })}>${xml(watch.gaps.map((gap) => gapText(gap, watch)).join('\n'))}</error>`,
    '    </testcase>',
  ];
}

function classOf({ target }: Watch): string {
  return ['nettools.watch', target.namespace ?? target.kind, target.name].join('.');
}

function numbersText(one: WatchedDestination): string {
  const { sent, missed, rtt, unmeasured } = one;
  if (sent === 0) return `not measured${unmeasured === undefined ? '' : `: ${unmeasured}`}`;
  const times = rtt === undefined ? '' : `; median ${rttText(rtt.p50)}, p99 ${rttText(rtt.p99)}`;
  return [`${missed} of ${sent} probes missed (${lossText(one)})${times}`, ...unsentTexts([one])].join('\n');
}

function outageLines(outage: Outage, watch: Watch): string[] {
  const { number, findings, diagnosis } = outage;
  const events = watch.events.filter((event) => event.outage === number && event.type === 'cluster');
  return [
    outageText(outage, watch),
    ...events.map((event) => `cluster: ${eventText(event, watch)}`),
    ...findings.map(findingText),
    ...(diagnosis?.findings ?? []).map((finding) => `diagnosis: ${findingText(finding)}`),
  ];
}
