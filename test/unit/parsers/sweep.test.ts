import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { endpointKey, parseSweep } from '../../../src/parsers/sweep.ts';
import { encodePlan, RunnerDecoder } from '../../../src/probes/plan.ts';
import { PROBE_SCRIPTS, SCRIPT_TEXTS } from '../../../src/probes/scripts.ts';
import { buildProber } from '../prober.ts';
import { runToEnd } from '../shells.ts';

describe('parseSweep', () => {
  it('takes each endpoint, and leaves out what was cut', () => {
    const swept = parseSweep(
      [
        'endpoint 192.0.2.1 80 connected 613',
        'endpoint 2001:db8::1 80 refused 211 Connection refused',
        'endpoint 192.0.2.3 8080 silent 1300123 Connection timed out',
        'endpoint 192.0.2.4 80 failed 52 No route to host',
        'endpoint 192.0.2.5 80 conn',
      ].join('\n'),
    );
    expect([...swept]).toMatchObject([
      ['192.0.2.1 80', { outcome: 'connected', ms: 0.613 }],
      ['2001:db8::1 80', { outcome: 'refused', error: 'Connection refused' }],
      ['192.0.2.3 8080', { outcome: 'silent', ms: 1300.123 }],
      ['192.0.2.4 80', { outcome: 'failed', error: 'No route to host' }],
    ]);
  });

  // Both write what is parsed: the program of the image, and the script that takes its place elsewhere.
  it.each([
    ['the prober', [buildProber()]],
    ['the script', undefined],
  ])('reads %s', async (_name, prober) => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = String(typeof address === 'object' ? address?.port : 0);
    // Nobody can listen on port 0, and a blackhole needs no network of its own: TCP to a broadcast address fails.
    const words = ['1300', '127.0.0.1', port, '127.0.0.1', '1', '255.255.255.255', '80'];
    const argv = ['bash', '-c', PROBE_SCRIPTS.sweep, 'sweep', ...words];
    const plan = { phases: [[{ id: 'sweep', argv, timeoutSeconds: 20 }]] };
    const stdout =
      prober === undefined
        ? execFileSync('bash', ['-c', SCRIPT_TEXTS.sweep, 'sweep', ...words], { encoding: 'utf8' })
        : new RunnerDecoder(plan)
            .push((await runToEnd(prober, encodePlan(plan, SCRIPT_TEXTS))).stdout)
            .flatMap((event) => (event.kind === 'result' ? [event.result.stdout] : []))
            .join('');
    server.close();
    const swept = parseSweep(stdout);
    expect(swept.get(endpointKey('127.0.0.1', port))?.outcome).toBe('connected');
    expect(swept.get(endpointKey('127.0.0.1', 1))).toMatchObject({
      outcome: 'refused',
      error: 'Connection refused',
    });
    expect(swept.get(endpointKey('255.255.255.255', 80))?.outcome).toBe('failed');
  });
});
