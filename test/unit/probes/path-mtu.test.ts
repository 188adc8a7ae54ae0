/** The search for the path MTU where ping is older than mode "probe", as on Debian 12. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parsePathMtu } from '../../../src/parsers/path-mtu.ts';
import PATH_MTU from '../../../src/probes/path-mtu.sh';
import { runToEnd, SHELLS } from '../shells.ts';

/** Knows 1420 bytes of the path, as the kernel does for ten minutes after a router has said so. */
const PING = `#!/bin/sh
[ "$1" != -V ] || { echo 'ping from iputils 20221126'; exit; }
while [ $# -gt 0 ]; do
  case $1 in
  -M) mode=$2; shift ;;
  -c) count=$2; shift ;;
  -s) size=$2; shift ;;
  esac
  shift
done
[ "$mode" = do ] || { echo "ping: invalid -M argument: $mode"; exit 1; }
echo "PING 198.51.100.2 (198.51.100.2) $size($((size + 28))) bytes of data."
if [ $((size + 28)) -gt 1420 ]; then
  echo 'ping: local error: message too long, mtu=1420' >&2
  count_back=0
else
  count_back=$count
fi
echo
echo "$count packets transmitted, $count_back received, 0% packet loss, time 1ms"
`;

// Busybox has a ping of its own, which it prefers.
describe.each(SHELLS.filter(({ name, available }) => available && !name.startsWith('busybox')))(
  'path-mtu.sh in $name',
  ({ words }) => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'nettools-test-'));
      for (const [name, text] of [
        ['ping', PING],
        ['ip', '#!/bin/sh\necho "198.51.100.2 dev none0 src 192.0.2.1"\n'],
      ] as const) {
        writeFileSync(join(folder, name), text);
        chmodSync(join(folder, name), 0o755);
      }
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    it('takes what the kernel has learned of the path for what was said of it, and not for silence', async () => {
      const env = { ...process.env, PATH: [folder, process.env['PATH']].join(delimiter) };
      const { stdout } = await runToEnd([...words, '-c', PATH_MTU, 'path-mtu', '198.51.100.2'], '', { env });
      expect(parsePathMtu(stdout.toString())).toMatchObject({
        pathMtu: 1420,
        announcements: ['local error: message too long, mtu=1420'],
      });
    });
  },
);
