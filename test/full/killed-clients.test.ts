/**
 * The client is killed, thirty times, at any moment of a command on many targets: nothing of it runs on after the idle time,
 * in no pod and on no node, and what has ended is gone with the next command.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { until } from '../cluster/proc.ts';
import { nettools, startNettools } from '../e2e/support/cli.ts';
import { type PodObject, pod, testNamespace } from '../e2e/support/cluster.ts';

const ns = testNamespace('killed');
const NAMES = ['one-0', 'one-1', 'two-0', 'two-1'] as const;
const KILLS = 30;
/** Some have ended before their moment comes. */
const MOST_RUNS = 90;
const IDLE = ['--idle', '5s'];
/** A command of this size takes about so long, in ms, from nothing; it is killed in this time. */
const LONGEST_MS = 6_000;
/** The idle time, until the far side gives a silent client up (guard.sh), and a busy kubelet. */
const LIMIT_SECONDS = 120;
const COMMANDS: readonly (readonly string[])[] = [
  ['diagnose', '--all', '--parallel', '2'],
  ['matrix', 'pods', 'nodes'],
];

beforeAll(async () => {
  await ns.start(
    ...NAMES.map((name) => pod(name, { spec: { nodeName: name.startsWith('one') ? 'node1' : 'node2' } })),
  );
});

/** A fixed seed, so that a run that fails can be made again. */
function* moments(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield Math.round((state / 2 ** 32) * LONGEST_MS);
  }
}

async function podsOf(): Promise<PodObject[]> {
  const list = JSON.parse(await ns.kubectl(['get', 'pods', '-o', 'json'])) as { items: PodObject[] };
  return list.items;
}

/** What of the tool still runs, in the pods' own containers or in pods of its own. */
async function running(): Promise<string[]> {
  const pods = await podsOf();
  return pods.flatMap(({ metadata: { name }, status }) => {
    if (!NAMES.includes(name as (typeof NAMES)[number])) return status.phase === 'Succeeded' ? [] : [name];
    return (status.ephemeralContainerStatuses ?? []).flatMap(({ name: container, state }) =>
      state.terminated === undefined ? [`${name}/${container}`] : [],
    );
  });
}

it(`leaves nothing that runs after ${KILLS} kills`, async () => {
  const moment = moments(29_112_026);
  let killed = 0;
  let runs = 0;
  for (; killed < KILLS && runs < MOST_RUNS; runs++) {
    const words = COMMANDS[runs % COMMANDS.length] ?? [];
    const { child, outcome } = startNettools([...words, '-n', ns.name, ...IDLE]);
    const ended = outcome.catch(() => undefined);
    await Promise.race([sleep(moment.next().value), ended]);
    if (child.exitCode === null) {
      killed++;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await ended;
  }
  console.log(`${killed} of ${runs} were killed, the others had ended`);
  expect(killed).toBe(KILLS);
  await until('the end of all that was started', LIMIT_SECONDS, async () => {
    const left = await running();
    return left.length === 0 || left.join(', ');
  });
  const { code, stderr } = await nettools(['sessions', 'stop', '-n', ns.name]);
  expect(code, stderr).toBe(0);
  expect((await podsOf()).map(({ metadata }) => metadata.name).sort()).toEqual([...NAMES]);
});

it('works as before afterwards', async () => {
  const { code, stdout, stderr } = await nettools(['matrix', 'pods', '-n', ns.name, ...IDLE, '-o', 'json']);
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ verdict: 'pass' });
});
