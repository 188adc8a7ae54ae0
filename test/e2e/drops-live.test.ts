/** Drops that are looked at on a terminal while they happen, and what is left of a watch, however it ends. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installPackages } from '../cluster/packages.ts';
import { attempt, until } from '../cluster/proc.ts';
import { nettools, type Started, startNettools } from './support/cli.ts';
import { pod, testNamespace } from './support/cluster.ts';
import { disappears, pidsOf } from './support/processes.ts';
import { cpuSeconds, gone, type Held, heldBy } from './support/programs.ts';
import { ensureTmux, Terminal } from './support/terminal.ts';

const ns = testNamespace('drops-live');

/** Knocks at a port at which nobody listens. */
const knocker = (address: string) => ({
  name: 'knocker',
  image: 'localhost/nettools:dev',
  imagePullPolicy: 'Never',
  command: ['bash', '-c', `while sleep 0.3; do : >/dev/tcp/${address}/8081; done 2>/dev/null`],
});

beforeAll(async () => {
  await ensureTmux();
  if ((await attempt(['bpftool', 'version'])).code !== 0) await installPackages(['bpftool']);
  await ns.start(pod('server', { spec: { nodeName: 'node2' } }));
  const { status } = await ns.pod('server');
  await ns.start(pod('client', { spec: { nodeName: 'node1' }, containers: [knocker(status.podIP ?? '')] }));
});

let length = 3000;
/** A watch of a length that no other one has: its process is told by it. */
const another = (): string => String(++length);
const watcher = (seconds: string, ...more: readonly string[]): number | undefined =>
  pidsOf('nettools-drops', '--for', seconds, ...more)[0];

/** What a watch holds once it watches. */
async function held(seconds: string, ...more: readonly string[]): Promise<Held> {
  let found: Held = { prog: [], map: [], link: [] };
  await until('a watch', 120, async () => {
    const pid = watcher(seconds, ...more);
    if (pid !== undefined) found = heldBy(pid);
    return found.link.length > 0 || 'it does not watch';
  });
  expect(found.prog).toHaveLength(1);
  expect(found.map.length).toBeGreaterThan(4);
  return found;
}

const noNodePods = (): Promise<void> =>
  until('no pod on a node', 60, async () => {
    const names = await ns.kubectl([
      ...['get', 'pods', '-o', 'name'],
      ...['-l', 'app.kubernetes.io/managed-by=kubectl-nettools'],
    ]);
    return names.trim() === '' || names;
  });

const SEEN = /dropped in pod \S+\/server because no socket takes them.*:8081/;
const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ');

describe('on a terminal', () => {
  let terminal: Terminal;

  beforeAll(async () => {
    terminal = await Terminal.open();
  });
  afterAll(() => terminal.close());

  test('shows a table that fits, also when the terminal changes; Ctrl-C ends it with the report, and nothing is left', async () => {
    const settings = await terminal.local('stty -g');
    const seconds = another();
    await terminal.enter(`kubectl nettools drops server -n ${ns.name} --for ${seconds}s; echo "[code $?]"`);
    const row = /\d+ .*NO_SOCKET +pod \S+server +TCP \S+ → \S+:8081/;
    await terminal.shows(row);
    const watched = await held(seconds, '--live');
    for (const [columns, rows] of [
      [80, 24],
      [60, 10],
      [120, 30],
    ] as const) {
      await terminal.resize(columns, rows);
      // It is drawn anew some moments after the size has changed.
      await until(`a table of ${columns} columns`, 20, async () => {
        const text = await terminal.shows(/PACKETS +RATE +REASON +PLACE.*NO_SOCKET/s);
        // Lines that a terminal has broken are put together again here.
        const lines = text.split('\n');
        const table = lines.slice(lines.findLastIndex((line) => /PACKETS +RATE/.test(line)));
        const isWhole =
          Math.max(...table.map((line) => line.length)) <= columns &&
          table.length < rows &&
          text.match(/PACKETS +RATE/g)?.length === 1;
        return isWhole || text;
      });
    }
    await terminal.press('C-c');
    const report = await terminal.shows(/\[code \d+\]/);
    expect(report).toMatch(/NT-DROP-012/);
    expect(report).toMatch(/verdict: /);
    expect(report).toMatch(/\[code 0\]/);
    expect(report).not.toMatch(/PACKETS +RATE/);
    expect(await terminal.state()).toEqual({ alternate: false, cursor: true });
    expect(await terminal.local('stty -g')).toBe(settings.replace(/\[code/, '[code'));
    await disappears(30, 'nettools-drops', '--for', seconds, '--live');
    await gone(watched);
    await noNodePods();
  });
});

describe('without one', () => {
  const target = ['drops', 'server', '-n', ns.name];
  const start = (seconds: string): Started => startNettools([...target, '--for', `${seconds}s`]);
  const killed = async ({ child, outcome }: Started): Promise<void> => {
    child.kill('SIGKILL');
    await outcome;
  };

  test('two watch one node at the same time, and a client that is killed leaves nothing in its kernel', async () => {
    const seconds = another();
    const first = start(seconds);
    let watched: Held;
    try {
      watched = await held(seconds);
      const { code, stdout } = await nettools([...target, '--for', '4s']);
      expect(oneLine(stdout)).toMatch(SEEN);
      expect(code).toBe(0);
      // The first one goes on, in the pod that the second one has left to it.
      const pid = watcher(seconds) ?? 0;
      expect(heldBy(pid)).toEqual(watched);
      // It waits for what comes, and does not look for it.
      expect(cpuSeconds(pid)).toBeLessThan(1);
    } finally {
      await killed(first);
    }
    await disappears(60, 'nettools-drops', '--for', seconds);
    await gone(watched);
    // Nobody was left to take the pod away: the next one on the node does.
    expect((await nettools([...target, '--for', '1s'])).code).toBe(0);
    await noNodePods();
  });

  test('a watcher that is killed is no pass, and leaves nothing', async () => {
    const seconds = another();
    const { outcome } = start(seconds);
    const watched = await held(seconds);
    process.kill(watcher(seconds) ?? 0, 'SIGKILL');
    const { code, stdout } = await outcome;
    expect(stdout).toMatch(/What the kernel drops was not measured: /);
    expect(stdout).not.toMatch(/verdict: pass/);
    expect(code).toBe(3);
    await gone(watched);
    await noNodePods();
  });

  test('the report is the same in every format', async () => {
    const says = [
      ['json', /"id": ?"NT-DROP-012"/],
      ['junit', /<testsuite.*NT-DROP-012/s],
      ['markdown', /NT-DROP-012.*8081/s],
      ['html', /<!doctype html>.*NT-DROP-012.*8081/is],
    ] as const;
    for (const [format, pattern] of says) {
      const { code, stdout, stderr } = await nettools([...target, '--for', '2s', '-o', format]);
      expect(stdout, stderr).toMatch(pattern);
      expect(code).toBe(0);
    }
    await noNodePods();
  });
});
