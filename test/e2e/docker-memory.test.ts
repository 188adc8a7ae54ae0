/** A Docker container with little memory left: what looks at it is charged elsewhere. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../cluster/proc.ts';
import { Dockerd } from '../docker/dockerd.ts';
import { APP_IMAGE } from '../docker/engine.ts';
import { nettools, startNettools } from './support/cli.ts';
import { appears, uniqueSleep } from './support/processes.ts';

const MIB = 1024 ** 2;
let daemon: Dockerd;
let target: string;

beforeAll(async () => {
  daemon = await Dockerd.start();
  const script =
    'mkfifo /tmp/never; sleep 100000 </tmp/never & exec dd if=/dev/zero of=/tmp/never bs=28M count=1';
  target = await daemon.run(
    'heavy',
    '--memory',
    '32m',
    '--memory-swap',
    '32m',
    APP_IMAGE,
    'sh',
    '-c',
    script,
  );
  await until('28 MiB', 60, async () => peak(target) >= 28 * MIB || `it has ${peak(target)} bytes`);
});
afterAll(() => daemon?.stop());

/** The folder of a container's memory cgroup. */
function cgroup(id: string): string {
  const v1 = '/sys/fs/cgroup/memory';
  const tree = join(existsSync(v1) ? v1 : '/sys/fs/cgroup', daemon.place.name);
  const name = readdirSync(tree).find((one) => one.includes(id));
  if (name === undefined) throw new Error(`${id} has no cgroup below ${tree}`);
  return join(tree, name);
}

/** The most bytes that a container was ever charged. */
function peak(id: string): number {
  const files = ['memory.max_usage_in_bytes', 'memory.peak'].map((file) => join(cgroup(id), file));
  return Number(readFileSync(files.find((file) => existsSync(file)) ?? '', 'utf8'));
}

it('does not notice a diagnosis', async () => {
  const before = peak(target);
  const { code, stderr } = await nettools(['diagnose', 'docker://heavy'], { env: daemon.env });
  expect([0, 1], stderr).toContain(code);
  expect(peak(target)).toBe(before);
  const state = '{{.RestartCount}} {{.State.OOMKilled}} {{.State.Status}}';
  expect((await daemon.docker('inspect', '--format', state, 'heavy')).trim()).toBe('0 false running');
});

it('has a limit of its own in the container that looks at it', async () => {
  const mark = uniqueSleep();
  const { child, outcome } = startNettools(['run', 'docker://heavy', '--', 'sleep', mark], 'ignore', {
    env: daemon.env,
  });
  await appears('sleep', mark);
  const [session = ''] = await daemon.sessions();
  const limits = '{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}';
  expect((await daemon.docker('inspect', '--format', limits, session)).trim()).toBe(`${512 * MIB} 1024`);
  expect(cgroup(session)).not.toBe(cgroup(target));
  child.kill('SIGINT');
  expect((await outcome).code).toBe(130);
});
