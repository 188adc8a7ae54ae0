/** How a connection ended that the far side had taken: the prober and the script of foreign images, on real sockets. */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseReach } from '../../../src/parsers/reach.ts';
import { encodePlan, RunnerDecoder } from '../../../src/probes/plan.ts';
import { PROBE_SCRIPTS, SCRIPT_TEXTS } from '../../../src/probes/scripts.ts';
import { buildProber } from '../prober.ts';
import { mayUnshare, runToEnd } from '../shells.ts';

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

const reach = (script: string, port: string, address = '127.0.0.1', payload = 0): string[] => [
  'bash',
  '-c',
  script,
  'reach',
  'tcp',
  address,
  port,
  String(payload),
];

async function byProber(
  port: string,
  address = '127.0.0.1',
  inside: readonly string[] = [],
  payload = 0,
): Promise<string> {
  const argv = reach(PROBE_SCRIPTS.reach, port, address, payload);
  const plan = { phases: [[{ id: 'reach', argv, timeoutSeconds: 10 }]] };
  const { stdout } = await runToEnd([...inside, buildProber()], encodePlan(plan, SCRIPT_TEXTS), {});
  const decoder = new RunnerDecoder(plan);
  const [event] = decoder.push(stdout).filter(({ kind }) => kind === 'result');
  if (event?.kind !== 'result') throw new Error('no result');
  return event.result.stdout;
}

async function byScript(port: string, payload = 0): Promise<string> {
  const { stdout } = await runToEnd(reach(SCRIPT_TEXTS.reach, port, undefined, payload));
  return stdout.toString();
}

describe.each([
  ['the prober', (port: string, payload?: number) => byProber(port, undefined, [], payload)],
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

  it('sends one byte ahead of the others', async () => {
    let received = 0;
    const port = await serving((socket) => socket.on('data', (bytes) => (received += bytes.length)));
    const { isFirstAlone, tries } = parseReach(await run(port, 4096), 4000);
    expect(isFirstAlone).toBe(true);
    expect(tries.map(({ outcome }) => outcome)).toEqual(['connected']);
    expect(received).toBe(4096);
    expect(parseReach(await run(port, 0), 4000).isFirstAlone).toBeUndefined();
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

/** A router at the other end of a link, and no capability for who asks: it sees its own sockets alone. */
const BEHIND_A_ROUTER = [
  'unshare --net sleep 60 & peer=$!',
  'trap "kill $peer" EXIT',
  'until [ "$(readlink /proc/$peer/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.05; done',
  'ip link add nt0 type veth peer name nt1 netns $peer || exit 1',
  'ip link set nt0 up; ip addr add 192.0.2.2/24 dev nt0; ip addr add 2001:db8::2/64 dev nt0 nodad',
  'router="nsenter --net=/proc/$peer/ns/net"',
  '$router sh -c "echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding"',
  '$router sh -c "ip link set nt1 up; ip addr add 192.0.2.1/24 dev nt1; ip addr add 2001:db8::1/64 dev nt1 nodad"',
  '$router ip route add prohibit 198.51.100.1; $router ip route add unreachable 198.51.100.2',
  '$router ip route add prohibit 2001:db8:1::1',
  'ip route add default via 192.0.2.1; ip -6 route add default via 2001:db8::1',
  'setpriv --reuid 65534 --clear-groups --inh-caps=-all --bounding-set=-all "$@"',
].join('\n');

describe.skipIf(!mayUnshare)('the prober, without any capability', () => {
  it.each([
    ['198.51.100.1', { type: 3, code: 13, sender: '192.0.2.1' }],
    ['198.51.100.2', { type: 3, code: 1, sender: '192.0.2.1' }],
    ['198.51.100.3', { type: 3, code: 0, sender: '192.0.2.1' }],
    ['2001:db8:1::1', { type: 1, code: 1, sender: '2001:db8::1' }],
    ['192.0.2.1', 'none'],
    ['2001:db8::1', 'none'],
  ] as const)('tells who sent an ICMP error about %s', async (address, icmp) => {
    const inside = ['unshare', '--net', '--mount', 'sh', '-c', BEHIND_A_ROUTER, 'sh'];
    const { tries } = parseReach(await byProber('9', address, inside), 4000);
    expect(tries.map((one) => one.icmp)).toEqual(icmp === 'none' ? Array(3).fill(icmp) : [icmp]);
  });
});
