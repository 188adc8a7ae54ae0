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

    describe('of a version that refuses users a pace below 200 ms', () => {
      /** What the script says with a stand-in for it, as somebody with a user id. */
      async function saidAs(uid: number, args: readonly string[]) {
        const stand = (name: string, body: string): void => {
          writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`);
          chmodSync(join(folder, name), 0o755);
        };
        stand('id', `echo ${uid}`);
        // ping_common.c of s20180629, setup().
        const refusal = "echo 'ping: cannot flood; minimal interval allowed for user is 200ms' >&2; exit 2";
        const isRefused = `case "$(id -u) $*" in 0*) false ;; *'-i 0.0'* | *'-i 0.1'*) true ;; *) false ;; esac`;
        stand(
          'ping',
          `[ "$1" = -V ] && { echo "ping from iputils s20180629"; exit; }\nif ${isRefused}; then ${refusal}; fi\necho "$*"\necho "ping: a word" >&2\nexit 1`,
        );
        const { code, stdout, stderr } = await runToEnd([...words, '-c', PING, 'ping', ...args], '', {
          env: { PATH: `${folder}:${process.env['PATH']}` },
        });
        return { code, stdout: stdout.toString(), stderr };
      }

      it('goes at that pace, with as many as fit, and says so', async () => {
        expect(await saidAs(1000, ['192.0.2.1', '50', '100', '8'])).toEqual({
          code: 1,
          stdout: '-n -c 40 -i 0.200 -W 1 -- 192.0.2.1\n',
          stderr:
            'ping: a word\nping of this version lets users send no more than one echo request in 200 ms: 40 of 50 were sent, at that pace\n',
        });
        expect((await saidAs(1000, ['192.0.2.1', '10', '40', '5'])).stdout).toBe(
          '-n -c 10 -i 0.200 -W 3 -- 192.0.2.1\n',
        );
      });

      it.each([
        ['root', 0, ['192.0.2.1', '50', '100', '8'], '-n -c 50 -i 0.100 -W 3 -- 192.0.2.1\n'],
        [
          'a pace that it allows',
          1000,
          ['192.0.2.1', '5', '200', '4'],
          '-n -c 5 -i 0.200 -W 3 -- 192.0.2.1\n',
        ],
      ])('is left alone with %s', async (_name, uid, args, stdout) => {
        expect(await saidAs(uid, args)).toEqual({ code: 1, stdout, stderr: 'ping: a word\n' });
      });
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
