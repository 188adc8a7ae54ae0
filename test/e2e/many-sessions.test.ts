/** `preflight` and `sessions` of many targets, and what is told of targets that are none. */
import { beforeAll, describe, expect, it } from 'vitest';
import { expectSentence, nettools } from './support/cli.ts';
import { pod, testNamespace } from './support/cluster.ts';
import { accountWith } from './support/rights.ts';

const ns = testNamespace('many-sessions');
const other = testNamespace('many-sessions-other');
const NAMES = ['web-0', 'web-1', 'web-2'] as const;

beforeAll(async () => {
  await Promise.all([
    ns.start(
      ...NAMES.map((name) => pod(name, { labels: { app: 'web' } })),
      pod('db-0', { labels: { app: 'db' } }),
    ),
    other.start(pod('web-9', { labels: { app: 'web' } })),
  ]);
});

const preflight = (...words: string[]) => nettools(['preflight', '-n', ns.name, ...words]);
const sessions = (...words: string[]) => nettools(['sessions', ...words, '-n', ns.name]);

describe('preflight of many pods', () => {
  it('tells each answer once', async () => {
    const { code, stdout, stderr } = await preflight('--all');
    expect(code, stderr).toBe(0);
    expect(stdout.match(/right to patch pods\/ephemeralcontainers: granted$/gm)).toHaveLength(1);
    expect(stdout).toMatch(/^4 targets\n/);
    expect(stdout).toMatch(/^a session would be possible at 4 of 4: profile netadmin at 4, image /m);
  });

  it('has every answer of each in JSON, and those that are not there', async () => {
    const { code, stdout, stderr } = await preflight('web-0', 'nosuch', 'db-0', '-o', 'json');
    expect(code, stderr).toBe(3);
    const list = JSON.parse(stdout) as { items: { target: string; profile?: string }[]; failed: object[] };
    expect(list.items.map(({ target, profile }) => [target, profile])).toEqual([
      ['pod/web-0', 'netadmin'],
      ['pod/db-0', 'netadmin'],
    ]);
    expect(list.failed).toEqual([
      { target: 'pod/nosuch', reason: `no pod "nosuch" in namespace "${ns.name}"` },
    ]);
  });

  it('names those that differ', async () => {
    await ns.kubectl(['label', 'namespace', ns.name, 'pod-security.kubernetes.io/enforce=baseline']);
    try {
      const { stdout } = await nettools(['preflight', '-A', '-l', 'app=web', '--max-targets', '1000']);
      expect(stdout).toMatch(/× profile netadmin: .*violates PodSecurity.*\(3 of \d+: /);
      expect(stdout).toMatch(/√ profile baseline: .*\(3 of \d+: /);
    } finally {
      await ns.kubectl(['label', 'namespace', ns.name, 'pod-security.kubernetes.io/enforce-']);
    }
  });

  it('asks about no more than --max-targets', async () => {
    expectSentence(await preflight('--all', '--max-targets', '2'), 2, /^error: this selects 4 targets/);
  });
});

describe('sessions of many pods', () => {
  it('are listed and ended by their labels, in all pods, and the others stay', async () => {
    const { code, stderr } = await nettools(['run', '-n', ns.name, '--all', '--', 'true']);
    expect(code, stderr).toBe(0);
    const listed = await sessions('ls', '-l', 'app=web', '-o', 'json');
    const { items } = JSON.parse(listed.stdout) as { items: { pod: string; state: string }[] };
    expect(items.map(({ pod: name, state }) => [name, state])).toEqual(
      NAMES.map((name) => [name, 'running']),
    );
    const stopped = await sessions('stop', '-l', 'app=web');
    expect(stopped.code, stopped.stderr).toBe(0);
    expect(stopped.stdout.trimEnd().split('\n').sort()).toEqual(
      NAMES.map((name) => expect.stringMatching(`^session ${ns.name}/${name}/nettools-\\S+ stopped$`)),
    );
    const left = await sessions('ls', '-o', 'json');
    const running = (JSON.parse(left.stdout) as { items: { pod: string; state: string }[] }).items;
    expect(running.filter(({ state }) => state === 'running').map(({ pod: name }) => name)).toEqual(['db-0']);
  });

  it('are ended in several TARGETs, and in all namespaces', async () => {
    await nettools(['run', '-A', '-l', 'app=web', '--max-targets', '1000', '--', 'true']);
    const one = await sessions('stop', 'web-0', 'web-1');
    expect(one.stdout.trimEnd().split('\n')).toHaveLength(2);
    const rest = await nettools(['sessions', 'stop', '-A', '-l', 'app=web']);
    expect(rest.code, rest.stderr).toBe(0);
    expect(rest.stdout).toMatch(new RegExp(`session ${ns.name}/web-2/`));
    expect(rest.stdout).toMatch(new RegExp(`session ${other.name}/web-9/`));
  });
});

describe('sessions of which something is in the way', () => {
  it('are listed and ended in the other TARGETs where one is not there', async () => {
    await nettools(['run', '-n', ns.name, 'web-0', 'web-1', '--', 'true']);
    const missing = `no pod "nosuch" in namespace "${ns.name}"`;
    const listed = await sessions('ls', 'web-0', 'nosuch', '-o', 'json');
    const { items, failed } = JSON.parse(listed.stdout) as { items: { pod: string }[]; failed: object[] };
    expect(listed.code).toBe(3);
    expect(new Set(items.map(({ pod: name }) => name))).toEqual(new Set(['web-0']));
    expect(failed).toEqual([{ target: 'pod/nosuch', reason: missing }]);
    const { code, stdout, stderr } = await sessions('stop', 'nosuch', 'web-0', 'web-1');
    expect({ code, stderr }).toEqual({ code: 3, stderr: `error: ${missing}.\n` });
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
  });

  it('are told at once, and once, where nobody may end them', async () => {
    await nettools(['run', '-n', ns.name, 'web-0', 'web-1', '--', 'true']);
    const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }];
    const account = await accountWith(ns, 'watcher', rules);
    // It is no matter of time: to be told, no end of one is waited for.
    const outcome = await sessions('stop', 'web-0', 'web-1', ...account, '--timeout', '10m');
    expectSentence(
      outcome,
      3,
      /^error: none of 2 sessions was ended: you may not (?:create|get) pods\/exec in namespace .*\.$/,
    );
    await sessions('stop', 'web-0', 'web-1');
  });

  it('are no matter of a pod in all namespaces', async () => {
    expectSentence(await nettools(['sessions', 'stop', '-A', 'deploy/web']), 2, /give either a TARGET or -A/);
  });
});

describe('what is no target', () => {
  const COMMANDS: readonly (readonly string[])[] = [
    ['run', '-l', '!!', '--', 'true'],
    ['capture', '--all', '-l', '!!'],
    ['preflight', '--all', '-l', '!!'],
    ['diagnose', '--all', '-l', '!!'],
    ['matrix', '-l', '!!'],
    ['sessions', 'ls', '-l', '!!'],
    ['sessions', 'stop', '-l', '!!'],
  ];

  it.each(COMMANDS.map((words) => [words.join(' '), words] as const))(
    'is a selector that is none: %s',
    async (_line, words) => {
      const outcome = await nettools(['--namespace', ns.name, ...words]);
      expectSentence(outcome, 2, /^error: "!!" is no label selector: unable to parse requirement: found '!'/);
    },
  );

  const LINES = [
    'run web-0 -- true',
    'run deploy/web -- true',
    'capture web-0',
    'preflight --all',
    'diagnose --all',
    'matrix pods',
    'sessions ls',
    'sessions stop',
  ];

  it.each(LINES)('is a namespace that is not there: %s', async (line) => {
    const outcome = await nettools(['--namespace', 'nettools-no-such', ...line.split(' ')]);
    expectSentence(outcome, 3, /^error: there is no namespace "nettools-no-such"\./);
  });
});
