/** A watch as metrics: what counts goes on from zero, and what was not seen is not there. */
import { describe, expect, it } from 'vitest';
import type { Watch } from '../../../../src/model/watch.ts';
import type { MetricsFormat } from '../../../../src/report/metrics/families.ts';
import { renderWatchMetrics } from '../../../../src/report/metrics/watch.ts';
import { finding } from '../build.ts';
import { blindWatch, quietWatch, watch } from '../watches.ts';

const text = (one: Watch, format: MetricsFormat = 'text'): string =>
  renderWatchMetrics(one, { secondsOf: (time) => Date.parse(time) / 1000, format });
const OWN = 'target="pod/web-0",target_namespace="shop"';
const DB = `${OWN},destination="svc/db:5432",by="tcp"`;
const series = (seen: string): string[] => seen.split('\n').filter((line) => line.startsWith('nettools_'));

describe('the metrics of a watch', () => {
  const seen = text(watch);

  it('count probes, losses and outages', () => {
    expect(seen).toContain('# TYPE nettools_watch_probes_total counter');
    expect(seen).toContain(`nettools_watch_probes_total{${DB}} 180`);
    expect(seen).toContain(`nettools_watch_probes_lost_total{${DB}} 3`);
    expect(seen).toContain(`nettools_watch_outages_total{${DB}} 1`);
    expect(seen).toContain(`nettools_watch_start_timestamp_seconds{${OWN}} 1767323045`);
  });

  it('say who is reached now, and nothing of who was never asked', () => {
    expect(seen).toContain(`nettools_watch_reached{${DB}} 1`);
    expect(seen).toContain(`nettools_watch_reached{${OWN},destination="cache:6379",by="icmp"} 0`);
    expect(seen).not.toMatch(/watch_reached\{[^}]*nowhere/);
    expect(seen).toMatch(/watch_probes_total\{[^}]*nowhere[^}]*\} 0/);
  });

  it('have a histogram that ends with all, and each bucket has what is below it', () => {
    const buckets = [
      ...seen.matchAll(/rtt_seconds_bucket\{[^}]*"svc\/db:5432",by="tcp",le="([^"]+)"\} (\d+)/g),
    ].map(([, le = '', count]) => [le, Number(count)]);
    expect(buckets.length).toBe(14);
    expect(buckets.at(-1)).toEqual(['+Inf', 177]);
    // 0.6 ms and 3.6 ms are where its fine buckets end.
    expect(buckets).toEqual(
      expect.arrayContaining([
        ['0.0005', 0],
        ['0.001', 167],
        ['0.002', 167],
        ['0.005', 177],
        ['1.0', 177],
      ]),
    );
    expect(seen).toContain(`nettools_watch_rtt_seconds_count{${DB}} 177`);
    expect(seen).toContain(`nettools_watch_rtt_seconds_sum{${DB}} 0.0708`);
  });

  it('count a finding once for each outage, whoever found it', () => {
    expect(seen).toContain(`nettools_watch_findings_total{${OWN},id="NT-FW-001",severity="critical"} 1`);
    expect(seen).toContain(`nettools_watch_findings_total{${OWN},id="NT-FW-006",severity="critical"} 1`);
  });

  it('count rows of slow look-ups, and what one was found to be once it has ended', () => {
    const slow = (severity: 'info' | 'warning', to?: string) => ({
      ...{ server: '192.0.2.1', answer: 'silent', by: '192.0.2.2', from: quietWatch.startedAt },
      ...(to === undefined ? {} : { to }),
      findings: [finding('NT-DNS-009', severity)],
    });
    const [one, ...others] = quietWatch.destinations;
    const slowNames = [
      slow('warning', quietWatch.startedAt),
      slow('info', quietWatch.startedAt),
      slow('warning'),
    ];
    const told = text({
      ...quietWatch,
      destinations: [{ ...(one as typeof one & object), slowNames }, ...others],
    });
    const name = `${OWN},destination="${one?.destination}",by="${one?.probe}"`;
    expect(told).toContain('# TYPE nettools_watch_slow_names_total counter');
    expect(told).toContain(`nettools_watch_slow_names_total{${name}} 3`);
    expect(told).toContain(`nettools_watch_findings_total{${OWN},id="NT-DNS-009",severity="warning"} 1`);
    expect(told).toContain(`nettools_watch_findings_total{${OWN},id="NT-DNS-009",severity="info"} 1`);
    // It begins at zero.
    expect(text(quietWatch)).toContain(`nettools_watch_slow_names_total{${name}} 0`);
  });

  it('announce counters without their ending in OpenMetrics, and end there', () => {
    const open = text(watch, 'openmetrics');
    expect(open).toContain('# TYPE nettools_watch_probes counter\n');
    expect(open).toContain('\nnettools_watch_probes_total{');
    expect(open.endsWith('# EOF\n')).toBe(true);
    expect(seen).not.toContain('EOF');
    expect(series(open)).toEqual(series(seen));
  });

  it.each([
    ['a blind one', blindWatch],
    ['a quiet one', quietWatch],
  ])('of %s have no NaN', (_name, one) => {
    expect(text(one)).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('do not grow with destinations beyond fifty, nor with outages', () => {
    const [one] = quietWatch.destinations;
    const many = (count: number): Watch => ({
      ...quietWatch,
      destinations: Array.from({ length: count }, (_, i) => ({
        ...(one as typeof one & object),
        destination: `d${i}`,
      })),
    });
    expect(series(text(many(200))).length).toBe(series(text(many(50))).length);
    expect(text(many(200))).toContain(`nettools_watch_destinations_left_out{${OWN}} 150`);
    const [outage] = watch.outages;
    const often = { ...watch, outages: Array.from({ length: 500 }, () => outage as typeof outage & object) };
    expect(series(text(often)).length).toBe(series(seen).length);
  });
});
