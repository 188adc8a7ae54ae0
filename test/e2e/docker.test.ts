import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { NetworkNamespace } from '../../src/model/namespaces.ts';
import type { Report } from '../../src/model/report.ts';
import { ownerLabel } from '../../src/targets/docker-owner.ts';
import { until } from '../cluster/proc.ts';
import { BRIDGE_ADDRESS, Dockerd } from '../docker/dockerd.ts';
import { APP_IMAGE, TOOLS_IMAGE } from '../docker/engine.ts';
import { KNOWN_NAME, NameServer } from '../docker/name-server.ts';
import { inside } from '../docker/place.ts';
import { makeCertificate } from '../servers/certificates.ts';
import { interrupt, startCapture } from './support/capture.ts';
import { bash, expectSentence, nettools, type Outcome, type Started, startNettools } from './support/cli.ts';
import { appears, disappears, pidsOf, uniqueSleep } from './support/processes.ts';
import { problems, validReport } from './support/report.ts';
import { ensureTmux, Terminal } from './support/terminal.ts';
import { ensureCaptureTools, packetsIn } from './support/tshark.ts';

// Of the diagnoses that run at the same time: more of them make each other's probes late.
vi.setConfig({ maxConcurrency: 3 });

let daemon: Dockerd;
/** A folder as DOCKER_CERT_PATH names it. */
let certificates: string;
let names: NameServer;
/** Network namespaces that exist for containers; one that is left over would be one more. */
let namespacesBefore: string;

beforeAll(async () => {
  certificates = mkdtempSync(join(tmpdir(), 'nettools-docker-tls-'));
  // One that signs itself serves as authority, server and client.
  const { certFile, keyFile } = makeCertificate(certificates, 'docker', ['IP:127.0.0.1']);
  for (const name of ['ca.pem', 'cert.pem']) copyFileSync(certFile, join(certificates, name));
  copyFileSync(keyFile, join(certificates, 'key.pem'));
  const tls = ['--tlsverify', '--tlscacert', certFile, '--tlscert', certFile, '--tlskey', keyFile];
  daemon = await Dockerd.start({ dns: [BRIDGE_ADDRESS], args: ['--host', 'tcp://127.0.0.1:2376', ...tls] });
  names = await NameServer.start(daemon);
  await daemon.docker('network', 'create', 'lan');
  await daemon.run('web', '--network', 'lan', '--hostname', 'web', '--publish', '18080:8080', APP_IMAGE);
  await daemon.run('db', '--network', 'lan', APP_IMAGE);
  namespacesBefore = namespaces();
});
afterAll(async () => {
  await names?.stop();
  await daemon?.stop();
  rmSync(certificates, { recursive: true });
});

/**
 * The namespaces that dockerd has made, as mounts: it removes the files themselves a minute later. `default` is the
 * host's own, which it gives a name with the first container of the host's network.
 */
const namespaces = (): string =>
  readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.includes(` ${daemon.place.dir}/exec/netns/`) && !line.includes('/netns/default '))
    .join('\n');
const run = (args: readonly string[], input?: string): Promise<Outcome> =>
  nettools(args, { env: daemon.env, ...(input === undefined ? {} : { input }) });

/** Starts a command that runs until it is ended. */
async function started(target = 'web'): Promise<Started & { readonly mark: string }> {
  const mark = uniqueSleep();
  const command = startNettools(['run', `docker://${target}`, '--', 'sleep', mark], 'ignore', {
    env: daemon.env,
  });
  await appears('sleep', mark);
  return { ...command, mark };
}

/** Counts what sessions may leave: containers (stopped ones too) and network namespaces. */
async function expectNothingLeft(): Promise<void> {
  expect(await daemon.sessions()).toEqual([]);
  expect(namespaces()).toBe(namespacesBefore);
}

async function report(args: readonly string[]): Promise<{ report: Report; outcome: Outcome }> {
  const outcome = await run([...args, '-o', 'json']);
  expect(outcome.stdout, outcome.stderr).toMatch(/^\{/);
  return { report: validReport(JSON.parse(outcome.stdout)), outcome };
}

describe('run', () => {
  it("runs in the target's network, passes streams and the exit code on, and leaves nothing", async () => {
    const script = 'cat; hostname; ip -o -4 addr show eth0; echo to stderr >&2; exit 9';
    const outcome = await run(['run', 'docker://web', '--', 'sh', '-c', script], 'from stdin\n');
    const [address] = (
      await daemon.docker('inspect', '-f', '{{.NetworkSettings.Networks.lan.IPAddress}}', 'web')
    )
      .trim()
      .split('\n');
    expect(outcome.stdout).toMatch(new RegExp(`^from stdin\\nweb\\n.*inet ${address}/24 `));
    expect(outcome).toMatchObject({ code: 9, stderr: 'to stderr\n' });
    await expectNothingLeft();
  });

  it.each([
    ['netadmin', ['--profile', 'netadmin'], '0', '00000000000034e0'],
    ['restricted', ['--profile', 'restricted'], '65532', '0000000000000000'],
  ])('has the rights of the profile %s and no more', async (_profile, flags, user, capabilities) => {
    const { stdout } = await run([
      'run',
      'docker://web',
      ...flags,
      '--',
      'sh',
      '-c',
      'id -u; cat /proc/self/status',
    ]);
    expect(stdout).toMatch(new RegExp(`^${user}\\n`));
    expect(stdout).toMatch(new RegExp(`^CapEff:\\s+${capabilities}$`, 'm'));
    expect(stdout).toMatch(/^NoNewPrivs:\s+1$/m);
  });

  it("sees the target's processes with -c, and not without", async () => {
    const processes = ['--', 'sh', '-c', 'cat /proc/[0-9]*/comm'];
    expect((await run(['run', 'docker://web', '-c', 'web', ...processes])).stdout).toMatch(/^httpd$/m);
    expect((await run(['run', 'docker://web', ...processes])).stdout).not.toMatch(/^httpd$/m);
  });

  it('leaves nothing after Ctrl-C', async () => {
    const { child, mark, outcome } = await started();
    child.kill('SIGINT');
    expect(await outcome).toMatchObject({ code: 130 });
    await expectNothingLeft();
    expect(pidsOf('sleep', mark)).toEqual([]);
  });

  it('leaves nothing after Ctrl-C at any moment of its start', async () => {
    // Each step of the start is met at some of these moments, whatever the machine's pace.
    for (let ms = 100; ms <= 900; ms += 100) {
      const command = startNettools(['run', 'docker://web', '--', 'sleep', '60'], 'ignore', {
        env: daemon.env,
      });
      await new Promise((resolve) => setTimeout(resolve, ms));
      command.child.kill('SIGINT');
      await command.outcome;
      await expectNothingLeft();
    }
  });

  it('goes on for longer than its start may take', async () => {
    const command = ['--timeout', '8s', '--', 'sh', '-c', 'sleep 9; echo alive'];
    expect(await run(['run', 'docker://web', ...command])).toMatchObject({ code: 0, stdout: 'alive\n' });
  });

  it('leaves nothing after kill -9', async () => {
    const { child, mark, outcome } = await started();
    child.kill('SIGKILL');
    await outcome;
    await disappears(60, 'sleep', mark);
    await until(
      'end of the container',
      60,
      async () => (await daemon.sessions()).length === 0 || 'it is there',
    );
    await expectNothingLeft();
  });
});

describe('netns on the machine of the daemon', () => {
  it('knows the container by its name, and the other end of its link', async () => {
    const listed = await run(['netns', 'ls', 'local', '-o', 'json']);
    expect(listed.code, listed.stderr).toBe(0);
    const { items } = JSON.parse(listed.stdout) as { items: NetworkNamespace[] };
    const web = items.find(
      ({ kind, containers }) => kind === 'container' && containers.some(({ name }) => name === 'web'),
    );
    const host = items.find(({ paths }) => paths.includes(`/run/netns/${daemon.place.netns}`));
    const network = await daemon.docker('network', 'inspect', '-f', '{{json .Containers}}', 'lan');
    expect(web).toMatchObject({
      interfaces: [{ name: 'eth0', peer: { inode: host?.inode } }],
    });
    expect(network).toContain(web?.interfaces[0]?.addresses[0]);
    const [link] = web?.interfaces ?? [];
    const id = `${web?.containers[0]?.id.slice(0, 12)}`;
    const words = ['netns', 'run', 'local', id, '--', 'ip', '-o', '-4', 'addr', 'show', 'eth0'];
    expect(await run(words)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`${link?.addresses[0]}`),
    });
  });
});

describe('--keep', () => {
  afterEach(async () => {
    const left = await daemon.sessions();
    if (left.length > 0) await daemon.docker('rm', '--force', ...left);
  });

  it('leaves the container for the next command, and the container ends by itself', async () => {
    const kept = ['run', 'docker://web', '--keep', '--idle', '15s', '--', 'cat', '/proc/1/cmdline'];
    await run(kept);
    const first = await daemon.sessions();
    expect(first).toHaveLength(1);
    expect(await run(kept)).toMatchObject({ code: 0 });
    expect(await daemon.sessions()).toEqual(first);
    await until(
      'end of the container',
      60,
      async () => (await daemon.sessions()).length === 0 || 'it is there',
    );
    await expectNothingLeft();
  });

  it('is not used again for a target that was started anew', async () => {
    await daemon.run('again', APP_IMAGE);
    const kept = ['run', 'docker://again', '--keep', '--', 'ip', '-o', '-4', 'addr', 'show', 'eth0'];
    await run(kept);
    const first = await daemon.sessions();
    await daemon.docker('restart', '--time', '0', 'again');
    expect((await run(kept)).stdout).toContain('inet ');
    expect(await daemon.sessions()).toHaveLength(first.length + 1);
    await daemon.docker('rm', '--force', 'again');
  });
});

it('removes what a killed daemon or client has left, and nothing that another client is about to start', async () => {
  const own = ownerLabel() ?? '';
  const child = spawn('true');
  await once(child, 'exit');
  const gone = own.replace(/\d+ \d+$/, `${child.pid} 1`);
  const label = ['--label', 'kubectl-nettools.session=x'];
  await daemon.docker('run', ...label, APP_IMAGE, 'true');
  const left = [...label, '--label', `kubectl-nettools.owner=${gone}`];
  await daemon.docker('create', ...left, APP_IMAGE);
  await daemon.docker('run', '--detach', ...left, APP_IMAGE, 'sleep', '600');
  const live = (
    await daemon.docker('create', ...label, '--label', `kubectl-nettools.owner=${own}`, APP_IMAGE)
  ).trim();
  expect(await daemon.sessions()).toHaveLength(4);
  expect(await run(['run', 'docker://web', '--', 'true'])).toMatchObject({ code: 0 });
  expect(await daemon.sessions()).toEqual([live.slice(0, 12)]);
  await daemon.docker('rm', live);
  await expectNothingLeft();
});

describe('sessions', () => {
  afterEach(expectNothingLeft);

  it('lists and removes those of a container, and those of the engine, with no cluster', async () => {
    const env = { ...daemon.env, KUBECONFIG: '/nonexistent' };
    for (const name of ['web', 'db'])
      expect(await run(['run', `docker://${name}`, '--keep', '--', 'true'])).toMatchObject({ code: 0 });
    const listed = await nettools(['sessions', 'ls', 'docker://', '-o', 'json'], { env });
    const { items } = JSON.parse(listed.stdout) as { items: { target: string; container: string }[] };
    const ids = (await daemon.sessions()).sort();
    expect(items.map(({ container }) => container).sort()).toEqual(ids);
    expect(items.map(({ target }) => target).sort()).toEqual(['db', 'web']);
    expect(items[0]).toMatchObject({ network: 'target', image: TOOLS_IMAGE, state: 'running' });
    const table = await nettools(['sessions', 'ls', 'docker://web'], { env });
    expect(table.stdout).toMatch(/^TARGET +CONTAINER +NETWORK .*\nweb +[0-9a-f]{12} +target /);
    expect(table.stdout).not.toMatch(/^db /m);
    const own = await nettools(['sessions', 'stop', 'docker://web'], { env });
    expect(own).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^session docker:\/\/web\/\w+ removed\n$/),
    });
    expect(await daemon.sessions()).toHaveLength(1);
    const rest = await nettools(['sessions', 'stop', 'docker://'], { env });
    expect(rest.stdout).toMatch(/^session docker:\/\/db\/\w+ removed\n$/);
    const none = await nettools(['sessions', 'stop', 'docker://'], { env });
    expect(none).toMatchObject({ code: 0, stdout: '', stderr: 'No running sessions found.\n' });
  });

  it('removes one that was created and never started', async () => {
    await daemon.docker('create', '--label', 'kubectl-nettools.session=x', APP_IMAGE);
    expect((await run(['sessions', 'ls', 'docker://'])).stdout).toMatch(/^x +\w+ .* created /m);
    expect(await run(['sessions', 'stop', 'docker://'])).toMatchObject({ code: 0 });
  });
});

describe('preflight', () => {
  afterEach(expectNothingLeft);

  it('says what a session would do, and starts none', async () => {
    const { code, stdout } = await run(['preflight', 'docker://web']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^docker:\/\/web\n/);
    expect(stdout).toMatch(/^√ engine: Docker Engine \S+ at unix:\S+, API 1\.\d+$/m);
    expect(stdout).toMatch(/^√ container can be joined: it runs, on network lan$/m);
    expect(stdout).toMatch(/^√ image: localhost\/nettools:dev is there$/m);
    expect(stdout).toMatch(/^a session would use profile netadmin and image /m);
  });

  it.each([
    [
      'a container that is not there',
      ['docker://nope'],
      /^× container can be joined: there is no container "nope"/m,
    ],
    [
      'an image that nobody has',
      ['docker://web', '--image', '127.0.0.1:9/no:1'],
      /^× image: 127\.0\.0\.1:9\/no:1 is missing and cannot be pulled: .*refused/m,
    ],
    [
      'an image that may not be pulled',
      ['docker://web', '--image', 'no:1', '--image-pull-policy', 'Never'],
      /^× image: .*Never forbids/m,
    ],
  ])('says what is in the way: %s', async (_title, args, says) => {
    const { code, stdout } = await run(['preflight', ...args]);
    expect(code).toBe(3);
    expect(stdout).toMatch(says);
    expect(stdout).toMatch(/no session is possible; nothing was changed\n$/);
  });
});

describe('what cannot be is told in a sentence, and changes nothing', () => {
  beforeAll(async () => {
    await daemon.run('ended', APP_IMAGE, 'sh', '-c', 'exit 4');
    await daemon.docker('wait', 'ended');
    const late = daemon.run('late', '--publish', '18080:8080', APP_IMAGE);
    await expect(late).rejects.toThrow(/address already in use|port is already allocated/);
  });
  afterEach(expectNothingLeft);

  it.each<[string, readonly string[], RegExp, NodeJS.ProcessEnv]>([
    ['no such container', ['docker://nope'], /no container "nope"/, {}],
    ['a stopped one', ['docker://ended'], /"ended" is not running: it ended with exit code 4/, {}],
    [
      'one whose port another has',
      ['docker://late'],
      /"late" is not running: it is created, and could not be started: .*(in use|allocated)/,
      {},
    ],
    [
      'no image',
      ['docker://web', '--image', 'no:1', '--image-pull-policy', 'Never'],
      /has no image "no:1"/,
      {},
    ],
    ['no registry', ['docker://web', '--image', '127.0.0.1:9/no:1'], /could not be pulled: .*refused/, {}],
    ['no shell', ['docker://web', '--image', 'localhost/pause:1'], /has no shell|could not be pulled/, {}],
    ['no socket', ['docker://web'], /the socket does not exist/, { DOCKER_HOST: 'unix:///nonexistent/sock' }],
    ['nobody there', ['docker://web'], /connection was refused/, { DOCKER_HOST: 'tcp://127.0.0.1:9' }],
    [
      'an unknown context',
      ['docker://web'],
      /context "x" does not exist/,
      { DOCKER_HOST: '', DOCKER_CONTEXT: 'x' },
    ],
  ])('%s', async (_title, args, says, env) => {
    const outcome = await nettools(['run', ...args, '--', 'true'], { env: { ...daemon.env, ...env } });
    expectSentence(outcome, 3, says);
  });

  it('in the words of a hostile daemon, which do not reach the terminal', async () => {
    const hostile = createServer((request, response) => {
      const isPing = request.url === '/_ping';
      response.writeHead(isPing ? 200 : 500, { 'Api-Version': '1.41' });
      response.end(isPing ? 'OK' : JSON.stringify({ message: 'no \u001b]0;title\u0007\u001b[31m' }));
    });
    const socket = join(certificates, 'hostile.sock');
    hostile.listen(socket);
    await once(hostile, 'listening');
    try {
      const env = { DOCKER_HOST: `unix://${socket}` };
      const { code, stderr } = await nettools(['run', 'docker://web', '--', 'true'], { env });
      expect(code).toBe(3);
      expect(stderr).toBe('error: the Docker daemon refused: no \\x1b]0;title\\x07\\x1b[31m.\n');
    } finally {
      hostile.close();
    }
  });

  it.each<[string, readonly string[], RegExp, NodeJS.ProcessEnv]>([
    ['SSH', ['docker://web'], /SSH is not supported/, { DOCKER_HOST: 'ssh://host' }],
    ['-c of another container', ['docker://web', '-c', 'db'], /-c names another container/, {}],
    ['--netns', ['docker://web', '--netns', 'x'], /--netns switches namespaces on a machine/, {}],
  ])('%s', async (_title, args, says, env) => {
    const outcome = await nettools(['run', ...args, '--', 'true'], { env: { ...daemon.env, ...env } });
    expectSentence(outcome, 2, says);
  });
});

describe('by TCP with TLS', () => {
  /** In the daemon's own network, where it listens. */
  const overTls = (env: Record<string, string>, command: string): Promise<Outcome> => {
    const enter = `nsenter --net=/run/netns/${daemon.place.netns} -- kubectl-nettools run docker://web`;
    return bash(`${enter} -- ${command}`, { env: { DOCKER_HOST: 'tcp://127.0.0.1:2376', ...env } });
  };
  const verified = (): Record<string, string> => ({ DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certificates });

  it('runs, ends stdin for the command alone, and leaves nothing', async () => {
    const outcome = await overTls(verified(), `sh -c 'cat; echo END; exit 4' < <(echo text)`);
    expect(outcome).toMatchObject({ code: 4, stdout: 'text\nEND\n' });
    await expectNothingLeft();
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['no TLS', {}, /expects TLS/],
    [
      'no certificate',
      { DOCKER_TLS: '1', DOCKER_CERT_PATH: '/nonexistent' },
      /does not accept the client's certificate/,
    ],
    [
      'no authority',
      { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/nonexistent' },
      /not trusted by Docker's ca\.pem/,
    ],
  ])('tells what is missing: %s', async (_title, env, says) => {
    expectSentence(await overTls(env, 'true'), 3, says);
  });
});

describe('an image that the daemon does not have', () => {
  const address = '127.0.0.1:5000';
  let registry: ChildProcess;
  beforeAll(async () => {
    const program = join(import.meta.dirname, '../docker/registry.ts');
    const [file = '', ...args] = [...inside(daemon.place), process.execPath, program, address];
    registry = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    if (registry.stdout) await once(registry.stdout, 'data');
  });
  afterAll(() => registry.kill());

  it('is pulled', async () => {
    const outcome = await run(['run', 'docker://web', '--image', `${address}/app:1`, '--', 'echo', 'pulled']);
    expect(outcome).toMatchObject({ code: 0, stdout: 'pulled\n' });
    await expectNothingLeft();
  });

  it.each([
    ['that the registry keeps to itself', 'private/app:1', [], /could not be pulled: unauthorized/],
    ['that is not there', 'app:2', [], /could not be pulled: .*not found/],
    ['that takes too long', 'slow:1', ['--timeout', '3s'], /time is up after 3 s: still pulling image .+/],
  ])('is told: one %s', async (_title, image, flags, says) => {
    const outcome = await run([
      'run',
      'docker://web',
      '--image',
      `${address}/${image}`,
      ...flags,
      '--',
      'true',
    ]);
    expectSentence(outcome, 3, says);
    await expectNothingLeft();
  });
});

describe('shell in a terminal', () => {
  let terminal: Terminal;
  beforeAll(ensureTmux);
  afterEach(async () => {
    await terminal?.close();
    await until(
      'end of the session',
      60,
      async () => (await daemon.sessions()).length === 0 || 'it is there',
    );
  });

  it('has a prompt, a size, its resizes, Ctrl-C and Ctrl-P at once, and gives its exit code back', async () => {
    terminal = await Terminal.open();
    await terminal.enter(`export DOCKER_HOST=${daemon.env.DOCKER_HOST}`);
    await terminal.enter('kubectl-nettools shell docker://web --detach-keys ""');
    await terminal.shows(/nettools:web \S*# $/);
    await until('the size on the far side', 60, async () => {
      await terminal.enter('stty size');
      return /\n30 100\n/.test(await terminal.text()) || 'not yet';
    });
    await terminal.resize(120, 40);
    await until('the new size on the far side', 60, async () => {
      await terminal.enter('stty size');
      return /\n40 120\n/.test(await terminal.text()) || 'not yet';
    });
    const mark = uniqueSleep();
    await terminal.enter(`sleep ${mark}`);
    await appears('sleep', mark);
    await terminal.press('C-c');
    await disappears(60, 'sleep', mark);
    // Ctrl-P brings the last line back; the daemon's own detach keys would hold it until another key.
    await terminal.enter('echo "it was $?."');
    await terminal.shows(/\nit was 130\.\n/);
    await terminal.press('C-p');
    await terminal.shows(/# echo "it was \$\?\."\s*$/);
    await terminal.press('C-u');
    await terminal.enter('exit 7');
    await terminal.shows(/local\$ $/);
    await terminal.enter('echo "code $?."');
    await terminal.shows(/\ncode 7\.\n/);
  });
});

describe('capture', () => {
  let folder: string;
  beforeAll(async () => {
    await ensureCaptureTools();
    folder = mkdtempSync(join(tmpdir(), 'nettools-e2e-docker-capture-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('gives what goes to and from two containers as one file, and leaves nothing', async () => {
    const file = join(folder, 'two.pcapng');
    const targets = ['docker://web', 'docker://db'];
    const started = await startCapture(
      ['capture', ...targets, '-w', file, '--', 'tcp', 'dst', 'port', '8080'],
      daemon.env,
    );
    await daemon.docker('exec', 'db', 'wget', '-q', '-O', '/dev/null', 'http://web:8080/');
    const { code, stderr } = await interrupt(started);
    expect(code, stderr).toBe(0);
    const packets = await packetsIn(file, 'frame.interface_name', 'tcp.flags.syn');
    const opened = packets.filter(([, syn]) => syn === '1' || syn === 'True');
    expect(opened.map(([name]) => name)).toEqual(['docker://db', 'docker://web']);
    await expectNothingLeft();
  });
});

describe('diagnose', () => {
  it('passes a healthy container, by name and by address', async () => {
    const to = ['--to', 'db:8080', '--to', `http://db:8080/`];
    const { report: healthy, outcome } = await report(['diagnose', 'docker://web', ...to]);
    expect(problems(healthy), JSON.stringify(problems(healthy))).toEqual([]);
    expect(outcome.code).toBe(0);
    expect(healthy.target).toMatchObject({ kind: 'docker', name: 'web' });
    const docker = healthy.checks.find(({ id }) => id === 'docker');
    expect(docker?.measurements).toMatchObject({
      networks: [{ name: 'lan', driver: 'bridge', internal: false }],
      nameServers: ['127.0.0.11'],
    });
    expect(docker?.measurements['published']).toContainEqual({
      port: 8080,
      protocol: 'tcp',
      hostAddress: '0.0.0.0',
      hostPort: 18080,
    });
    await expectNothingLeft();
  });

  it('resolves names of the outside through the embedded name server', async () => {
    const { report: dns } = await report(['dns', 'docker://web', KNOWN_NAME.name]);
    expect(problems(dns), JSON.stringify(problems(dns))).toEqual([]);
    expect(JSON.stringify(dns.checks[0]?.measurements)).toContain(KNOWN_NAME.address);
  });

  // They mostly wait: for probes that nobody answers.
  it.concurrent.each<[string, () => Promise<readonly string[]>, string]>([
    [
      'a published port that nobody listens on',
      async () => {
        await daemon.run('mute', '--network', 'lan', '--publish', '18081:80', APP_IMAGE);
        return ['docker://mute'];
      },
      'NT-SOCK-001',
    ],
    [
      'a listener on loopback behind a published port',
      async () => {
        const server = ['httpd', '-f', '-p', '127.0.0.1:80', '-h', '/www'];
        await daemon.run('shy', '--network', 'lan', '--publish', '18082:80', APP_IMAGE, ...server);
        return ['docker://shy'];
      },
      'NT-SOCK-002',
    ],
    [
      'two networks',
      async () => {
        await daemon.docker('network', 'create', 'other');
        await daemon.run('far', '--network', 'other', APP_IMAGE);
        return ['docker://web', '--to', 'far:8080'];
      },
      'NT-DKR-003',
    ],
    [
      'names on the default bridge',
      async () => {
        await daemon.run('old1', APP_IMAGE);
        await daemon.run('old2', APP_IMAGE);
        return ['docker://old1', '--to', 'old2:8080'];
      },
      'NT-DKR-004',
    ],
    [
      'a peer that has ended',
      async () => {
        await daemon.docker('run', '--name', 'gone', '--network', 'lan', APP_IMAGE, 'true');
        return ['docker://web', '--to', 'gone:8080'];
      },
      'NT-DKR-005',
    ],
    [
      'no network',
      async () => {
        await daemon.run('lonely', '--network', 'lan', APP_IMAGE);
        await daemon.docker('network', 'disconnect', 'lan', 'lonely');
        return ['docker://lonely'];
      },
      'NT-DKR-001',
    ],
    [
      'an internal network',
      async () => {
        await daemon.docker('network', 'create', '--internal', 'inner');
        await daemon.run('caged', '--network', 'inner', APP_IMAGE);
        return ['docker://caged'];
      },
      'NT-DKR-002',
    ],
    [
      'a network that keeps its containers apart',
      async () => {
        const option = 'com.docker.network.bridge.enable_icc=false';
        await daemon.docker('network', 'create', '--opt', option, 'apart');
        await daemon.run('one', '--network', 'apart', APP_IMAGE);
        await daemon.run('two', '--network', 'apart', APP_IMAGE);
        return ['docker://one', '--to', 'two:8080'];
      },
      'NT-DKR-006',
    ],
  ])('finds %s', async (_title, make, id) => {
    const args = await make();
    const { report: found, outcome } = await report(['diagnose', ...args, '--fail-on', 'warning']);
    const [lead] = problems(found).filter(({ causedBy }) => causedBy === undefined);
    expect(lead?.id, JSON.stringify(found.checks, undefined, 1)).toBe(id);
    expect(outcome.code).toBe(1);
  });

  it('finds an OUTPUT chain that drops', async () => {
    await daemon.run('walled', '--network', 'lan', APP_IMAGE);
    const pid = (await daemon.docker('inspect', '-f', '{{.State.Pid}}', 'walled')).trim();
    const rule = ['-A', 'OUTPUT', '-p', 'tcp', '--dport', '8080', '-j', 'DROP'];
    await daemon.onHost('nsenter', '-t', pid, '-n', 'iptables', ...rule);
    const { report: found, outcome } = await report(['diagnose', 'docker://walled', '--to', 'db:8080']);
    const [lead] = problems(found).filter(({ causedBy }) => causedBy === undefined);
    expect(lead?.id, JSON.stringify(found.checks, undefined, 1)).toBe('NT-FW-005');
    expect(outcome.code).toBe(1);
  });

  it('finds a name server that is dead, behind the embedded one', async () => {
    await names.stop();
    try {
      const { report: found } = await report(['diagnose', 'docker://web', '--to', 'example.test:80']);
      const [lead] = problems(found).filter(({ causedBy }) => causedBy === undefined);
      expect(lead?.id, JSON.stringify(problems(found), undefined, 1)).toMatch(/^NT-DNS-/);
    } finally {
      names = await NameServer.start(daemon);
    }
  });

  it('finds a program that keeps the address of a container that is gone', async () => {
    await daemon.docker('network', 'create', '--subnet', '198.18.160.0/24', 'kept');
    await daemon.run('api', '--network', 'kept', APP_IMAGE);
    const address = async (): Promise<string> =>
      (
        await daemon.docker(
          'inspect',
          '-f',
          '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}',
          'api',
        )
      ).trim();
    const old = await address();
    const loop = ['sh', '-c', `while :; do nc -w 3 ${old} 8080 </dev/null; sleep 0.1; done`];
    await daemon.run('keeper', '--network', 'kept', APP_IMAGE, ...loop);
    const to = ['diagnose', 'docker://keeper', '--to', 'api:8080'];
    const { report: healthy } = await report(to);
    expect(problems(healthy), JSON.stringify(problems(healthy))).toEqual([]);
    await daemon.docker('rm', '--force', 'api');
    await daemon.run('api', '--network', 'kept', '--ip', '198.18.160.200', APP_IMAGE);
    const { report: found } = await report(to);
    const [lead] = problems(found).filter(({ causedBy }) => causedBy === undefined);
    expect(lead?.id, JSON.stringify(problems(found), undefined, 1)).toBe('NT-SOCK-008');
    expect(lead?.summary).toBe(
      `A program of the target waits for ${old}:8080 in its network kept, and no container has that address; api is ${await address()}: it keeps an old address of a name.`,
    );
  });

  it('tells which of the servers that the embedded one asks is dead', async () => {
    // Nobody lives there.
    const dead = '198.18.128.99';
    await daemon.run('half', '--network', 'lan', '--dns', dead, '--dns', BRIDGE_ADDRESS, APP_IMAGE);
    const { report: found } = await report(['diagnose', 'docker://half', '--to', `${KNOWN_NAME.name}:80`]);
    const about = problems(found).filter(({ id }) => id.startsWith('NT-DNS-'));
    const [lead] = about.filter(({ causedBy }) => causedBy === undefined);
    expect(lead?.id, JSON.stringify(problems(found), undefined, 1)).toBe('NT-DNS-009');
    expect(lead?.summary).toMatch(
      /^1 of the 2 servers that Docker's name server \(127\.0\.0\.11\) asks fails: 198\.18\.128\.99 answers none of \d+ queries over UDP within [\d.]+ s; 198\.18\.128\.1 answers\.$/,
    );
    await daemon.run('whole', '--network', 'lan', '--dns', BRIDGE_ADDRESS, APP_IMAGE);
    const { report: healthy } = await report(['dns', 'docker://whole', KNOWN_NAME.name]);
    expect(problems(healthy)).toEqual([]);
    await daemon.run('none', '--network', 'lan', '--dns', dead, APP_IMAGE);
    const { report: gone } = await report(['dns', 'docker://none', KNOWN_NAME.name]);
    expect(problems(gone)[0]?.summary).toMatch(
      /gets no answer from its upstream servers \(docker run --dns: 198\.18\.128\.99 answers none of \d+ queries/,
    );
  });

  it('has left no session', async () => {
    expect(await daemon.sessions()).toEqual([]);
  });
});

describe("a network that is not the container's own is said", () => {
  it.each([
    ['host', ['--network', 'host'], /uses the Docker host's own network/],
    ['none', ['--network', 'none'], /network mode none/],
    ['container', ['--network', 'container:web'], /shares the network of container /],
  ])('%s', async (mode, flags, says) => {
    await daemon.run(`mode-${mode}`, ...flags, TOOLS_IMAGE, 'sleep', 'infinity');
    const outcome = await run(['interfaces', `docker://mode-${mode}`]);
    expect(outcome.stderr).toMatch(says);
    expect(outcome.stdout).toMatch(/interfaces/);
  });
});

it('tells that the daemon has gone, which removes what is left when it is there again', async () => {
  const { mark, outcome } = await started();
  await daemon.kill();
  try {
    expectSentence(await outcome, 3, /cannot reach the Docker daemon at unix:/);
  } finally {
    await daemon.launch();
  }
  await disappears(60, 'sleep', mark);
  await until('end of the container', 60, async () => {
    const [id] = await daemon.sessions();
    // It may be removed at this very moment.
    return id === undefined || daemon.docker('inspect', '-f', '{{json .State}}', id).catch(String);
  });
});
