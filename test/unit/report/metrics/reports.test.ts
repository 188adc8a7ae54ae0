/** Metrics: what they are called, how many there are, and that no name of a target is more than a label. */
import { describe, expect, it } from 'vitest';
import { measuresOf } from '../../../../src/checks/measures.ts';
import { renderMetrics } from '../../../../src/report/metrics/reports.ts';
import { reportList } from '../../../../src/report/report-list.ts';
import { check, finding, report } from '../build.ts';
import { hostile, mixed } from '../hostile.ts';
import { diagnosis, list, matrixOf, recordedLatency } from '../html/pages.ts';

const options = {
  measuresOf,
  secondsOf: (time: string) => Date.parse(time) / 1000,
  format: 'openmetrics',
} as const;
const text = (one: Parameters<typeof renderMetrics>[0]): string => renderMetrics(one, options);
/** name, labels, value */
const SAMPLE = /^(nettools_[a-z0-9_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+)\})? (-?[\d.e+-]+)$/;

describe.each([
  ['a report', diagnosis],
  ['a hostile report', hostile],
  ['a list', list],
  ['a matrix', matrixOf(12)],
  ['nothing', report()],
])('the metrics of %s', (_name, one) => {
  const lines = text(one).split('\n');

  it('are samples below their help and type, together, with an end', () => {
    expect(lines.slice(-2)).toEqual(['# EOF', '']);
    const seen = new Set<string>();
    let family = '';
    for (const line of lines.slice(0, -2)) {
      const [, head, name = ''] = /^# (HELP|TYPE) (\S+) .+$/.exec(line) ?? [];
      if (head === 'HELP') {
        expect(seen.has(name), name).toBe(false);
        seen.add(name);
        family = name;
      } else if (head === 'TYPE') expect(name).toBe(family);
      else {
        const [, sampled = ''] = SAMPLE.exec(line) ?? [];
        expect(sampled.replace(/_(?:sum|count)$/, ''), line).toMatch(new RegExp(`^${family}$`));
      }
    }
  });

  it('are each there once', () => {
    const series = lines
      .filter((line) => line.startsWith('nettools_'))
      .map((line) => line.replace(/ \S+$/, ''));
    expect(new Set(series).size).toBe(series.length);
  });
});

describe('the metrics of a report', () => {
  it('say the verdict, each check and each finding', () => {
    const seen = text(mixed);
    const own = 'target="pod/web-0",target_namespace="default"';
    expect(seen).toContain(`nettools_verdict{${own},verdict="fail"} 1`);
    expect(seen).toContain(`nettools_verdict{${own},verdict="pass"} 0`);
    expect(seen).toContain(`nettools_check_ok{${own},check="dns"} 1`);
    expect(seen).toContain(`nettools_check_ok{${own},check="latency"} 0`);
    expect(seen).toContain(`nettools_findings{${own},severity="critical"} 1`);
    expect(seen).toContain(`nettools_finding{${own},id="NT-MTU-001",severity="critical"} 1`);
    expect(seen).toContain('nettools_run_start_timestamp_seconds 1767323045.68');
  });

  it('do not say that a check is well that could not measure', () => {
    const seen = text(report(check('tls', { status: 'error' }), check('mtu', { status: 'skip' })));
    expect(seen).not.toContain('nettools_check_ok');
    expect(seen).toContain('check="tls"} 0');
  });

  it('have times in seconds, by quantile, and what was lost', () => {
    const seen = text(report(recordedLatency('loss')));
    const own = 'target="pod/web-0",target_namespace="default",destination="203.0.113.2:8080",by="icmp"';
    expect(seen).toContain('# TYPE nettools_latency_rtt_seconds summary');
    expect(seen).toContain(`nettools_latency_rtt_seconds{${own},quantile="0.5"} 0.00002`);
    expect(seen).toContain(`nettools_latency_rtt_seconds_count{${own}} 54`);
    expect(seen).toContain(`nettools_latency_probes{${own}} 60`);
    expect(seen).toContain(`nettools_latency_probes_lost{${own}} 6`);
  });

  it('escape whatever a target is called', () => {
    const seen = text({ ...report(), target: { kind: 'local', name: 'a"b\\c\nd\u202e', address: '' } });
    expect(seen).toContain('target="local (a\\"b\\\\c\\nd\\\\u{202e})"');
  });
});

describe('how many there are', () => {
  const count = (seen: string): number =>
    seen.split('\n').filter((line) => line.startsWith('nettools_')).length;

  it('does not grow with the pairs of a matrix', () => {
    expect(count(text(matrixOf(40)))).toBe(count(text(matrixOf(10))));
    expect(text(matrixOf(12))).toContain('nettools_matrix_pairs{state="lost"} 3');
  });

  it('does not grow with targets beyond a hundred, nor with what findings are about', () => {
    const many = (targets: number) =>
      reportList({
        ...{ tool: { version: '1' }, startedAt: report().startedAt, durationMs: 1, failed: [] },
        items: Array.from({ length: targets }, (_, i) => ({
          ...report(check('dns')),
          target: { kind: 'pod' as const, name: `p${i}`, address: '' },
        })),
      });
    expect(count(text(many(300)))).toBe(count(text(many(100))));
    expect(text(many(300))).toContain('nettools_targets_left_out 200');
    const about = (subjects: number) =>
      report(
        check('firewall', {
          findings: Array.from({ length: subjects }, (_, i) =>
            finding('NT-FW-001', 'critical', { subject: `s${i}` }),
          ),
        }),
      );
    expect(count(text(about(500)))).toBe(count(text(about(1))));
  });
});
