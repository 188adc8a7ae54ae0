/** Which probes the prober holds back while others run. */
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ProbeCommand } from '../../../src/model/evidence.ts';
import { encodePlan, RunnerDecoder } from '../../../src/probes/plan.ts';
import { PROBE_SCRIPTS, SCRIPT_TEXTS } from '../../../src/probes/scripts.ts';
import { buildProber } from '../prober.ts';
import { runToEnd } from '../shells.ts';

let server: Server;
let port: number;

beforeEach(async () => {
  server = createServer((socket) => socket.on('error', () => undefined).resume());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
});

it('starts connections with the look at their sockets, however many other probes there are', async () => {
  const command = (id: string, ...argv: string[]): ProbeCommand => ({ id, argv, timeoutSeconds: 20 });
  const sample = 'sleep "$1"; shift; exec "$@"';
  const plan = {
    phases: [
      [
        command('sockets', 'sh', '-c', sample, 'nettools-sample', '1.5', 'cat', '/proc/net/tcp'),
        // More than run at the same time.
        ...Array.from({ length: 400 }, (_, i) => command(`other${i}`, 'sleep', '3')),
        command(
          'reach',
          'bash',
          '-c',
          PROBE_SCRIPTS.reach,
          'reach',
          'tcp',
          '127.0.0.1',
          String(port),
          '4096',
        ),
      ],
    ],
  };
  const { stdout } = await runToEnd([buildProber()], encodePlan(plan, SCRIPT_TEXTS), {});
  const results = new RunnerDecoder(plan)
    .push(stdout)
    .flatMap((event) => (event.kind === 'result' ? [event.result] : []));
  expect(results).toHaveLength(402);
  expect(results.every(({ status, code }) => status === 'exited' && code === 0)).toBe(true);
  // The probe's own end, established: ST is 01.
  const remote = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  expect(results.find(({ id }) => id === 'sockets')?.stdout).toMatch(new RegExp(` ${remote} 01 `));
});

it('does not say that there is no gateway where nobody could be asked for it', async () => {
  const plan = { phases: [[{ id: 'hop', argv: ['echo', '%gateway%'], timeoutSeconds: 5 }]] };
  // The limit is one of a user, and does not hold for root: nobody else has this number here, nor may read root's folders.
  const alone = 'exec 9<"$0"; exec setpriv --reuid 54322 --clear-groups prlimit --nproc=1 /proc/self/fd/9';
  const { stdout } = await runToEnd(['bash', '-c', alone, buildProber()], encodePlan(plan, SCRIPT_TEXTS));
  expect(stdout.toString()).toBe(
    'nettools-error ip cannot be started: a limit of processes (pids) or of memory is reached\n',
  );
});
