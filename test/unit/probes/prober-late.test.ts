/** What the prober makes of answers that it reads late, or that come late; in a network namespace with a name server. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseDnsProbe } from '../../../src/parsers/dns-probe.ts';
import { encodePlan, RunnerDecoder } from '../../../src/probes/plan.ts';
import { PROBE_SCRIPTS, SCRIPT_TEXTS } from '../../../src/probes/scripts.ts';
import { buildProber } from '../prober.ts';
import { mayUnshare, runToEnd } from '../shells.ts';

/**
 * Answers at once; for slow.test. after 1.4 s; for stopped.test. at once, too, while the prober is stopped for as long; for
 * lost.test. never.
 */
const SERVER = `
const dgram = require('node:dgram'), fs = require('node:fs');
const server = dgram.createSocket('udp4');
const asker = () => fs.readdirSync('/proc').find((pid) => {
  try { return /^\\d+$/.test(pid) && fs.readlinkSync('/proc/' + pid + '/exe') === process.argv[1]; } catch { return false; }
});
server.on('message', (q, from) => {
  const end = 12 + q.subarray(12).indexOf(0) + 5;
  const name = q.toString('latin1', 13, end - 5);
  const head = Buffer.from([q[0], q[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0]);
  const answer = () => server.send(Buffer.concat([head, q.subarray(12, end)]), from.port, from.address);
  if (name.startsWith('lost')) return;
  if (name.startsWith('slow')) return void setTimeout(answer, 1400);
  if (name.startsWith('stopped')) {
    const pid = Number(asker());
    process.kill(pid, 'SIGSTOP');
    setTimeout(() => process.kill(pid, 'SIGCONT'), 1400);
  }
  answer();
});
server.bind(5353, '127.0.0.1', () => console.error('up'));
`;

async function queriesOf(name: string) {
  const folder = mkdtempSync(join(tmpdir(), 'nettools-late-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  // No name server but the one of the test.
  writeFileSync(join(folder, 'resolv.conf'), 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n');
  const prober = buildProber();
  const argv = ['sh', '-c', PROBE_SCRIPTS.dns, 'dns', '127.0.0.1/5353/5353', name];
  const plan = { phases: [[{ id: 'dns', argv, timeoutSeconds: 30 }]] };
  const setUp = [
    'ip link set lo up && mount --bind "$1/resolv.conf" /etc/resolv.conf || exit 1',
    '{ "$2" -e "$3" "$4" 2>&1 >/dev/null & echo $! >"$1/pid"; } | read -r up',
    '"$4"; code=$?; kill "$(cat "$1/pid")"; exit $code',
  ].join('\n');
  const words = ['unshare', '--net', '--mount', '--pid', '--mount-proc', '--fork', 'sh', '-c', setUp, 'sh'];
  const { stdout } = await runToEnd(
    [...words, folder, process.execPath, SERVER, prober],
    encodePlan(plan, SCRIPT_TEXTS),
  );
  const [said] = new RunnerDecoder(plan).push(stdout).flatMap((e) => (e.kind === 'result' ? [e.result] : []));
  const { queries } = parseDnsProbe(said?.stdout ?? '');
  return queries.filter(
    (q) => q.protocol === 'udp' && q.role === 'endpoint' && q.question.name === `${name}.`,
  );
}

describe.skipIf(!mayUnshare)('a name server', () => {
  it('has answered in time where only the prober read it late', async () => {
    const found = await queriesOf('stopped.test');
    expect(found.map(({ outcome, lost }) => ({ outcome, lost }))).toEqual(
      Array(2).fill({ outcome: 'answered', lost: 0 }),
    );
    // As the kernel stamped it, and not as it was read.
    for (const { ms } of found) expect(ms).toBeLessThan(1000);
  });

  it('has answered late where the answer came after its time', async () => {
    const found = await queriesOf('slow.test');
    expect(found.map(({ outcome, lost, late }) => ({ outcome, lost, late: late?.length }))).toEqual(
      Array(2).fill({ outcome: 'timeout', lost: 2, late: 2 }),
    );
    for (const ms of found.flatMap(({ late = [] }) => late)) expect(ms).toBeGreaterThanOrEqual(1390);
  });

  it('has not answered where nothing came', async () => {
    const found = await queriesOf('lost.test');
    expect(found.map(({ outcome, lost, late }) => ({ outcome, lost, late }))).toEqual(
      Array(2).fill({ outcome: 'timeout', lost: 2, late: undefined }),
    );
  });
});
