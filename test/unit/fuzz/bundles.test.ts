import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { run } from '../../../src/commands/judge.ts';
import { UserError } from '../../../src/model/errors.ts';
import { bundleRecording, runRecording } from '../../recordings/recordings.ts';
import { watch } from '../report/watches.ts';
import { brokenJson, brokenText, SEED } from './mutate.ts';

const folder = mkdtempSync(join(tmpdir(), 'nettools-fuzz-'));
const file = join(folder, 'run.json');
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());
beforeEach(() => {
  vi.spyOn(process.stdout, 'write').mockImplementation((_text, ...rest) => {
    const done = rest.at(-1);
    if (typeof done === 'function') (done as () => void)();
    return true;
  });
});

const { input, evidence } = runRecording('loss');
const { bundle } = bundleRecording('sockets-healthy');
/** One check after the other: a run is as good as its worst. */
const bundles: readonly object[] = [
  { ...bundle, checks: [{ id: 'latency', input, evidence, durationMs: 5 }] },
  ...[
    'arp-duplicate',
    'firewall-route-prohibit',
    'firewall-policy-denied',
    'interfaces-errors',
    'routing-no-default',
    'service-one-silent',
    'sockets-loopback',
  ].map((name) => bundleRecording(name).bundle),
  { ...watch, destinations: watch.destinations.map((one) => ({ ...one, series: one.series.slice(58, 64) })) },
];
const broken = bundles.flatMap((one) => [
  { weight: 4, arbitrary: brokenJson(one).map((value) => JSON.stringify(value)) },
  // What happens to the evidence of one command, and to the file.
  { weight: 1, arbitrary: brokenText(JSON.stringify(one)) },
]);

describe('a bundle that is broken anywhere', () => {
  it.each(['json', 'table', 'yaml', 'junit', 'markdown', 'html', 'openmetrics'] as const)(
    'is judged or refused in one sentence: %s',
    async (output) => {
      await fc.assert(
        fc.asyncProperty(fc.oneof(...broken), async (text) => {
          writeFileSync(file, text);
          try {
            expect([0, 1, 3]).toContain(
              await run({ bundle: file, report: { output, failOn: 'critical' }, failOnOutage: 'warning' }),
            );
          } catch (error) {
            if (!(error instanceof UserError)) throw error;
            expect(error.message).toMatch(/ (?:is not a bundle: write one|cannot be judged: .*)/);
          }
        }),
        { seed: SEED, numRuns: 150 },
      );
    },
  );
});
