/** The default gateway of IPv6 is mostly an address that is only unique on its link: the prober and the scripts reach it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { compactScript } from '../../../src/channels/script.ts';
import { parseNextHop } from '../../../src/parsers/next-hop.ts';
import { parsePathMtu } from '../../../src/parsers/path-mtu.ts';
import { parsePing } from '../../../src/parsers/ping.ts';
import { nextHop, parseReach } from '../../../src/parsers/reach.ts';
import { parseConnects } from '../../../src/parsers/tcp-connect.ts';
import { encodePlan, RunnerDecoder } from '../../../src/probes/plan.ts';
import RUNNER from '../../../src/probes/runner.sh';
import { PROBE_SCRIPTS, SCRIPT_TEXTS } from '../../../src/probes/scripts.ts';
import { buildProber } from '../prober.ts';
import { mayUnshare, runToEnd, SHELLS } from '../shells.ts';

/** A gateway at the other end of a link, in a namespace that ends with the command. */
const SET_UP = [
  'mount -t sysfs none /sys || exit 1',
  'unshare --net sleep 60 & peer=$!',
  'trap "kill $peer" EXIT',
  // It is in its own namespace once that differs from this one.
  'until [ "$(readlink /proc/$peer/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.05; done',
  'ip link add nt0 type veth peer name nt1 netns $peer || exit 1',
  'ip link set nt0 up; ip addr add fe80::2/64 dev nt0 nodad',
  'nsenter --net=/proc/$peer/ns/net sh -c "ip link set nt1 up; ip addr add fe80::1/64 dev nt1 nodad"',
  'ip -6 route add default via fe80::1 dev nt0 || exit 1',
  '"$@"',
].join('\n');

const RUNNERS = [
  ...SHELLS.filter((s) => s.available && s.name === 'dash').map(({ words }) => ({
    name: 'the scripts',
    argv: [...words, '-c', compactScript(RUNNER), 'nettools-runner'],
  })),
  { name: 'the prober', argv: [buildProber()] },
];

describe.skipIf(!mayUnshare).each(RUNNERS)('$name', ({ argv }) => {
  it('reach the gateway by its address and its interface', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nettools-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const probe = (shell: string, id: keyof typeof PROBE_SCRIPTS, ...words: readonly string[]) => ({
      id: id.toLowerCase(),
      argv: [shell, '-c', PROBE_SCRIPTS[id], id, ...words],
      timeoutSeconds: 20,
    });
    const plan = {
      phases: [
        [
          probe('bash', 'reach', 'tcp', '%gateway%', '9', '0'),
          probe('sh', 'nextHop', '%gateway%', 'ask'),
          probe('sh', 'ping', '%gateway%', '3', '200', '4'),
          probe('sh', 'pathMtu', '%gateway%'),
          probe('bash', 'tcpConnect', '%gateway%', '9', '2', '0', '4000'),
        ],
      ],
    };
    const { stdout } = await runToEnd(
      ['unshare', '--net', '--mount', 'sh', '-c', SET_UP, 'sh', ...argv],
      encodePlan(plan, SCRIPT_TEXTS),
      { env: { PATH: process.env['PATH'], TMPDIR: folder } },
    );
    const results = new Map(
      new RunnerDecoder(plan)
        .push(stdout)
        .flatMap((e) => (e.kind === 'result' ? [[e.result.id, e.result]] : [])),
    );
    const said = (id: string): string => results.get(id)?.stdout ?? 'nothing';

    const reach = parseReach(said('reach'), 4000);
    expect(reach.address).toBe('fe80::1');
    expect(nextHop(reach.routes)).toMatchObject({ device: 'nt0', source: 'fe80::2' });
    expect(reach.tries.map(({ error }) => error)).toEqual(Array(3).fill('Connection refused'));
    expect(parseNextHop(said('nexthop'))).toMatchObject({
      address: 'fe80::1',
      route: { outcome: 'route', gateway: undefined, device: 'nt0' },
    });
    expect(parsePing(said('ping'))).toMatchObject({ sent: 3, received: 3 });
    expect(parsePathMtu(said('pathmtu'))).toMatchObject({
      address: 'fe80::1',
      link: { device: 'nt0', mtu: 1500 },
      pathMtu: 1500,
    });
    expect(parseConnects(said('tcpconnect'), 4000).tries.map(({ outcome }) => outcome)).toEqual([
      'refused',
      'refused',
    ]);
  });
});
