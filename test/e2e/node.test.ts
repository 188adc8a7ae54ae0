/** `node/NAME`: what runs there, who shares its pod, and that nothing stays, however a command ends. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { nodes, testRegistry } from '../cluster/paths.ts';
import { until } from '../cluster/proc.ts';
import { startSilentServer } from '../servers/silent-server.ts';
import { expectSentence, nettools, startNettools } from './support/cli.ts';
import { kubectl, testNamespace } from './support/cluster.ts';
import { appears, disappears, uniqueSleep } from './support/processes.ts';
import { Relay } from './support/relay.ts';
import { problems, validReport } from './support/report.ts';
import { ensureTmux, Terminal } from './support/terminal.ts';

const ns = testNamespace('node');
const locked = testNamespace('node-locked', { 'pod-security.kubernetes.io/enforce': 'restricted' });
const [node1, node2] = nodes;
if (node1 === undefined || node2 === undefined) throw new Error('the cluster has two nodes');

const run = (...words: readonly string[]): string[] => ['run', 'node/node1', '-n', ns.name, ...words];

interface NodePodObject {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly status: { readonly phase: string };
}

async function pods(namespace = ns.name): Promise<NodePodObject[]> {
  return (
    JSON.parse(await kubectl(['-n', namespace, 'get', 'pods', '-o', 'json'])) as { items: NodePodObject[] }
  ).items;
}

const podNames = async (): Promise<string[]> => (await pods()).map(({ metadata }) => metadata.name);

/** Waits until the one pod of a command is in this phase. */
async function phase(wanted: string): Promise<NodePodObject> {
  let found: NodePodObject | undefined;
  await until(`a pod that is ${wanted}`, 60, async () => {
    const all = await pods();
    found = all.find(({ status }) => status.phase === wanted);
    return found !== undefined || `there are ${JSON.stringify(all.map(({ status }) => status.phase))}`;
  });
  if (found === undefined) throw new Error('not reached');
  return found;
}

afterEach(async () => {
  const left = await podNames();
  // The next test would use it, and not show what it leaves itself.
  await Promise.all(
    left.map((name) => kubectl(['-n', ns.name, 'delete', 'pod', name, '--grace-period=0', '--force'])),
  );
  expect(left).toEqual([]);
});

describe('a command on a node', () => {
  it("is in the node's own network, and its exit code is passed on", async () => {
    const outcome = await nettools(run('--', 'sh', '-c', 'ip -o -4 addr show eth0; exit 7'));
    expect(outcome).toMatchObject({ code: 7, stderr: '' });
    expect(outcome.stdout).toContain(`${node1.address}/24`);
  });

  it('has no more rights than it needs', async () => {
    const { stdout } = await nettools(run('--', 'cat', '/proc/self/status'));
    // NET_ADMIN, NET_RAW, SETUID, SETGID and KILL; a filter of system calls.
    expect(stdout).toMatch(/^CapBnd:\s+00000000000030e0$/m);
    expect(stdout).toMatch(/^Seccomp:\s+2$/m);
    expect(stdout).toMatch(/^NoNewPrivs:\s+1$/m);
    const { code } = await nettools(run('--', 'touch', '/usr/x'));
    expect(code).not.toBe(0);
  });

  it('captures as tcpdump does, which changes its user', async () => {
    const capture = ['timeout', '20', 'tcpdump', '-c', '1', '-n', '-i', 'any', 'tcp'];
    expect(await nettools(run('--', ...capture))).toMatchObject({ code: 0 });
  });

  it('minds neither taints nor a cordon', async () => {
    await kubectl(['taint', 'node', 'node2', 'nettools-test=x:NoSchedule']);
    try {
      await kubectl(['cordon', 'node2']);
      const outcome = await nettools(['run', 'node/node2', '-n', ns.name, '--', 'echo', 'there']);
      expect(outcome).toMatchObject({ code: 0, stdout: 'there\n' });
    } finally {
      await kubectl(['uncordon', 'node2']);
      await kubectl(['taint', 'node', 'node2', 'nettools-test-']);
    }
  });

  it('is a check as well: a healthy node passes', async () => {
    const outcome = await nettools(['diagnose', 'node/node1', '-n', ns.name, '-o', 'json']);
    const report = validReport(JSON.parse(outcome.stdout));
    expect(report.target).toEqual({ kind: 'node', name: 'node1', address: node1.address });
    // How long answers take says more of the machine that the tests run on.
    const found = problems(report).filter(({ id }) => !id.startsWith('NT-LAT-'));
    expect(found.map(({ id, summary }) => `${id} ${summary}`)).toEqual([]);
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(report.checks.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['arp', 'routing', 'interfaces']),
    );
  });

  describe('in a terminal', () => {
    let terminal: Terminal;
    /** Of the image's bash, which has the node's own host name. */
    const prompt = /nettools:\S+ \S*# $/;
    beforeAll(async () => {
      await ensureTmux();
      terminal = await Terminal.open();
    });
    afterAll(() => terminal?.close());

    it('is a shell there, which leaves nothing', async () => {
      await terminal.enter(`kubectl-nettools shell node/node2 -n ${ns.name}`);
      await terminal.shows(prompt);
      await terminal.enter('ip -o -4 addr show eth0 | cut -d" " -f7; tty');
      await terminal.shows(new RegExp(`^${node2.address}/24$`, 'm'));
      await terminal.shows(/^\/dev\/pts\/\d+$/m);
      await terminal.enter('exit 3');
      await terminal.shows(/local\$ $/);
      await terminal.enter('echo "code $?"');
      await terminal.shows(/^code 3$/m);
    });

    it('is closed with the terminal, and leaves nothing', async () => {
      const closed = await Terminal.open();
      try {
        await closed.enter(`kubectl-nettools shell node/node2 -n ${ns.name}`);
        await closed.shows(prompt);
        await phase('Running');
      } finally {
        await closed.close();
      }
      await until('the end of the pod', 60, async () => {
        const left = await podNames();
        return left.length === 0 || left.join(', ');
      });
    });
  });
});

describe('several commands', () => {
  it('share one pod, which goes with the last of them', async () => {
    const marks = [uniqueSleep(), uniqueSleep(), uniqueSleep()];
    const clients = marks.map((mark) => startNettools(run('--', 'sleep', mark)));
    for (const mark of marks) await appears('sleep', mark);
    expect(await podNames()).toHaveLength(1);
    const [last, ...others] = clients;
    for (const { child } of others) child.kill('SIGINT');
    for (const { outcome } of others) expect((await outcome).code).toBe(130);
    expect(await podNames()).toHaveLength(1);
    await appears('sleep', marks[0] ?? '');
    last?.child.kill('SIGINT');
    expect((await last?.outcome)?.code).toBe(130);
  });

  it('one after the other and at the same time, never meet a pod that is taken away', async () => {
    const numbers = Array.from({ length: 12 }, (_, i) => String(i));
    const outcomes = await Promise.all(
      [0, 1, 2, 3].map(async (lane) => {
        const own = [];
        for (const number of numbers.filter((n) => Number(n) % 4 === lane)) {
          own.push(await nettools(run('--', 'echo', number)));
        }
        return own;
      }),
    );
    const said = outcomes.flat().map(({ code, stdout, stderr }) => [code, stdout, stderr]);
    expect(said.sort()).toEqual(numbers.map((n) => [0, `${n}\n`, '']).sort());
  });

  it('find the pod that --keep left, and leave it', async () => {
    expect(await nettools(run('--keep', '--idle', '5m', '--', 'true'))).toMatchObject({ code: 0 });
    const [first] = await pods();
    expect(await nettools(run('--', 'echo', 'again'))).toMatchObject({ code: 0, stdout: 'again\n' });
    const [second, ...more] = await pods();
    expect(second?.metadata.uid).toBe(first?.metadata.uid);
    expect(more).toEqual([]);

    const table = (await nettools(['sessions', 'ls', 'node/node1', '-n', ns.name])).stdout;
    expect(table).toMatch(
      new RegExp(`${first?.metadata.name}\\s+nettools\\s+netadmin\\s.*\\srunning\\s.*\\s300s`),
    );
    const other = await nettools(['sessions', 'ls', 'node/node2', '-n', ns.name]);
    expect(other.stderr).toBe('No sessions found.\n');
    const stopped = await nettools(['sessions', 'stop', '-n', ns.name]);
    expect(stopped.stdout).toBe(`session ${ns.name}/${first?.metadata.name}/nettools stopped\n`);
  });
});

describe('nothing is left', () => {
  it('by a client that was killed: what it ran ends, then the pod, and the next command takes it away', async () => {
    const mark = uniqueSleep();
    const { child } = startNettools(run('--idle', '5s', '--', 'sleep', mark));
    await appears('sleep', mark);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await disappears(60, 'sleep', mark);
    const ended = await phase('Succeeded');
    expect(await nettools(run('--', 'true'))).toMatchObject({ code: 0 });
    expect((await pods()).map(({ metadata }) => metadata.uid)).not.toContain(ended.metadata.uid);
  });

  it('by a client that was killed, once sessions stop has been told', async () => {
    const mark = uniqueSleep();
    const { child } = startNettools(run('--idle', '5s', '--', 'sleep', mark));
    await appears('sleep', mark);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await phase('Succeeded');
    expect((await nettools(['sessions', 'stop', '-n', ns.name])).code).toBe(0);
  });

  it('by Ctrl-C while the pod starts', async () => {
    // The pod is there, and waits for its image.
    const registry = await startSilentServer(testRegistry);
    try {
      const { child, outcome } = startNettools(run('--image', `${testRegistry}/x:1`, '--', 'true'));
      await phase('Pending');
      child.kill('SIGINT');
      expect((await outcome).code).toBe(130);
    } finally {
      await registry.close();
    }
  });

  it('by an image that cannot be had', async () => {
    const outcome = await nettools(
      run('--image', 'localhost/no-such:1', '--image-pull-policy', 'Never', '--', 'true'),
    );
    expectSentence(outcome, 3, /image "localhost\/no-such:1" did not start in pod .*: .*not present/);
  });

  describe('by a lost connection', () => {
    let folder: string;
    let file: string;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'nettools-node-'));
      file = join(folder, 'kubeconfig');
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    async function started(): Promise<{ relay: Relay; outcome: ReturnType<typeof nettools> }> {
      const relay = await Relay.start();
      relay.writeKubeconfig(file);
      const mark = uniqueSleep();
      const { outcome } = startNettools(run('--idle', '5s', '--kubeconfig', file, '--', 'sleep', mark));
      await appears('sleep', mark);
      return { relay, outcome };
    }

    it('that comes back', async () => {
      const { relay, outcome } = await started();
      relay.cut();
      expectSentence(await outcome, 3, /lost/);
      relay.stop();
    });

    it('for good, once the pod has ended by itself; the user is told how to remove it', async () => {
      const { relay, outcome } = await started();
      const [pod] = await podNames();
      relay.stop();
      const { code, stderr } = await outcome;
      expect(code).toBe(3);
      const removal = `kubectl delete pod ${pod} -n ${ns.name} --grace-period=0 --force`;
      expect(stderr).toContain(
        `warning: the pod could not be removed; it ends by itself, and this command removes it: ${removal}\n`,
      );
      await phase('Succeeded');
      await kubectl(removal.split(' ').slice(1));
    });
  });
});

describe('what is refused', () => {
  it('by Pod Security names a namespace that would do, and that one does', async () => {
    const refused = await nettools(['run', 'node/node1', '-n', locked.name, '--', 'true']);
    expectSentence(
      refused,
      3,
      /admits no pod in a node's network: .*hostNetwork=true.*; nothing was created\.$/,
    );
    const [, other = ''] = /^--debug-namespace (\S+) would be allowed\.$/m.exec(refused.stderr) ?? [];
    expect(other).not.toBe('');
    expect(await pods(locked.name)).toEqual([]);
    const words = ['run', 'node/node1', '-n', locked.name, '--debug-namespace', ns.name];
    expect(await nettools([...words, '--', 'echo', 'there'])).toMatchObject({ code: 0, stdout: 'there\n' });
  });

  it('by RBAC names all rights at once', async () => {
    const outcome = await nettools(run('--as', 'system:serviceaccount:default:no-rights', '--', 'true'));
    expectSentence(
      outcome,
      3,
      /you may not create, get, list, watch, patch and delete pods, get and create pods\/exec/,
    );
  });

  it.each([
    [
      'a node that is not there',
      ['run', 'node/no-such', '--', 'true'],
      3,
      /no node "no-such" in the cluster/,
    ],
    ['-c', ['run', 'node/node1', '-c', 'app', '--', 'true'], 2, /leave out -c/],
    [
      'a weak profile that is to switch',
      ['run', 'node/node1', '--netns', 'host', '--profile', 'restricted', '--', 'true'],
      2,
      /needs more privileges than --profile restricted grants/,
    ],
  ] as const)('for %s', async (_title, words, code, says) => {
    expectSentence(await nettools([...words.slice(0, 2), '-n', ns.name, ...words.slice(2)]), code, says);
  });

  it('is known before: preflight', async () => {
    const good = await nettools(['preflight', 'node/node1', '-n', ns.name]);
    expect(good).toMatchObject({ code: 0 });
    expect(good.stdout).toContain('√ session: none runs; a pod would be made, and removed afterwards');
    const bad = await nettools(['preflight', 'node/node1', '-n', locked.name, '-o', 'json']);
    expect(bad.code).toBe(3);
    expect(JSON.parse(bad.stdout)).toMatchObject({
      kind: 'Preflight',
      node: 'node1',
      namespace: locked.name,
    });
  });
});
