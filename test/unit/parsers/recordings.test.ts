import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ProbeResult } from '../../../src/model/evidence.ts';
import { recording, recordingsDir, runRecording } from '../../recordings/recordings.ts';

const names = readdirSync(recordingsDir)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.replace(/\.json$/, ''));
const ORIGIN = {
  tool: expect.stringMatching(/./),
  version: expect.stringMatching(/./),
  date: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
  phenomenon: expect.stringMatching(/./),
};
/** RFC 5737 and 2544, and the machine itself: nothing else is ever sent to. */
const DOCUMENTATION_ONLY =
  /^(192\.0\.2|198\.51\.100|203\.0\.113|198\.1[89]\.\d+|127\.0\.0|0\.0\.0|255\.255\.255)\./;

describe('recordings', () => {
  it.each(names.filter((name) => !name.startsWith('run-')))('%s tells where it comes from', (name) => {
    expect(recording(name)).toEqual({
      ...ORIGIN,
      argv: expect.arrayContaining([expect.any(String)]),
      code: expect.any(Number),
      stdout: expect.any(String),
      stderr: expect.any(String),
    });
  });

  it.each(names.filter((name) => name.startsWith('run-')))('%s tells where it comes from', (name) => {
    const { evidence, input, ...rest } = runRecording(name.replace('run-', ''));
    expect(rest).toEqual({ ...ORIGIN, argv: expect.any(Array), code: 0, stderr: expect.any(String) });
    expect(input.destinations.length).toBeGreaterThan(0);
    for (const [id, result] of Object.entries(evidence)) {
      expect(result).toMatchObject({
        id,
        code: expect.any(Number),
        durationMs: expect.any(Number),
      } satisfies Partial<ProbeResult>);
    }
  });

  it.each(names)('%s names no address outside the ranges for tests', (name) => {
    const text = JSON.stringify(
      name.startsWith('run-') ? runRecording(name.replace('run-', '')) : recording(name),
    );
    for (const [address] of text.matchAll(/\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b/g))
      expect(address).toMatch(DOCUMENTATION_ONLY);
  });
});
