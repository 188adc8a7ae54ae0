/**
 * What carries a command breaks while it runs: each time there is one true sentence, exit code 3, and nothing left that
 * somebody would have to look for.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureApiServer } from '../cluster/controlplane.ts';
import { daemonRecords, isAlive } from '../cluster/daemons.ts';
import { ensureContainerd, ensureKubelet } from '../cluster/node.ts';
import { nodes } from '../cluster/paths.ts';
import { run, until } from '../cluster/proc.ts';
import { type Outcome, startNettools } from '../e2e/support/cli.ts';
import { kubectl, pod, TestNamespace } from '../e2e/support/cluster.ts';
import { appears, disappears, pidsOf, uniqueSleep } from '../e2e/support/processes.ts';
import { ensureTmux, Terminal } from '../e2e/support/terminal.ts';

const node = nodes.find(({ name }) => name === 'node2');
if (node === undefined) throw new Error('the cluster has no node2');
/** What the client still waits for is over after a minute (a ping that is not answered), and so is what it left. */
const LIMIT_SECONDS = 120;
const LIMIT_OF_COMMAND = 400;
const LONG = { limit: LIMIT_OF_COMMAND };

let terminal: Terminal;
let ns: TestNamespace;
let folder: string;

function pidOf(daemon: string): number {
  const record = daemonRecords().find(({ name }) => name === daemon);
  if (record === undefined || !isAlive(record)) throw new Error(`${daemon} does not run`);
  return record.pid;
}

/** A large process is alive for a moment after it was killed, and would not be started again. */
async function killed(daemon: string): Promise<void> {
  const pid = pidOf(daemon);
  process.kill(pid, 'SIGKILL');
  await until(`the end of ${daemon}`, 30, () =>
    Promise.resolve(!daemonRecords().some((one) => one.pid === pid && isAlive(one)) || 'it lives'),
  );
}

async function isHealthy(): Promise<true | string> {
  const ready = await kubectl([
    'get',
    'nodes',
    '-o',
    'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}',
  ]);
  return ready === 'True True' || ready;
}

/** How each thing breaks, and how it is whole again. */
const BREAKS: readonly {
  readonly name: string;
  readonly make: () => Promise<unknown> | unknown;
  readonly mend: () => Promise<unknown> | unknown;
}[] = [
  {
    name: 'the API server is killed',
    make: () => killed('kube-apiserver'),
    mend: () => ensureApiServer(),
  },
  {
    name: 'the API server is stopped',
    make: () => process.kill(pidOf('kube-apiserver'), 'SIGSTOP'),
    mend: () => process.kill(pidOf('kube-apiserver'), 'SIGCONT'),
  },
  {
    name: 'the kubelet is killed',
    make: () => killed(`${node.name}-kubelet`),
    mend: () => ensureKubelet(node),
  },
  {
    name: 'containerd is killed',
    make: () => killed(`${node.name}-containerd`),
    mend: () => ensureContainerd(node),
  },
  {
    name: "the node's network is cut",
    make: () => run(['ip', 'link', 'set', node.link, 'down']),
    mend: () => run(['ip', 'link', 'set', node.link, 'up']),
  },
  {
    name: 'the pod is deleted',
    make: () => ns.kubectl(['delete', 'pod', 'web', '--now', '--wait=false']),
    mend: () => undefined,
  },
  {
    name: 'the namespace is deleted',
    make: () => ns.remove(),
    mend: () => undefined,
  },
];

/** A command in the middle: `ready` resolves then, and `mark` are the words of the process that it runs on the node. */
interface Busy {
  readonly ready: () => Promise<unknown>;
  readonly outcome: Promise<Pick<Outcome, 'code' | 'stderr'>>;
  readonly mark: readonly string[];
}

const COMMANDS: Readonly<Record<string, () => Busy>> = {
  run: () => {
    const sleep = uniqueSleep();
    const { outcome } = startNettools(['run', 'web', '-n', ns.name, '--', 'sleep', sleep], 'ignore', LONG);
    return { outcome, mark: ['sleep', sleep], ready: () => appears('sleep', sleep) };
  },
  capture: () => {
    const file = join(folder, 'out.pcap');
    // A number that no other capture has.
    const port = String(20_000 + Math.floor(Math.random() * 40_000));
    const words = ['capture', 'web', '-n', ns.name, '-w', file, 'port', port];
    const { outcome } = startNettools(words, 'ignore', LONG);
    return {
      outcome,
      mark: [],
      ready: () => until('tcpdump', 60, async () => tcpdumps(port) > 0 || 'it does not run'),
    };
  },
  latency: () => {
    const words = ['latency', 'web', '-n', ns.name, '--count', '600', '--interval', '100ms'];
    const { outcome } = startNettools(words, 'ignore', LONG);
    return { outcome, mark: ['nettools-prober'], ready: () => appears('nettools-prober') };
  },
  diagnose: () => {
    // Each is waited for, and so many take longer than a namespace to go.
    const silent = Array.from({ length: 40 }, (_, i) => `198.18.77.${i + 1}:80`);
    const words = ['diagnose', 'web', '-n', ns.name, ...silent.flatMap((one) => ['--to', one])];
    const { outcome } = startNettools(words, 'ignore', LONG);
    return { outcome, mark: ['nettools-prober'], ready: () => appears('nettools-prober') };
  },
  shell: () => {
    const sleep = uniqueSleep();
    const outcome = inShell(sleep);
    return { outcome, mark: ['sleep', sleep], ready: () => appears('sleep', sleep) };
  },
};

/** A shell in which a user has typed a command; its exit code, and what stands on the screen. */
async function inShell(sleep: string): Promise<Awaited<Busy['outcome']>> {
  await terminal.enter(
    `stty -a >${folder}/before; kubectl nettools shell web -n ${ns.name}; echo "[code $?]"`,
  );
  await terminal.shows(/nettools:web \S*# $/);
  await terminal.enter(`sleep ${sleep}`);
  let screen = '';
  await until('the end of the shell', LIMIT_OF_COMMAND, async () => {
    screen = await terminal.text();
    return /^\[code \d+\]$/m.test(screen) || screen;
  });
  await terminal.local(`stty -a >${folder}/after`);
  const [before, after] = ['before', 'after'].map((name) => readFileSync(join(folder, name), 'utf8'));
  expect(after).toBe(before);
  return { code: Number(/^\[code (\d+)\]$/m.exec(screen)?.[1]), stderr: screen };
}

function tcpdumps(port: string): number {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isTcpdump(name, port)).length;
}

function isTcpdump(pid: string, port: string): boolean {
  return pidsWords(pid).includes('tcpdump') && pidsWords(pid).includes(port);
}

function pidsWords(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

beforeAll(async () => {
  await ensureTmux();
  await until('a healthy cluster', 120, isHealthy);
});

beforeEach(async () => {
  terminal = await Terminal.open();
  folder = mkdtempSync(join(tmpdir(), 'nettools-full-'));
  ns = new TestNamespace(`nettools-full-${Math.random().toString(36).slice(2, 8)}`, {});
  await ns.create();
  await ns.start(pod('web', { spec: { nodeName: node.name } }));
});

afterEach(async () => {
  await terminal.close();
  rmSync(folder, { recursive: true, force: true });
  await until('a healthy cluster', 240, () => isHealthy().catch((error: unknown) => String(error)));
  await ns.remove();
});

describe.each(BREAKS)('$name', ({ make, mend }) => {
  it.each(Object.keys(COMMANDS))('in the middle of %s', async (name) => {
    const busy = COMMANDS[name]?.();
    if (busy === undefined) throw new Error(name);
    await busy.ready();
    let outcome: Awaited<Busy['outcome']>;
    try {
      await make();
      outcome = await busy.outcome;
    } finally {
      await mend();
    }
    const lines = outcome.stderr.trimEnd().split('\n');
    const errors = lines.filter((line) => line.startsWith('error: '));
    console.log(`${name} | ${errors.join(' ')}`);
    expect(outcome.code, outcome.stderr).toBe(3);
    expect(errors, outcome.stderr).toHaveLength(1);
    expect(outcome.stderr).not.toMatch(/^\s+at |lost for good|close code/m);
    if (busy.mark.length > 0) await disappears(LIMIT_SECONDS, ...busy.mark);
    expect(busy.mark.length > 0 ? pidsOf(...busy.mark) : []).toEqual([]);
  });
});
