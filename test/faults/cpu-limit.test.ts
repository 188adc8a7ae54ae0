/** A CPU limit that stops a container for most of each period, made for real and named by the built binary. */
import { beforeAll, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { app, type Manifest, pod, testNamespace } from '../e2e/support/cluster.ts';
import { checkReport, expectFirst, expectInfo, expectSilence } from './named.ts';

const ns = testNamespace('f-cpu');

const SERVE = 'mkdir -p /tmp/www && cd /tmp/www && echo hello >index.html && exec httpd -f -p 8080 -h .';
/** It never rests, nor does another one. */
const LOOP = '(while :; do :; done) & echo $! >>/tmp/loops';
const BUSY = `${LOOP}; ${LOOP}; ${SERVE}`;
/** Some hundredths of a second of work, each second: that is more than the limit of one period, and less than that of all. */
const A_LITTLE = `(while :; do i=0; while [ $i -lt 15000 ]; do i=$((i+1)); done; sleep 1; done) & ${SERVE}`;

const limited = (command: string, cpu = '100m'): Manifest => ({
  ...app,
  command: ['sh', '-c', command],
  resources: { limits: { cpu, memory: '128Mi' }, requests: { cpu, memory: '16Mi' } },
});

beforeAll(async () => {
  await ns.start(
    pod('client'),
    pod('busy', { containers: [limited(BUSY)] }),
    pod('tight', { containers: [limited(BUSY, '40m')] }),
    pod('idle', { containers: [limited(SERVE)] }),
    pod('little', { containers: [limited(A_LITTLE)] }),
  );
});

const diagnose = (target: string, ...to: readonly string[]): Promise<Report> =>
  checkReport('diagnose', [target, '-n', ns.name, ...to.flatMap((one) => ['--to', one])]);
/** Nothing is started in a container of a DEST without being asked for. */
const bothEnds = (...to: readonly string[]): Promise<Report> =>
  checkReport('diagnose', ['client', '-n', ns.name, '--both-ends', ...to.flatMap((one) => ['--to', one])]);
const at = async (name: string): Promise<string> => `http://${(await ns.pod(name)).status.podIP}:8080/`;

test('NT-SYS-002, NT-SYS-003: a program that never rests, with a CPU limit of 100m', async () => {
  expectFirst(await diagnose('busy'), {
    id: 'NT-SYS-002',
    severity: 'warning',
    says: /^Container app of pod busy was stopped by its CPU limit \(100m\) for up to \d{3,} ms of each second/,
  });
  const told = expectFirst(await bothEnds('pod/busy', 'pod/idle', 'pod/little'), {
    id: 'NT-SYS-003',
    severity: 'warning',
    says: /^Container app of pod busy was stopped by its CPU limit \(100m\) for up to \d{3,} ms of each second/,
  });
  expect(told.subject).toBe('pod/busy');
  expect(told.remediation).toContain(`exec busy -n ${ns.name} -c app -- sh -c`);
  await ns.kubectl(['exec', 'busy', '--', 'sh', '-c', 'kill $(cat /tmp/loops)']);
  expectSilence(await diagnose('busy'));
  expectSilence(await bothEnds('pod/busy'));
});

test.each([
  { why: 'a program in it would take its CPU for a second', ask: (to: string) => bothEnds('pod/tight', to) },
  { why: 'it is read with --to pod/tight --both-ends alone', ask: (to: string) => diagnose('client', to) },
])('NT-SYS-003: a container whose counters are not read: $why', async ({ why, ask }) => {
  const to = await at('tight');
  // One request in several meets no gap.
  for (let run = 1; ; run++) {
    const report = await ask(to);
    expectSilence(report);
    if (report.checks.some(({ findings }) => findings.some(({ id }) => id === 'NT-SYS-003'))) {
      expectInfo(
        report,
        'NT-SYS-003',
        new RegExp(
          `took \\d{2,} ms: container app of pod tight has a CPU limit \\(40m\\), and whether that stops it is not known \\(${why}`,
        ),
      );
      return;
    }
    expect(run, 'runs in which no request had to wait').toBeLessThan(8);
  }
});

test.each(['idle', 'little'])('is silent of a limit that is not reached, or a little (%s)', async (name) => {
  expectSilence(await diagnose(name));
  expectSilence(await bothEnds(`pod/${name}`));
});
