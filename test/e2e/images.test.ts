import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testRegistry } from '../cluster/paths.ts';
import { until } from '../cluster/proc.ts';
import { TestRegistry } from '../servers/registry.ts';
import { expectSentence, nettools, startNettools } from './support/cli.ts';
import { testNamespace } from './support/cluster.ts';
import { removeImages } from './support/images.ts';

const ns = testNamespace('images');
const run = (target: string, image: string, ...flags: string[]) => [
  'run',
  '-n',
  ns.name,
  target,
  '--image',
  image,
  ...flags,
  '--',
];

let registry: TestRegistry;
beforeAll(async () => {
  registry = await TestRegistry.start(testRegistry);
  await ns.startApps('pulls', 'fails', 'unnamed', 'slow', 'deleted', 'interrupted');
});
afterAll(async () => {
  await registry?.stop();
  await removeImages(testRegistry);
});

describe('an image in a registry', () => {
  it('is pulled and runs', async () => {
    const outcome = await nettools([
      ...run('pulls', `${testRegistry}/app:1`),
      'sh',
      '-c',
      'echo pulled; exit 4',
    ]);
    expect(outcome).toMatchObject({ code: 4, stdout: 'pulled\n', stderr: '' });
  });

  it.each([
    ['404', `${testRegistry}/missing:1`, /Failed to pull image .*not found/],
    ['404 for its tag', `${testRegistry}/app:no-such-tag`, /Failed to pull image .*not found/],
    [
      '401',
      `${testRegistry}/private/tools:1`,
      /Failed to pull image .*(401 Unauthorized|authorization failed)/,
    ],
    ['no registry there', '198.51.100.1:5001/tools:1', /Failed to pull image .*connection refused/],
  ])("that fails with %s is told at once, in the kubelet's words", async (_what, image, says) => {
    const outcome = await nettools([...run('fails', image), 'true']);
    expectSentence(outcome, 3, says);
    // And not at the end of the time that a start may take, whose sentence has it between the pod and the reason.
    expect(outcome.stderr).toContain(`the container with image "${image}" did not start in pod "fails": `);
  });
});

it('a name that no image can have is told before anything is made', async () => {
  const outcome = await nettools([...run('unnamed', 'Not An Image'), 'true']);
  expectSentence(outcome, 2, /--image must be an image such as .*, not "Not An Image"/);
  expect(await ns.ephemerals('unnamed')).toEqual([]);
});

describe('an image on the node', () => {
  it('that is not there with --image-pull-policy Never is told so', async () => {
    const image = 'localhost/no-such-image:1';
    const outcome = await nettools([...run('fails', image, '--image-pull-policy', 'Never'), 'true']);
    expectSentence(outcome, 3, /did not start in pod "fails": .*not present with pull policy of Never/);
  });

  it('that has no shell is told so', async () => {
    const outcome = await nettools([...run('fails', 'localhost/pause:1'), 'true']);
    expectSentence(outcome, 3, /did not start in pod "fails": .*exec: "sh": executable file not found/);
  });
});

describe('a slow pull', () => {
  const image = `${testRegistry}/slow:1`;

  it('is given up after --timeout, with what to do, and goes on in the background', async () => {
    const outcome = await nettools([...run('slow', image, '--timeout', '5s'), 'true']);
    expectSentence(
      outcome,
      3,
      /time is up after 5 s: still starting the ephemeral container with image .+: .+/,
    );
    expect(outcome.stderr).toMatch(/longer --timeout/);
  });

  it('is not waited for when the pod is deleted meanwhile', async () => {
    const { outcome } = startNettools([...run('deleted', image), 'true']);
    await until('the container', 60, async () => (await ns.ephemerals('deleted')).length === 1 || 'none yet');
    await ns.kubectl(['delete', 'pod', 'deleted', '--wait=false']);
    expectSentence(await outcome, 3, /the pod is being deleted|pod "deleted" was deleted in the meantime/);
  });

  it('is waited for, and its container used, by the next try; Ctrl-C ends the wait', async () => {
    const waiting = startNettools([...run('slow', image), 'echo', 'at last']);
    const interrupted = startNettools([...run('interrupted', image), 'true']);
    await until('both containers', 60, async () => {
      const found = [...(await ns.ephemerals('slow')), ...(await ns.ephemerals('interrupted'))];
      return found.length === 2 || `${found.length} of 2`;
    });
    interrupted.child.kill('SIGINT');
    expect(await interrupted.outcome).toMatchObject({ code: 130, stdout: '', stderr: '' });
    registry.release();
    expect(await waiting.outcome).toMatchObject({ code: 0, stdout: 'at last\n', stderr: '' });
    expect(await ns.ephemerals('slow')).toHaveLength(1);
  });
});
