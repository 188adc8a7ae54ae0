/** The script asks name servers as the prober does; in a network namespace with servers that answer, and one that is not there. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { compactScript } from '../../../src/channels/script.ts';
import { type DnsProbe, parseDnsProbe } from '../../../src/parsers/dns-probe.ts';
import { encodePlan, RunnerDecoder } from '../../../src/probes/plan.ts';
import RUNNER from '../../../src/probes/runner.sh';
import { PROBE_SCRIPTS, SCRIPT_TEXTS } from '../../../src/probes/scripts.ts';
import { buildProber } from '../prober.ts';
import { mayUnshare, runToEnd, SHELLS } from '../shells.ts';

/** Answers over UDP that there is no such record. */
const SERVER = `
const dgram = require('node:dgram');
let left = 3;
for (const [address, port] of [['127.0.0.1', 53], ['127.0.0.2', 53], ['127.0.0.1', 5353]]) {
  const server = dgram.createSocket('udp4');
  server.on('message', (q, from) => {
    const end = 12 + q.subarray(12).indexOf(0) + 5;
    const head = Buffer.from([q[0], q[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0]);
    server.send(Buffer.concat([head, q.subarray(12, end)]), from.port, from.address);
  });
  server.bind(port, address, () => --left > 0 || console.error('up'));
}
`;
const SET_UP = [
  'ip link set lo up && mount --bind "$1/resolv.conf" /etc/resolv.conf || exit 1',
  '{ "$2" -e "$3" 2>&1 >/dev/null & echo $! >"$1/pid"; } | read -r up',
  'folder=$1; shift 3',
  '"$@"; code=$?; kill "$(cat "$folder/pid")"; exit $code',
].join('\n');

async function asked(...runner: readonly string[]): Promise<DnsProbe> {
  const folder = mkdtempSync(join(tmpdir(), 'nettools-dns-'));
  writeFileSync(
    join(folder, 'resolv.conf'),
    'nameserver 127.0.0.1\nnameserver 127.0.0.2\nsearch svc.cluster.local x.test\noptions ndots:2 timeout:1 attempts:1\n',
  );
  const argv = ['sh', '-c', PROBE_SCRIPTS.dns, 'dns', '127.0.0.1/5353/5353 127.0.0.3/5353/5353', 'a.b', 'c'];
  const plan = { phases: [[{ id: 'dns', argv, timeoutSeconds: 40 }]] };
  const words = ['unshare', '--net', '--mount', '--pid', '--mount-proc', '--fork', 'sh', '-c', SET_UP, 'sh'];
  const ended = await runToEnd(
    [...words, folder, process.execPath, SERVER, ...runner],
    encodePlan(plan, SCRIPT_TEXTS),
    { env: { PATH: process.env['PATH'], TMPDIR: folder } },
  ).finally(() => rmSync(folder, { recursive: true, force: true }));
  const [said] = new RunnerDecoder(plan)
    .push(ended.stdout)
    .flatMap((e) => (e.kind === 'result' ? [e.result] : []));
  return parseDnsProbe(said?.stdout ?? '');
}

/** Whom it asked what, and how that ended; in no order. */
const told = ({ queries }: DnsProbe): string[] =>
  queries
    .map(({ role, server, protocol, limitMs, question, outcome }) =>
      [role, server, protocol, limitMs, question.name, question.type, outcome].join(' '),
    )
    .sort();

describe.skipIf(!mayUnshare)('the script, and the prober', () => {
  let prober: DnsProbe;
  beforeAll(async () => {
    prober = await asked(buildProber());
  });

  it.each(SHELLS.filter(({ available }) => available))('ask the same in $name', async ({ words }) => {
    const script = await asked(...words, '-c', compactScript(RUNNER), 'nettools-runner');
    expect(script.names).toEqual(prober.names);
    expect(told(script)).toEqual(told(prober));
    expect(new Set(script.queries.map(({ server }) => server))).toEqual(
      new Set(['127.0.0.1', '127.0.0.2', '127.0.0.3']),
    );
  });
});
