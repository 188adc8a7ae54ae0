/** Captures at many pods: a whole file of each, whatever ends it, and one that fails alone. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../cluster/proc.ts';
import { interrupt, startCapture } from './support/capture.ts';
import { expectSentence, nettools } from './support/cli.ts';
import { app, helper, kubectl, pod, testNamespace } from './support/cluster.ts';
import { aboutFile, ensureCaptureTools, packetsIn } from './support/tshark.ts';

const ns = testNamespace('many-captures');
const folder = mkdtempSync(join(tmpdir(), 'nettools-e2e-many-captures-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NAMES = ['one-0', 'one-1', 'two-0', 'two-1'] as const;
/** Packets that the tests send; nothing else in the cluster goes to this port. */
const PORT = 40_405;
const FILTER = ['--', 'udp', 'dst', 'port', String(PORT)];
const on = (...words: string[]): string[] => ['capture', '-n', ns.name, ...words];
let at = 0;
/** A folder that is not there yet. */
const newFolder = (): string => join(folder, `captures-${at++}`);

beforeAll(async () => {
  await Promise.all([
    ensureCaptureTools(),
    ns.start(
      ...NAMES.map((name) =>
        pod(name, {
          labels: { app: 'many' },
          containers: [app, helper],
          spec: { nodeName: name.startsWith('one') ? 'node1' : 'node2' },
        }),
      ),
    ),
  ]);
});

/** Sends packets from one pod to another; each leaves the one and comes to the other. */
async function send(from: string, to: string, count: number): Promise<void> {
  const address = (await ns.pod(to)).status.podIP ?? '';
  const loop = 'for i in $(seq "$1"); do echo "packet $i" >"/dev/udp/$2/$3"; sleep 0.01; done';
  await ns.help(from, 'bash', '-c', loop, 'send', String(count), address, String(PORT));
}

/** The file of each pod, by its name. */
function filesOf(path: string): Map<string, string> {
  return new Map(
    readdirSync(path).map((name) => [name.replace(/-\d{8}-\d{6}\.pcap$/, ''), join(path, name)]),
  );
}

const countIn = async (file: string | undefined): Promise<number> =>
  (await packetsIn(file ?? '', 'frame.number')).length;

describe('captures of many pods', () => {
  it('give each a whole file with its own packets after Ctrl-C, and a row', async () => {
    const path = newFolder();
    const started = await startCapture(on('-l', 'app=many', '--all', '-w', `${path}/`, ...FILTER));
    await send('one-0', 'two-1', 7);
    await until('the packets', 30, async () => {
      const sizes = readdirSync(path).map((name) => statSync(join(path, name)).size);
      return sizes.filter((size) => size > 24).length === 2 || `sizes ${sizes}`;
    });
    const { code, stderr } = await interrupt(started);
    expect(code, stderr).toBe(0);
    const files = filesOf(path);
    expect([...files.keys()].sort()).toEqual([...NAMES]);
    const counts = await Promise.all(NAMES.map((name) => countIn(files.get(name))));
    expect(counts).toEqual([7, 0, 0, 7]);
    expect(stderr).toMatch(/^captured 14 packets .* to \S+\/; 0 dropped by the kernel\.$/m);
    expect(stderr).toMatch(/^ {2}pod\/one-0: 7 packets, 0 dropped by the kernel, one-0-\d{8}-\d{6}\.pcap$/m);
    for (const file of files.values()) expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('go on without one that is not there, and tell why', async () => {
    const path = newFolder();
    const words = ['one-0', 'nosuch', 'two-0', '-w', `${path}/`, '--duration', '1s', ...FILTER];
    const { code, stderr } = await nettools(on(...words));
    expect(code, stderr).toBe(3);
    expect([...filesOf(path).keys()].sort()).toEqual(['one-0', 'two-0']);
    expect(stderr).toContain(`  pod/nosuch: nothing captured: no pod "nosuch" in namespace "${ns.name}"\n`);
  });

  it('keep what was captured at a pod that goes away, and capture on at the others', async () => {
    const path = newFolder();
    await ns.start(pod('leaving', { labels: { app: 'leaving' }, containers: [app, helper] }));
    const started = await startCapture(on('leaving', 'one-1', '-w', `${path}/`, ...FILTER));
    await send('leaving', 'one-1', 3);
    const files = filesOf(path);
    await until(
      'the packets',
      30,
      async () => statSync(files.get('leaving') ?? '').size > 24 + 2 * 73 || 'not all three',
    );
    await kubectl(['-n', ns.name, 'delete', 'pod', 'leaving', '--now', '--wait']);
    await send('two-0', 'one-1', 4);
    await until('the later packets', 30, async () => {
      const size = statSync(files.get('one-1') ?? '').size;
      return size > 24 + 7 * 50 || `${size} bytes`;
    });
    const { code, stderr } = await interrupt(started);
    expect(code, stderr).toBe(3);
    expect([await countIn(files.get('leaving')), await countIn(files.get('one-1'))]).toEqual([3, 7]);
    expect(stderr).toMatch(/^ {2}pod\/leaving: 3 packets, .*leaving-\S+\.pcap; \S.*$/m);
  });

  it('are one file where one is asked for, with an interface of each pod that could be opened', async () => {
    const file = join(folder, 'all.pcapng');
    const started = await startCapture(on('-l', 'app=many', '--all', '-w', file, ...FILTER));
    await until('what stands before the packets', 30, async () => statSync(file).size > 0 || 'nothing yet');
    const empty = statSync(file).size;
    await send('one-0', 'one-1', 2);
    // Two packets leave one pod and come to the other: four blocks of more than 60 bytes.
    await until('the packets', 30, async () => {
      const { size } = statSync(file);
      return size > empty + 4 * 60 || `${size - empty} bytes`;
    });
    expect((await interrupt(started)).code).toBe(0);
    expect(await aboutFile(file)).toMatch(/Number of interfaces in file: 4/);
    const seen = await packetsIn(file, 'frame.interface_name');
    expect(seen.map(([name]) => name).sort()).toEqual(['pod/one-0', 'pod/one-0', 'pod/one-1', 'pod/one-1']);
  });

  it('refuse a filter once, with the exit code of wrong usage, and leave no file', async () => {
    const path = newFolder();
    const outcome = await nettools(on('-l', 'app=many', '--all', '-w', `${path}/`, '--', 'nonsense'));
    expectSentence(outcome, 2, /^error: at none of 4 targets: tcpdump refuses the filter "nonsense"/);
    expect(existsSync(path)).toBe(false);
  });

  it('are not begun at more pods than --max-targets', async () => {
    const path = newFolder();
    const words = on('-l', 'app=many', '--all', '-w', `${path}/`, '--max-targets', '3');
    expectSentence(await nettools(words), 2, /^error: this selects 4 targets/);
    expect(existsSync(path)).toBe(false);
  });

  it('take a folder for one pod too', async () => {
    const path = newFolder();
    const { code, stderr } = await nettools(on('one-0', '-w', `${path}/`, '--duration', '500ms', ...FILTER));
    expect(code, stderr).toBe(0);
    const [name = ''] = readdirSync(path);
    expect(name).toMatch(/^one-0-\d{8}-\d{6}\.pcap$/);
    expect(readFileSync(join(path, name)).length).toBe(24);
  });
});
