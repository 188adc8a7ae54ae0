/**
 * The report as JUnit XML, for CI systems: a suite for the target, a case for each check. What JUnit leaves open is
 * done as Jenkins' schema (junit-10.xsd) has it: at most one of failure, error and skipped in a case.
 */

import type { FailOn } from '../model/args.ts';
import { commandLine } from '../model/command-line.ts';
import type { MatrixReport, MatrixSource } from '../model/matrix.ts';
import { atLeast, type CheckResult, type Finding, type Report } from '../model/report.ts';
import type { FailedTarget, ReportList } from '../model/report-list.ts';
import { gapsOf, pairsText, SIGNS, Signs } from './matrix-cells.ts';
import { failedTitle, targetTitle } from './target.ts';
import { visible } from './text.ts';

/** @param failOn findings from this severity on are failures; all others are in system-out */
export function renderJunit(report: Report, failOn: FailOn): string {
  return suites(testSuite(report, failOn));
}

/** A suite for each target; one that there is no report of has a single case, which is an error. */
export function renderJunitList({ items, failed, tool }: ReportList, failOn: FailOn): string {
  return suites([
    ...items.flatMap((report) => testSuite(report, failOn)),
    ...failed.flatMap((one) => failedSuite(one, tool.version)),
  ]);
}

/** One suite: a case for the pattern, and one for each source. */
export function renderJunitMatrix(report: MatrixReport, failOn: FailOn): string {
  const { sources, findings, verdict, tool, durationMs, startedAt } = report;
  const failures = findings.filter((one) => atLeast(one.severity, failOn));
  const others = findings.filter((one) => !failures.includes(one));
  const [first] = failures;
  const failed = sources.filter((one) => one.failed !== undefined).length;
  const isUnknown = first === undefined && verdict === 'unknown' && failed === 0;
  const suite = attributes({
    name: 'matrix',
    tests: sources.length + 1,
    failures: first === undefined ? 0 : 1,
    errors: failed + (isUnknown ? 1 : 0),
    skipped: 0,
    time: seconds(durationMs),
    timestamp: startedAt.replace(/\.\d+Z$/, ''),
  });
  const properties = { tool: `kubectl-nettools ${tool.version}`, verdict };
  const [gap = 'not all could be measured'] = gapsOf(report);
  const outcome =
    first !== undefined
      ? [
          `      <failure${attributes({ message: first.summary, type: first.id })}>${xml(failures.map(text).join('\n\n'))}</failure>`,
        ]
      : isUnknown
        ? [`      <error${attributes({ message: gap })}/>`]
        : [];
  const said = [pairsText(report), ...others.map(text), ...gapsOf(report)].join('\n\n');
  const signs = new Signs(report);
  return suites([
    `  <testsuite${suite}>`,
    '    <properties>',
    ...Object.entries(properties).map(([name, value]) => `      <property${attributes({ name, value })}/>`),
    '    </properties>',
    `    <testcase${attributes({ classname: 'nettools.matrix', name: 'pattern', time: seconds(durationMs) })}>`,
    ...outcome,
    `      <system-out>${xml(said)}</system-out>`,
    '    </testcase>',
    ...sources.flatMap((source, at) => sourceCase(source, at, report, signs)),
    '  </testsuite>',
  ]);
}

/** What fails is told once, by the pattern: here is what the source reaches. */
function sourceCase(
  source: MatrixSource,
  at: number,
  { destinations }: MatrixReport,
  signs: Signs,
): string[] {
  const { target, namespace, failed } = source;
  const rows = destinations.flatMap((to, i) => {
    const sign = signs.of(at, i);
    return sign === undefined ? [] : [`${to.target}: ${SIGNS[sign]}`];
  });
  const head = attributes({
    classname: ['nettools.matrix', ...(namespace === undefined ? [] : [namespace])].join('.'),
    name: target,
  });
  return [
    `    <testcase${head}>`,
    ...(failed === undefined ? [] : [`      <error${attributes({ message: failed })}/>`]),
    `      <system-out>${xml(rows.join('\n'))}</system-out>`,
    '    </testcase>',
  ];
}

export function suites(lines: readonly string[]): string {
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>', ...lines, '</testsuites>', ''].join('\n');
}

function testSuite(report: Report, failOn: FailOn): string[] {
  const { target, checks, tool } = report;
  const outcomes = checks.map((check) => outcomeOf(check, failOn));
  const count = (kind: Outcome): number => outcomes.filter((outcome) => outcome === kind).length;
  const suite = attributes({
    name: targetTitle(target),
    tests: checks.length,
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
    time: seconds(report.durationMs),
    timestamp: report.startedAt.replace(/\.\d+Z$/, ''),
    hostname: target.node ?? target.name,
  });
  const properties = {
    tool: `kubectl-nettools ${tool.version}`,
    address: target.address,
    verdict: report.verdict,
  };
  return [
    `  <testsuite${suite}>`,
    '    <properties>',
    ...Object.entries(properties).map(([name, value]) => `      <property${attributes({ name, value })}/>`),
    '    </properties>',
    ...checks.map((check, i) => testCase(check, outcomes[i], report, failOn)),
    '  </testsuite>',
  ];
}

function failedSuite(failed: FailedTarget, version: string): string[] {
  const { target, namespace, node, reason } = failed;
  const suite = attributes({
    name: failedTitle(failed),
    tests: 1,
    failures: 0,
    errors: 1,
    skipped: 0,
    ...(node === undefined ? {} : { hostname: node }),
  });
  const tool = attributes({ name: 'tool', value: `kubectl-nettools ${version}` });
  const head = attributes({
    classname: ['nettools', ...(namespace === undefined ? [] : [namespace]), target].join('.'),
    name: 'open',
  });
  return [
    `  <testsuite${suite}>`,
    '    <properties>',
    `      <property${tool}/>`,
    '    </properties>',
    `    <testcase${head}>`,
    `      <error${attributes({ message: reason })}/>`,
    '    </testcase>',
    '  </testsuite>',
  ];
}

type Outcome = 'failure' | 'error' | 'skipped' | undefined;

function outcomeOf({ status, findings }: CheckResult, failOn: FailOn): Outcome {
  if (findings.some((finding) => atLeast(finding.severity, failOn))) return 'failure';
  if (status === 'error') return 'error';
  return status === 'skip' ? 'skipped' : undefined;
}

function testCase(check: CheckResult, outcome: Outcome, { target }: Report, failOn: FailOn): string {
  const head = attributes({
    classname: ['nettools', target.namespace ?? target.kind, target.name].join('.'),
    name: check.id,
    time: seconds(check.durationMs),
  });
  const failures = check.findings.filter((finding) => atLeast(finding.severity, failOn));
  const others = check.findings.filter((finding) => !failures.includes(finding));
  const said = [check.summary, ...others.map(text)].join('\n\n');
  return [
    `    <testcase${head}>`,
    ...result(check, outcome, failures),
    `      <system-out>${xml(said)}</system-out>`,
    '    </testcase>',
  ].join('\n');
}

function result(check: CheckResult, outcome: Outcome, failures: readonly Finding[]): string[] {
  if (outcome === undefined) return [];
  if (outcome !== 'failure') return [`      <${outcome}${attributes({ message: check.summary })}/>`];
  const [first] = failures;
  const head = attributes({ message: first?.summary ?? check.summary, type: first?.id ?? '' });
  return [`      <failure${head}>${xml(failures.map(text).join('\n\n'))}</failure>`];
}

function text(finding: Finding): string {
  return [
    `${finding.severity} ${finding.id}: ${finding.title}`,
    finding.summary,
    ...finding.evidence.flatMap(({ command, excerpt }) => [`$ ${commandLine(command)}`, excerpt]),
    `Remedy: ${finding.remediation}`,
    ...(finding.causedBy === undefined ? [] : [`Caused by: ${finding.causedBy}`]),
  ].join('\n');
}

export function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

export function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(
      ([name, value]) =>
        ` ${name}="${xml(String(value)).replaceAll('\n', '&#10;').replaceAll('\t', '&#9;')}"`,
    )
    .join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** What XML 1.0 (2.2, Char) does not allow even as a reference is shown as `\x1b` or `\u{fffe}`. */
export function xml(value: string): string {
  return visible(value)
    .replace(/[\ufffe\uffff]|\p{Surrogate}/gu, (c) => `\\u{${hex(c)}}`)
    .replace(/[&<>"']/g, (c) => ENTITIES[c] ?? c);
}

function hex(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16);
}
