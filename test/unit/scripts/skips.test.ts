import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { picksByName, unlistedSkips } from '../../../scripts/lib/skips.ts';
import { SHELLS } from '../shells.ts';

const root = join(import.meta.dirname, '../../..');
const report = (status: string) =>
  JSON.stringify({
    testResults: [
      {
        name: '/work/test/unit/a.test.ts',
        status: 'passed',
        assertionResults: [
          { status: 'passed', fullName: 'a works' },
          { status, fullName: 'a is fast' },
        ],
      },
    ],
  });
const unlisted = (status: string, allowed = {}) => unlistedSkips(report(status), allowed, '/work');

describe('unlistedSkips', () => {
  it.each(['skipped', 'pending', 'todo', 'disabled'])('names a test that is %s', (status) => {
    expect(unlisted(status)).toEqual(['test/unit/a.test.ts > a is fast']);
  });

  it.each(['passed', 'failed'])('leaves out what ran: %s', (status) => {
    expect(unlisted(status)).toEqual([]);
  });

  it('leaves out what is allowed, the file or the test alone', () => {
    expect(unlisted('skipped', { 'test/unit/a.test.ts': 'why' })).toEqual([]);
    expect(unlisted('skipped', { 'test/unit/a.test.ts > a is fast': 'why' })).toEqual([]);
    expect(unlisted('skipped', { 'test/unit/a.test.ts > a works': 'why' })).toHaveLength(1);
    expect(unlisted('skipped', { 'test/unit/b.test.ts': 'a stale entry' })).toHaveLength(1);
  });

  it('takes a report that is missing for none: the tally counts it as a failure', () => {
    expect(unlistedSkips(undefined, {}, '/work')).toEqual([]);
  });
});

describe('picksByName', () => {
  it.each([
    [['-t', 'mtu'], true],
    [['-t=mtu'], true],
    [['--testNamePattern', 'mtu'], true],
    [['--testNamePattern=mtu'], true],
    [['--project', 'e2e', 'test/e2e/run.test.ts'], false],
    [[], false],
  ])('%j: %s', (args, expected) => {
    expect(picksByName(args)).toBe(expected);
  });
});

describe('test/allowed-skips.json', () => {
  const allowed = JSON.parse(readFileSync(join(root, 'test/allowed-skips.json'), 'utf8')) as object;

  it.each(Object.entries(allowed))('%s is of a file that exists, and has a reason', (name, reason) => {
    expect(existsSync(join(root, name.split(' > ')[0] ?? ''))).toBe(true);
    expect(reason).toMatch(/\.$/);
  });
});

// Tests run in each shell that is there: one that is missing would take its tests away unseen.
describe.each(SHELLS)('$name', ({ available }) => {
  it.skipIf(!available)('is there for the tests of scripts', () => {
    expect(available).toBe(true);
  });
});
