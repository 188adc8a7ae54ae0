import { describe, expect, it } from 'vitest';
import { parse } from '../../../src/cli/parse.ts';
import type { CaptureArgs, CheckArgs, RunArgs, ShellArgs, TargetSpec } from '../../../src/model/args.ts';
import { UserError } from '../../../src/model/errors.ts';

const args = async <T>(...argv: string[]) => (await parse(argv)).args as T;

/** What docs/findings.md says. */
const usual = {
  arp: { tableShare: 0.8 },
  conntrack: { conntrackCritical: 0.95 },
  latency: {
    rttFactor: 3,
    rttFloorMs: 10,
    lossWarning: 0.01,
    lossCritical: 0.05,
    retransmitWarning: 0.01,
    retransmitCritical: 0.05,
    bufferbloatFactor: 5,
    slowServerMs: 1000,
  },
  sockets: { portShare: 0.8 },
  throughput: { throughputShare: 0.5 },
  tls: { expireDays: 14 },
};

async function refusal(...argv: string[]): Promise<string> {
  try {
    await parse(argv);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(error.exitCode).toBe(2);
    return [error.message, error.hint].filter(Boolean).join(' ');
  }
  throw new Error(`accepted: ${argv.join(' ')}`);
}

describe('TARGET', () => {
  it.each([
    ['web-0', { kind: 'name', name: 'web-0' }],
    ['pod/local', { kind: 'name', name: 'pod/local' }],
    ['local', { kind: 'local' }],
    ['node/n1.example', { kind: 'node', name: 'n1.example' }],
    ['NODES/n1', { kind: 'node', name: 'n1' }],
    ['docker://shop_db-1', { kind: 'docker', name: 'shop_db-1' }],
    ['netns:blue', { kind: 'netns', where: 'blue' }],
    ['netns:/run/netns/a b', { kind: 'netns', where: '/run/netns/a b' }],
    ['pid:4711', { kind: 'pid', pid: 4711 }],
  ])('%s', async (text, target) => {
    expect((await args<{ target: TargetSpec }>('routing', text)).target).toEqual(target);
    expect((await args<{ target: TargetSpec }>('dns', text, 'example.com')).target).toEqual(target);
  });

  it.each(['node/', 'node/a b', 'docker://', 'docker://a/b', 'netns:', 'netns:-x', 'pid:', 'pid:0', 'pid:x'])(
    'refuses %s',
    async (text) => {
      expect(await refusal('routing', text)).toMatch(/ is not a target: write [dnp]/);
    },
  );

  it('has no sessions where nothing is put', async () => {
    expect(await refusal('sessions', 'stop', 'local')).toMatch(/takes a target that may have sessions/);
  });
});

describe('latency', () => {
  it('has defaults', async () => {
    expect(await args<CheckArgs>('latency', 'web-0')).toEqual({
      connection: {},
      target: { kind: 'name', name: 'web-0' },
      session: { profile: 'auto', via: 'auto', idleMs: 600_000, keep: false, timeoutMs: 60_000 },
      report: { output: 'table', failOn: 'critical' },
      to: [],
      names: [],
      thresholds: usual,
      options: { latency: { count: 50, intervalMs: 100 } },
    });
  });

  it('reads all its flags', async () => {
    const line =
      'latency -l app=web --to a,b:80 --to svc/c -c app --image reg/x:1 --image-pull-policy Never --profile baseline ' +
      '--idle 1h30m --keep --debug-namespace ops --netns blue --via pod --timeout 90s -o json --fail-on warning --count 5 --interval 1s --rtt-factor 2.5 --rtt-floor 2ms --baseline 500us';
    expect(await args<CheckArgs>(...line.split(' '))).toEqual({
      connection: {},
      target: { kind: 'selector', selector: 'app=web' },
      session: {
        container: 'app',
        image: 'reg/x:1',
        imagePullPolicy: 'Never',
        profile: 'baseline',
        via: 'pod',
        idleMs: 5_400_000,
        keep: true,
        debugNamespace: 'ops',
        netns: 'blue',
        timeoutMs: 90_000,
        limitMs: 90_000,
      },
      report: { output: 'json', failOn: 'warning' },
      to: ['a', 'b:80', 'svc/c'],
      names: [],
      thresholds: { ...usual, latency: { ...usual.latency, rttFactor: 2.5, rttFloorMs: 2 } },
      options: { latency: { count: 5, intervalMs: 1000, baselineMs: 0.5 } },
    });
  });

  it.each([
    ['diagnose', 'node/n1', '--via', 'node'],
    ['routing', 'docker://db', '--via', 'pod'],
    ['shell', 'local', '--via', 'node'],
    ['preflight', 'node/n1', '--via', 'pod'],
    ['capture', 'web-0', 'node/n1', '--via', 'node', '--', 'icmp'],
    ['run', 'pid:7', '--via', 'node', '--', 'ip', 'route'],
  ])('refuses a way to what is no pod: %s %s', async (...argv) => {
    expect(await refusal(...argv)).toMatch(
      /^--via (pod|node) is for pods: a target of the kind (node|docker|local|pid) is reached in only one way\.$/,
    );
  });

  it('takes one way to a container of a pod', async () => {
    expect(await refusal('routing', 'web-0', '-c', 'app', '--via', 'node')).toBe(
      'give either -c NAME or --via node, not both.',
    );
    expect(await refusal('routing', 'web-0', '--via', 'x')).toMatch(/must be one of auto, pod, node/);
    expect((await args<CheckArgs>('routing', 'node/n1', '--via', 'auto')).session.via).toBe('auto');
    expect((await args<RunArgs>('run', 'deploy/web', '--via', 'node', '--', 'id')).session.via).toBe('node');
  });

  it("reads kubectl's connection flags, before and after the command", async () => {
    const line =
      '-n ns --context c --kubeconfig f latency web --cluster cl --user u --as a --as-group g1 --as-group g,2 --as-uid 7 ' +
      '--token t -s https://x --request-timeout 5s --insecure-skip-tls-verify --certificate-authority ca ' +
      '--client-certificate cc --client-key ck --tls-server-name sn -vv';
    expect((await args<CheckArgs>(...line.split(' '))).connection).toEqual({
      namespace: 'ns',
      context: 'c',
      kubeconfig: 'f',
      cluster: 'cl',
      user: 'u',
      as: 'a',
      asGroup: ['g1', 'g,2'],
      asUid: '7',
      token: 't',
      server: 'https://x',
      requestTimeoutMs: 5000,
      insecureSkipTlsVerify: true,
      certificateAuthority: 'ca',
      clientCertificate: 'cc',
      clientKey: 'ck',
      tlsServerName: 'sn',
    });
  });

  it('lets the last of two flags count and takes an empty value for none, as kubectl does', async () => {
    const { connection, session } = await args<CheckArgs>(
      'latency',
      'web',
      '-na',
      '-nb',
      '--context=',
      '--image',
      '',
    );
    expect(connection).toEqual({ namespace: 'b' });
    expect(session).not.toHaveProperty('image');
  });

  it('keeps digits as text', async () => {
    expect(await args<CheckArgs>('latency', '007', '-n', '1e3')).toMatchObject({
      target: { name: '007' },
      connection: { namespace: '1e3' },
    });
  });

  it.each([
    ['a:1,b:2', ['a:1', 'b:2']],
    ['https://h/x?a=1,2', ['https://h/x?a=1,2']],
    ['a:1,https://h/x?a=1,2,3', ['a:1', 'https://h/x?a=1,2,3']],
    ['https://h/x,http://i?q=1,2', ['https://h/x', 'http://i?q=1,2']],
    ['https://h,db:5432,svc/web', ['https://h', 'db:5432', 'svc/web']],
    ['https://h/,', ['https://h/,']],
  ])('--to %s', async (text, to) => {
    expect((await args<CheckArgs>('latency', 'web', '--to', text)).to).toEqual(to);
  });

  it.each([
    ['30', 30_000],
    ['0', 0],
    ['1m', 60_000],
  ])('--request-timeout %s', async (text, ms) => {
    expect(
      (await args<CheckArgs>('latency', 'web', '--request-timeout', text)).connection.requestTimeoutMs,
    ).toBe(ms);
  });

  it.each([
    [[], 'latency needs a TARGET (POD, deploy/NAME, svc/NAME, …) or -l SELECTOR.'],
    [[''], 'the TARGET is empty.'],
    [['a', 'b', 'a'], 'TARGET a is given twice.'],
    [['pod', 'b'], '"pod" is a kind, not a TARGET. Write it as one word: pod/b'],
    [['a', '-l', 'app=x'], 'give either a TARGET or -l SELECTOR, not both.'],
    [['a', '--', 'ls'], 'latency takes no command after --.'],
    [['a', '--to'], '--to needs a value.'],
    [['a', '--to', 'b,,c'], '--to has an empty value.'],
    [['a', '--to', ''], '--to has an empty value.'],
    [['a', '--to='], '--to has an empty value.'],
    [['a', '-n'], '--namespace needs a value.'],
    [['a', '--save', ''], '--save is empty.'],
    [['a', '--tooo', 'b'], 'latency has no flag --tooo. Did you mean --to?'],
    [['a', '--stdin'], 'latency has no flag --stdin.'],
    [['a', '-x'], 'latency has no flag -x.'],
    [['a', '--idle', '5'], '--idle must be a duration such as 500ms, 90s, 10m or 1h30m, not "5".'],
    [['a', '--idle', '10ms'], '--idle must be at least 1s, not "10ms".'],
    [
      ['a', '--image', 'Not An Image'],
      '--image must be an image such as ghcr.io/team/tools:1.2, not "Not An Image".',
    ],
    [
      ['a', '--mirror', 'https://x'],
      '--mirror must be a registry such as registry.example:5000/team, not "https://x".',
    ],
    [['a', '--timeout', '0'], '--timeout must be at least 1ms, not "0".'],
    [['a', '--baseline', '0'], '--baseline must be at least 0.001ms, not "0".'],
    [['a', '--count', '0'], '--count must be a whole number from 1 to 5000, not "0".'],
    [
      ['a', '--count', '1000', '--timeout', '90s'],
      'the measurement takes 100 s, but --timeout ends it after 90 s.',
    ],
    [['a', '--count', '5001'], '--count must be a whole number from 1 to 5000, not "5001".'],
    [['a', '--count', '1.5'], '--count must be a whole number from 1 to 5000, not "1.5".'],
    [['a', '--rtt-factor', 'x'], '--rtt-factor must be a number from 1 to 1000, not "x".'],
    [
      ['a', '-o', 'jsn'],
      '--output must be one of table, json, yaml, junit, markdown, html, openmetrics, not "jsn".',
    ],
    [
      ['a', '--profile', 'root'],
      '--profile must be one of auto, netadmin, baseline, restricted, not "root".',
    ],
    [['a', '-v=x'], '-v must be a level such as 2, not "x".'],
    [['a', '--insecure-skip-tls-verify=no'], '--insecure-skip-tls-verify must be true or false, not "no".'],
  ])('refuses %j', async (argv, message) => {
    expect(await refusal('latency', ...argv)).toBe(message);
  });
});

describe('run', () => {
  it('passes on the command unchanged', async () => {
    const command = ['sh', '-c', 'echo "$1"', '--help', '-n', '', '--', '1e3', '{"a": 1}'];
    expect(await args<RunArgs>('run', 'web', '-n', 'x', '--', ...command)).toMatchObject({
      connection: { namespace: 'x' },
      command,
      stdin: true,
    });
  });

  it.each([
    ['--stdin=false', false],
    ['--stdin', true],
    ['-i', true],
    ['-i=0', false],
  ])('%s', async (flag, stdin) => {
    expect((await args<RunArgs>('run', 'web', flag, '--', 'ls')).stdin).toBe(stdin);
  });

  it.each([
    [['web'], 'run needs a command after --, for example: run web-0 -- ip route.'],
    [['web', '--'], 'run needs a command after --, for example: run web-0 -- ip route.'],
    [['web', 'ls', '-l'], 'put -- before the command: run TARGET… -- COMMAND [ARG…].'],
    [['--', 'ls'], 'run needs a TARGET (POD, deploy/NAME, svc/NAME, …) or -l SELECTOR.'],
  ])('refuses %j', async (argv, message) => {
    expect(await refusal('run', ...argv)).toBe(message);
  });
});

describe('shell', () => {
  it('needs no command and has detach keys', async () => {
    expect(await args<ShellArgs>('shell', 'web')).toMatchObject({ command: [], detachKeys: [16, 17] });
    expect(await args<ShellArgs>('shell', 'web', '--detach-keys=', '--', 'mtr', 'db')).toMatchObject({
      command: ['mtr', 'db'],
      detachKeys: [],
    });
  });

  it('refuses keys that are none', async () => {
    expect(await refusal('shell', 'web', '--detach-keys', 'ctrl-1')).toBe(
      '--detach-keys must be keys such as ctrl-p,ctrl-q or a,b, not "ctrl-1".',
    );
  });
});

describe('capture', () => {
  const name = (one: string) => ({ kind: 'name', name: one });

  it('has defaults', async () => {
    expect(await args<CaptureArgs>('capture', 'web')).toMatchObject({
      target: name('web'),
      capture: { interface: 'any', filter: [] },
      destination: { kind: 'file' },
    });
  });

  it.each([
    [['deploy/web', '--all', 'udp'], [name('deploy/web')], { kind: 'folder', path: '.' }, ['udp']],
    [
      ['-l', 'a=b', '--all', '-w', 'x.pcapng'],
      [{ kind: 'selector', selector: 'a=b' }],
      { kind: 'file', path: 'x.pcapng' },
      [],
    ],
    [
      ['-A', 'udp', '-w', 'd/'],
      [{ kind: 'selector', selector: '' }],
      { kind: 'folder', path: 'd/' },
      ['udp'],
    ],
    [['--all-nodes', '--', 'udp'], [], { kind: 'folder', path: '.' }, ['udp']],
    [['a', 'b', '-w', 'd/', '--'], [name('a'), name('b')], { kind: 'folder', path: 'd/' }, []],
    [['a', 'b', '--'], [name('a'), name('b')], { kind: 'file' }, []],
  ] as const)('of many: %j', async (words, named, destination, filter) => {
    expect(await args<CaptureArgs>('capture', ...words)).toMatchObject({
      many: { named, most: 100, atOnce: 8 },
      capture: { filter },
      destination,
    });
  });

  it.each([
    [['web', 'tcp', 'port', '80'], ['web'], ['tcp', 'port', '80']],
    [['web', 'host x and (port 80)'], ['web'], ['host x and (port 80)']],
    [['a', 'b', '--', 'udp'], ['a', 'b'], ['udp']],
    [['a', 'b', '--'], ['a', 'b'], []],
    [['a', '--', '-z', '-w', '--'], ['a'], ['-z', '-w', '--']],
  ] as const)('%j', async (words, targets, filter) => {
    expect(await args<CaptureArgs>('capture', ...words)).toMatchObject({
      ...(targets.length === 1 ? { target: name(targets[0]) } : { many: { named: targets.map(name) } }),
      capture: { filter },
    });
  });

  it('takes every word for the filter with -l', async () => {
    for (const words of [
      ['udp', 'port', '53'],
      ['--', 'udp', 'port', '53'],
    ]) {
      expect(await args<CaptureArgs>('capture', '-l', 'app=web', ...words)).toMatchObject({
        target: { kind: 'selector', selector: 'app=web' },
        capture: { filter: ['udp', 'port', '53'] },
      });
    }
  });

  it('reads all its flags', async () => {
    const line =
      'capture local docker://db -i eth0 -s 96 --duration 90s --max-bytes 10M --max-packets 5 -w x.pcapng -- udp';
    expect(await args<CaptureArgs>(...line.split(' '))).toMatchObject({
      connection: {},
      many: { named: [{ kind: 'local' }, { kind: 'docker', name: 'db' }] },
      capture: { interface: 'eth0', snapLength: 96, maxPackets: 5, filter: ['udp'] },
      destination: { kind: 'file', path: 'x.pcapng' },
      durationMs: 90_000,
      maxBytes: 10_000_000,
    });
    expect(await args('capture', 'a', '-w', '-')).toMatchObject({ destination: { kind: 'stdout' } });
    expect(await args('capture', 'a', '--wireshark')).toMatchObject({ destination: { kind: 'wireshark' } });
  });

  it.each([
    [[], 'capture needs a TARGET (POD, deploy/NAME, svc/NAME, …) or -l SELECTOR.'],
    [['--', 'udp'], 'capture needs a TARGET (POD, deploy/NAME, svc/NAME, …) or -l SELECTOR.'],
    [['a', 'b', 'a', '--'], 'TARGET a is given twice.'],
    [['a', '', '--'], 'the TARGET is empty.'],
    [['a', '-l', 'app=x', '--', 'udp'], 'give either a TARGET or -l SELECTOR, not both.'],
    [['a', '-w', ''], '--write is empty.'],
    [['a', '-w', 'x', '--wireshark'], 'give either -w FILE or --wireshark, not both.'],
    [['a', '-s', '0'], '--snaplen must be a whole number from 1 to 262144, not "0".'],
    [['a', '--max-packets', '0'], '--max-packets must be a whole number from 1 to 2147483647, not "0".'],
    [['a', '--max-bytes', '10MB'], '--max-bytes must be a size such as 500k, 10M or 1Gi, not "10MB".'],
    [['a', '--max-bytes', '0'], '--max-bytes must be a size such as 500k, 10M or 1Gi, not "0".'],
    [['a', '--duration', '5'], '--duration must be a duration such as 500ms, 90s, 10m or 1h30m, not "5".'],
    [['a', '--duration', '0'], '--duration must be at least 1ms, not "0".'],
    [['a', '--server'], '--server needs a value.'],
    [['netns:'], '"netns:" is not a target: write netns:NAME or netns:/PATH.'],
  ])('refuses %j', async (argv, message) => {
    expect(await refusal('capture', ...argv)).toBe(message);
  });
});

describe('sessions', () => {
  it('works with and without a TARGET', async () => {
    expect(await args('sessions', 'ls', '-A', '-o', 'yaml')).toEqual({
      connection: {},
      targets: [],
      allNamespaces: true,
      output: 'yaml',
    });
    expect(await args('sessions', 'stop', 'pod/web', '--timeout', '5s')).toEqual({
      connection: {},
      targets: [{ kind: 'name', name: 'pod/web' }],
      allNamespaces: false,
      timeoutMs: 5000,
    });
  });

  it.each([
    ['docker://web', { kind: 'docker', name: 'web' }],
    ['docker://', { kind: 'docker' }],
  ])('takes %s', async (word, target) => {
    expect(await args('sessions', 'ls', word)).toMatchObject({ targets: [target] });
    expect(await args('sessions', 'stop', word)).toMatchObject({ targets: [target] });
  });

  it('takes many', async () => {
    const targets = [
      { kind: 'name', name: 'deploy/web' },
      { kind: 'node', name: 'n1' },
    ];
    expect(await args('sessions', 'stop', 'deploy/web', 'node/n1')).toMatchObject({ targets });
    expect(await args('sessions', 'stop', '-A', '-l', 'a=b')).toMatchObject({
      targets: [{ kind: 'selector', selector: 'a=b' }],
      allNamespaces: true,
    });
    expect(await args('sessions', 'ls', '-A', 'node/n1')).toMatchObject({ allNamespaces: true });
    expect(await refusal('sessions', 'stop', '-A', 'deploy/web')).toBe(
      'give either a TARGET or -A, not both.',
    );
    expect(await refusal('sessions', 'ls', '-A', 'web-0')).toBe('give either a TARGET or -A, not both.');
    expect(await refusal('sessions', 'ls', 'docker://a', 'b')).toBe(
      'sessions ls takes one target of Docker at a time, and none of a cluster beside it.',
    );
  });
});

describe('the command itself', () => {
  it.each([
    [['latncy', 'web'], 'unknown command "latncy". Did you mean "latency"?'],
    [['frobnicate'], 'unknown command "frobnicate".'],
    [['-n', 'x'], 'no command given.'],
    [['sessions', '-n', 'x'], 'sessions needs a command: sessions takes ls or stop.'],
    [['netns', 'rm'], 'unknown command "netns rm": netns takes ls, shell or run.'],
    [['sessions', 'rm'], 'unknown command "sessions rm": sessions takes ls or stop.'],
    [['version', 'x'], 'version takes no argument, but got x.'],
  ])('refuses %j', async (argv, message) => {
    expect(await refusal(...argv)).toBe(message);
  });
});
