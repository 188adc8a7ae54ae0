import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import PING from '../../../src/probes/ping.sh';
import { runToEnd, SHELLS } from '../shells.ts';

// busybox ash runs its own ping whatever PATH says; a recording has that one.
describe.each(SHELLS.filter((s) => s.available && s.name !== 'busybox ash'))(
  'ping.sh in $name',
  ({ words }) => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'nettools-test-'));
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    /** The words that ping gets, from a stand-in that calls itself so. */
    async function wordsOfPing(version: string, args: readonly string[]): Promise<string[]> {
      const file = join(folder, 'ping');
      writeFileSync(
        file,
        `#!/bin/sh\n[ "$1" = -V ] && { echo "${version}" >&2; exit 1; }\nprintf '%s\\n' "$@"\n`,
      );
      chmodSync(file, 0o755);
      const { stdout } = await runToEnd([...words, '-c', PING, 'ping', ...args], '', {
        env: { PATH: `${folder}:${process.env['PATH']}` },
      });
      return stdout.toString().trimEnd().split('\n');
    }

    it.each([
      { args: ['192.0.2.1', '50', '100', '8'], interval: '0.100', wait: '3' },
      { args: ['192.0.2.1', '50', '1', '4'], interval: '0.001', wait: '4' },
      { args: ['192.0.2.1', '2', '1500', '6'], interval: '1.500', wait: '3' },
      { args: ['192.0.2.1', '10', '1000', '10'], interval: '1.000', wait: '1' },
    ])('paces iputils as asked and waits for late answers: $args', async ({ args, interval, wait }) => {
      const [host, count] = args;
      expect(await wordsOfPing('ping from iputils 20240905', args)).toEqual([
        ...['-n', '-c', count, '-i', interval, '-W', wait, '--', host],
      ]);
    });

    it('never gives iputils a deadline, with which it would count late answers as lost', async () => {
      expect(await wordsOfPing('ping from iputils 20240905', ['192.0.2.1', '50', '100', '8'])).not.toContain(
        '-w',
      );
    });

    it('sends another ping as many probes as fit, one a second', async () => {
      expect(await wordsOfPing('BusyBox', ['192.0.2.1', '50', '100', '8'])).toEqual([
        '-c',
        '8',
        '-W',
        '1',
        '--',
        '192.0.2.1',
      ]);
      expect(await wordsOfPing('BusyBox', ['192.0.2.1', '3', '100', '8'])).toEqual([
        '-c',
        '3',
        '-W',
        '1',
        '--',
        '192.0.2.1',
      ]);
    });

    it('takes no host for an option', async () => {
      expect((await wordsOfPing('ping from iputils 20240905', ['-f', '1', '100', '4'])).slice(-2)).toEqual([
        '--',
        '-f',
      ]);
      expect((await wordsOfPing('BusyBox', ['-f', '1', '100', '4'])).slice(-2)).toEqual(['--', '-f']);
    });
  },
);
