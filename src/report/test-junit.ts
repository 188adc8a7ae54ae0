/** Expectations as JUnit XML: a suite for each file, a case for each expectation; what was not measured is an error. */
import type { NetworkTestReport, TestResult } from '../model/network-test.ts';
import { attributes, seconds, suites, xml } from './junit.ts';
import { findingText } from './test-table.ts';
import { OUTCOMES, placeText, summaryText, wayText } from './test-words.ts';

/** Ends with a newline. */
export function renderTestJunit(report: NetworkTestReport): string {
  const files = new Map<string, TestResult[]>();
  for (const result of report.results) files.set(result.file, [...(files.get(result.file) ?? []), result]);
  return suites([...files].flatMap(([file, results]) => suite(file, results, report)));
}

function suite(file: string, results: readonly TestResult[], report: NetworkTestReport): string[] {
  const count = (wanted: (result: TestResult) => boolean): number => results.filter(wanted).length;
  const failures = count(({ outcome }) => outcome === 'failed');
  const head = attributes({
    name: file === '-' ? 'standard input' : file,
    tests: results.length,
    failures,
    errors: count(({ outcome }) => outcome !== 'met') - failures,
    skipped: 0,
    time: seconds(report.durationMs),
    timestamp: report.startedAt.replace(/\.\d+Z$/, ''),
  });
  const tool = attributes({ name: 'tool', value: `kubectl-nettools ${report.tool.version}` });
  return [
    `  <testsuite${head}>`,
    '    <properties>',
    `      <property${tool}/>`,
    '    </properties>',
    ...results.map((one) => testCase(one, caseName(one, results))),
    '  </testsuite>',
  ];
}

/** CI systems know a case of the last run by its name: the pod that was measured is in it only where others have the same. */
function caseName(result: TestResult, all: readonly TestResult[]): string {
  const isAlone = all.filter(({ written }) => written === result.written).length === 1;
  return isAlone ? result.written : `${result.written} (${wayText(result)})`;
}

function testCase(result: TestResult, name: string): string {
  const head = attributes({ classname: 'nettools.test', name });
  return [
    `    <testcase${head}>`,
    ...outcome(result),
    `      <system-out>${xml([placeText(result), wayText(result), summaryText(result)].join('\n'))}</system-out>`,
    '    </testcase>',
  ].join('\n');
}

function outcome(result: TestResult): string[] {
  if (result.outcome === 'met') return [];
  const [first] = result.findings;
  const name = result.outcome === 'failed' ? 'failure' : 'error';
  const type = result.outcome === 'failed' ? (first?.id ?? 'failed') : OUTCOMES[result.outcome];
  const text = [result.summary, ...result.findings.map(findingText)].join('\n\n');
  return [`      <${name}${attributes({ message: result.summary, type })}>${xml(text)}</${name}>`];
}
