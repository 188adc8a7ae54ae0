/**
 * The main job, shown: a slow peer is seeded into a small application, and one command names it.
 *
 *   npm run demo                                        on the embedded, throwaway cluster
 *   KUBECONFIG=… npm run demo -- --context NAME         on a cluster that is there; --image and --app-image name
 *                                                       images that its nodes can pull (the tools, and a busybox)
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { kubeconfig, kubectlPath } from '../test/cluster/paths.ts';
import { root, runCommand } from './lib/process.ts';

const NAMESPACE = 'nettools-demo';
/** What the run has seen. */
const saved = path.join(root, 'dist/demo.json');
const { values } = parseArgs({
  options: { context: { type: 'string' }, image: { type: 'string' }, 'app-image': { type: 'string' } },
});
const embedded = values.context === undefined;
const image = values.image ?? 'localhost/nettools:dev';
const appImage = values['app-image'] ?? 'localhost/app:1';

function say(text: string): void {
  console.log(`\ndemo: ${text}`);
}

async function step(text: string, command: readonly string[]): Promise<void> {
  say(text);
  const started = performance.now();
  if ((await runCommand(command)) !== 0) throw new Error(`${command.join(' ')} failed`);
  console.log(`demo: done in ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

const kubectl = embedded ? kubectlPath() : 'kubectl';
const environment = {
  ...process.env,
  ...(embedded ? { KUBECONFIG: kubeconfig } : {}),
  PATH: [path.join(root, 'dist'), path.dirname(kubectl), process.env['PATH']].join(path.delimiter),
};
const context = values.context === undefined ? [] : ['--context', values.context];

function run(args: readonly string[], input?: string): void {
  const { status } = spawnSync(kubectl, args, {
    env: environment,
    input,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`kubectl ${args.join(' ')} failed`);
}

/** Makes a page of a saved run, offline, and says where it is. */
function demoPage(): string {
  const page = saved.replace(/json$/, 'html');
  const { stdout } = spawnSync(kubectl, ['nettools', 'judge', saved, '-o', 'html'], { env: environment });
  writeFileSync(page, stdout);
  return page;
}

async function main(): Promise<void> {
  await step('building dist/kubectl-nettools', ['node', 'scripts/build.ts']);
  if (embedded) {
    await step('bringing up a Kubernetes of two nodes (its first build takes about 15 minutes)', [
      'node',
      'test/cluster/cli.ts',
      'up',
    ]);
  }
  say(
    'deploying a shop, its stock service of two replicas, and a fault: one replica sits behind a saturated link',
  );
  const manifest = readFileSync(path.join(root, 'scripts/demo/demo.yaml'), 'utf8')
    .replaceAll('localhost/nettools:dev', image)
    .replaceAll('localhost/app:1', appImage);
  try {
    run([...context, 'apply', '-f', '-'], manifest);
    run([...context, 'wait', '-n', NAMESPACE, '--for=condition=Ready', 'pod', '--all', '--timeout=120s']);
    const words = [
      'nettools',
      'latency',
      'deploy/shop',
      '--to',
      'svc/stock',
      '-n',
      NAMESPACE,
      '--fail-on',
      'warning',
      ...context,
      '--save',
      saved,
    ];
    say(
      `customers say that the shop is slow now and then. On call, you type:\n\n$ kubectl ${words.join(' ')}\n`,
    );
    const { status } = spawnSync(kubectl, [...words, '--image', image], {
      env: environment,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    if (status !== 1) throw new Error(`the fault was not found: exit code ${status}`);
    say('exit code 1: the slow replica was named. No pod was restarted and no image was changed.');
    say(`the same as a page, with the round-trip times of both replicas: open ${demoPage()}`);
  } finally {
    run([...context, 'delete', 'namespace', NAMESPACE, '--wait=false']);
  }
  if (embedded) {
    console.log(`
The cluster stays up for you to try more:
  export KUBECONFIG=${kubeconfig}
  export PATH=${path.join(root, 'dist')}:${path.dirname(kubectl)}:$PATH
  kubectl nettools shell deploy/web
Remove it with: npm run cluster:down`);
  }
}

await main();
