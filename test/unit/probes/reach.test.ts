/** How a connection ended that the far side had taken: the prober and the script of foreign images, on real sockets. */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseReach } from '../../../src/parsers/reach.ts';
import { encodePlan, RunnerDecoder } from '../../../src/probes/plan.ts';
import { PROBE_SCRIPTS, SCRIPT_TEXTS } from '../../../src/probes/scripts.ts';
import { buildProber } from '../prober.ts';
import { runToEnd } from '../shells.ts';

/** @returns its port on 127.0.0.1 */
async function serving(onConnection: (socket: Socket, count: number) => void): Promise<string> {
  let count = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined).resume();
    count += 1;
    onConnection(socket, count);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    await new Promise((resolve) => server.close(resolve));
  });
  return String((server.address() as AddressInfo).port);
}

const reach = (script: string, port: string): string[] => [
  'bash',
  '-c',
  script,
  'reach',
  'tcp',
  '127.0.0.1',
  port,
  '0',
];

async function byProber(port: string): Promise<string> {
  const plan = { phases: [[{ id: 'reach', argv: reach(PROBE_SCRIPTS.reach, port), timeoutSeconds: 10 }]] };
  const { stdout } = await runToEnd([buildProber()], encodePlan(plan, SCRIPT_TEXTS), {});
  const decoder = new RunnerDecoder(plan);
  const [event] = decoder.push(stdout).filter(({ kind }) => kind === 'result');
  if (event?.kind !== 'result') throw new Error('no result');
  return event.result.stdout;
}

async function byScript(port: string): Promise<string> {
  const { stdout } = await runToEnd(reach(SCRIPT_TEXTS.reach, port));
  return stdout.toString();
}

describe.each([
  ['the prober', byProber],
  ['the script', byScript],
])('%s', (_name, run) => {
  const endsOf = async (onConnection: (socket: Socket, count: number) => void) =>
    parseReach(await run(await serving(onConnection)), 4000).tries.map(
      ({ outcome, ended }) => `${outcome} ${ended ?? 'stands'}`,
    );

  it('tells a reset', async () => {
    expect(await endsOf((socket) => socket.resetAndDestroy())).toEqual(Array(3).fill('connected reset'));
  });

  it('tells a close, a moment after it was taken', async () => {
    expect(await endsOf((socket) => setTimeout(() => socket.end(), 40))).toEqual(
      Array(3).fill('connected closed'),
    );
  });

  it('tells each try by itself', async () => {
    expect(
      await endsOf((socket, count) => {
        if (count === 1) socket.end();
      }),
    ).toEqual(['connected closed', 'connected stands']);
  });

  it.each([
    ['waits for the client', () => undefined],
    ['greets', (socket: Socket) => socket.write('220 ready\r\n')],
    ['says the time and closes', (socket: Socket) => socket.end('Sun Nov 29 2026\r\n')],
  ])('says nothing of a server that %s', async (_what, onConnection) => {
    expect(await endsOf(onConnection)).toEqual(['connected stands']);
  });
});
