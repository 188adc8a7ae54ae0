import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/model/report.ts';
import { until } from '../cluster/proc.ts';
import { APP_IMAGE } from '../docker/engine.ts';
import { NameServer } from '../docker/name-server.ts';
import { OUTSIDE, OutsideMachine } from '../docker/outside.ts';
import { Podman } from '../docker/podman.ts';
import { expectSentence, nettools, startNettools } from './support/cli.ts';
import { appears, disappears, uniqueSleep } from './support/processes.ts';
import { problems, validReport } from './support/report.ts';

let podman: Podman;
beforeAll(async () => {
  podman = await Podman.start();
  await podman.docker('network', 'create', 'lan');
  await podman.run('web', '--network', 'lan', '--publish', '18080:8080', APP_IMAGE);
});
afterAll(() => podman?.stop());

/** With podman's own variable: no Docker is on the machine, so that its socket is found. */
const run = (...args: readonly string[]): ReturnType<typeof nettools> =>
  nettools(args, { env: { DOCKER_HOST: '', CONTAINER_HOST: podman.env.DOCKER_HOST } });

it("runs in a container's network, passes streams and the exit code on, and leaves nothing", async () => {
  const outcome = await run(
    'run',
    'docker://web',
    '--',
    'sh',
    '-c',
    'ip -o -4 addr show eth0; echo e >&2; exit 9',
  );
  expect(outcome.stdout).toMatch(/inet 198\.18\.176\./);
  expect(outcome).toMatchObject({ code: 9, stderr: 'e\n' });
  expect(await podman.sessions()).toEqual([]);
});

it('leaves nothing after kill -9', async () => {
  const mark = uniqueSleep();
  const { child, outcome } = startNettools(['run', 'docker://web', '--', 'sleep', mark], 'ignore', {
    env: podman.env,
  });
  await appears('sleep', mark);
  child.kill('SIGKILL');
  await outcome;
  await disappears(60, 'sleep', mark);
  await until(
    'end of the container',
    60,
    async () => (await podman.sessions()).length === 0 || 'it is there',
  );
});

it('leaves the container with --keep, uses it again, and it ends by itself', async () => {
  const kept = ['run', 'docker://web', '--keep', '--idle', '15s', '--', 'true'];
  expect(await run(...kept)).toMatchObject({ code: 0 });
  const first = await podman.sessions();
  expect(first).toHaveLength(1);
  expect(await run(...kept)).toMatchObject({ code: 0 });
  expect(await podman.sessions()).toEqual(first);
  await until(
    'end of the container',
    60,
    async () => (await podman.sessions()).length === 0 || 'it is there',
  );
});

it('finds a published port that nobody listens on', async () => {
  await podman.run('mute', '--network', 'lan', '--publish', '18081:80', APP_IMAGE);
  const outcome = await run('sockets', 'docker://mute', '-o', 'json');
  expect(problems(validReport(JSON.parse(outcome.stdout))).map(({ id }) => id)).toEqual(['NT-SOCK-001']);
});

describe("a network's own name server, beside another one that speaks TCP too", () => {
  const ADDRESS = '198.18.131.53';
  let names: NameServer;
  let gateway: string;
  beforeAll(async () => {
    await podman.onHost('ip', 'addr', 'add', `${ADDRESS}/32`, 'dev', 'lo');
    names = await NameServer.start(podman, ADDRESS);
    const config = '{{(index .IPAM.Config 0).Gateway}}';
    gateway = (await podman.docker('network', 'inspect', '--format', config, 'lan')).trim();
    await podman.run('asker', '--network', 'lan', '--dns', gateway, '--dns', ADDRESS, APP_IMAGE);
  });
  afterAll(() => names?.stop());

  it('does not fail for not listening on TCP 53', async () => {
    const { stdout, stderr } = await run('dns', 'docker://asker', '-o', 'json');
    expect(stdout, stderr).toMatch(/^\{/);
    const report = validReport(JSON.parse(stdout));
    const found = report.checks.flatMap(({ findings }) => findings);
    expect(found.filter(({ severity }) => severity !== 'info')).toEqual([]);
    expect(found.filter(({ id }) => id === 'NT-DNS-003').map(({ summary }) => summary)).toEqual([
      expect.stringMatching(
        new RegExp(`^${gateway} answers over UDP but not over TCP \\(connection refused\\)`),
      ),
    ]);
  });
});

describe('a firewall that is reloaded', () => {
  const PORT = 18_083;
  let outside: OutsideMachine;
  beforeAll(async () => {
    outside = await OutsideMachine.start(podman);
    await podman.run('kept', '--network', 'lan', '--publish', `${PORT}:8080`, APP_IMAGE);
    await outside.reaches(OUTSIDE.host, PORT);
  });
  afterAll(() => outside?.stop());

  const told = async (): Promise<readonly Finding[]> => {
    const there = `${OUTSIDE.address}:${OUTSIDE.port}`;
    const { stdout, stderr } = await run('diagnose', 'docker://kept', '--to', there, '-o', 'json');
    expect(stdout, stderr).toMatch(/^\{/);
    return problems(validReport(JSON.parse(stdout)));
  };
  const ofDocker = async (): Promise<readonly Finding[]> =>
    (await told()).filter(({ id }) => id.startsWith('NT-DKR'));

  it("takes podman's rules away: NT-DKR-012 and NT-DKR-008, until podman writes them again", async () => {
    expect(await ofDocker()).toEqual([]);
    await podman.onHost('iptables', '-t', 'nat', '-F');
    expect(await outside.connects(OUTSIDE.address, OUTSIDE.port)).toBe(true);
    const found = await ofDocker();
    expect(found.map(({ id, severity }) => `${id} ${severity}`).sort()).toEqual([
      'NT-DKR-008 critical',
      'NT-DKR-012 critical',
    ]);
    const [port] = found.filter(({ id }) => id === 'NT-DKR-008');
    expect(port?.summary).toMatch(
      /^No rule of the podman host forwards published port 18083\/tcp \(8080 in the container\) to "kept" \(198\.18\.176\.\d+:8080\): what holds the port there is not the container, and connections get no answer of it\.$/,
    );
    for (const { remediation } of found)
      expect(JSON.stringify(remediation)).toMatch(/podman network reload kept/);
    await podman.docker('restart', '--time', '0', 'kept');
    await outside.reaches(OUTSIDE.host, PORT);
    expect(await ofDocker()).toEqual([]);
  });
});

describe('NT-DKR-029: a container on several networks, whose bridges filter strictly', () => {
  const PORT = 18_082;
  let outside: OutsideMachine;
  beforeAll(async () => {
    outside = await OutsideMachine.start(podman);
    await podman.docker('network', 'create', 'other');
    await podman.docker(
      'create',
      '--name',
      'both',
      '--network',
      'other',
      '--publish',
      `${PORT}:8080`,
      APP_IMAGE,
    );
    await podman.docker('network', 'connect', 'lan', 'both');
    await podman.docker('start', 'both');
    await outside.reaches(OUTSIDE.host, PORT);
  });
  afterAll(() => outside?.stop());

  const within = async (...argv: readonly string[]): Promise<string> => {
    const pid = (await podman.docker('inspect', '--format', '{{.State.Pid}}', 'both')).trim();
    return podman.onHost('nsenter', '-t', pid, '-n', ...argv);
  };
  const filter = (value: number): Promise<string> =>
    podman.onHost(
      'sh',
      '-c',
      `for f in /proc/sys/net/ipv4/conf/podman*/rp_filter; do echo ${value} >$f; done`,
    );
  async function found(): Promise<readonly Finding[]> {
    const { stdout, stderr } = await run('diagnose', 'docker://both', '-o', 'json');
    expect(stdout, stderr).toMatch(/^\{/);
    const { checks } = validReport(JSON.parse(stdout));
    return checks.flatMap(({ findings }) => findings).filter(({ id }) => id.startsWith('NT-DKR'));
  }

  it('is silent where they filter loosely, or not', async () => {
    for (const value of [0, 2]) {
      await filter(value);
      expect(await found()).toEqual([]);
    }
  });

  it('tells which answers the host drops, at times and always', async () => {
    await filter(1);
    const [both, ...none] = await found();
    expect(none).toEqual([]);
    expect(both?.severity).toBe('warning');
    expect(both?.summary).toMatch(
      /^Who connects to published port 18082\/tcp \(8080 in the container\) of "both" from 198\.18\.130\.1\/24, the network of the host's outside0, gets no answer at times: it leads to (\S+) on network \w+, what that answers leaves by network \w+, and the host drops it on podman\d, where its reverse path filter is strict.*: the way back to \1 leads through podman\d\. The container has several default routes of one metric/,
    );
    // By the network that the port does not lead to.
    const address = /leads to (\S+) on/.exec(both?.summary ?? '')?.[1] ?? '';
    const right = address.replace(/\.\d+$/, '.1');
    await within('ip', 'route', 'del', 'default', 'via', right);
    expect(await outside.connects(OUTSIDE.host, PORT)).toBe(false);
    expect((await found())[0]?.summary).toMatch(/, gets no answer: it leads to .* leads through podman\d\.$/);
    await within('ip', 'route', 'replace', 'default', 'via', right);
    await outside.reaches(OUTSIDE.host, PORT);
    expect(await found()).toEqual([]);
  });
});

it('tells of a container that is not there', async () => {
  expectSentence(await run('run', 'docker://nope', '--', 'true'), 3, /there is no container "nope"/);
});
