import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { compactScript } from '../../../src/channels/script.ts';
import { SCRIPT_TEXTS } from '../../../src/probes/scripts.ts';

const folder = mkdtempSync(join(tmpdir(), 'nettools-ss-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the script makes of what ss prints. */
function chosen(sockets: string): string {
  const ss = join(folder, 'ss');
  writeFileSync(ss, `#!/bin/sh\ncat <<'END'\n${sockets}END\n`);
  chmodSync(ss, 0o755);
  const env = { PATH: [folder, process.env['PATH']].join(delimiter) };
  return spawnSync('sh', ['-c', compactScript(SCRIPT_TEXTS.oddSockets)], { env, encoding: 'utf8' }).stdout;
}

const socket = (timer: string, since: number): string =>
  `ESTAB 0 0 198.18.1.5:40000 198.18.1.9:80 ${timer}\n\t cubic rto:204 lastsnd:${since} lastrcv:${since} lastack:${since} rcv_space:1\n`;
const HALF = 'SYN-RECV 0 0 198.18.1.5:80 198.18.1.9:4 timer:(on,1sec,2)\n';

it.each([
  ['that is sent again and again', socket('timer:(on,3.368ms,4)', 9), true],
  ['that is sent again for the tenth time', socket('timer:(on,13sec,10)', 9), true],
  ['that was sent again once', socket('timer:(on,200ms,1)', 9), false],
  ['that rests', socket('', 30_000), true],
  ['that rests for less', socket('', 29_999), false],
  ['whose keepalives were not answered often', socket('timer:(keepalive,1sec,9)', 9), false],
])('a connection %s', (_what, text, isChosen) => {
  expect(chosen(text)).toBe(isChosen ? text : '');
});

it('handshakes, of which ss prints one line each, and no others', () => {
  const closing =
    'CLOSE-WAIT 0 0 198.18.1.5:1 198.18.1.9:2\n\t cubic lastsnd:99999 lastrcv:99999 lastack:99999\n';
  expect(chosen(HALF + closing + HALF + socket('', 99))).toBe(HALF + HALF);
});

it('a hundred at most', () => {
  expect(chosen(HALF.repeat(250)).split('\n')).toHaveLength(101);
});
