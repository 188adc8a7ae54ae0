import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../cluster/proc.ts';
import { APP_IMAGE } from '../docker/engine.ts';
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

it('tells of a container that is not there', async () => {
  expectSentence(await run('run', 'docker://nope', '--', 'true'), 3, /there is no container "nope"/);
});
