/**
 * The main job, shown: a slow peer is seeded into a small application, and one command names it.
 *
 *   npm run demo                                        on the embedded, throwaway cluster
 *   KUBECONFIG=… npm run demo -- --context NAME         on a cluster that is there; --image and --app-image name
 *                                                       images that its nodes can pull (the tools, and a busybox)
 *   npm run demo -- --pictures                          also makes the pictures of docs/pictures, of pages of its own
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { kubeconfig, kubectlPath } from '../test/cluster/paths.ts';
import { root, runCommand } from './lib/process.ts';

const NAMESPACE = 'nettools-demo';
/** What the run has seen. */
const saved = path.join(root, 'dist/demo.json');
const { values } = parseArgs({
  options: {
    context: { type: 'string' },
    image: { type: 'string' },
    'app-image': { type: 'string' },
    pictures: { type: 'boolean', default: false },
  },
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

/** Runs the tool where the customers' requests come from; resolves to its exit code. */
async function tool(words: readonly string[], output: 'inherit' | 'ignore' = 'inherit'): Promise<number> {
  const child = spawn(kubectl, ['nettools', ...words, '-n', NAMESPACE, ...context, '--image', image], {
    env: environment,
    stdio: ['ignore', output, 'inherit'],
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 1;
}

/** Makes a page of what was saved, offline, and resolves to where it is. */
function pageOf(words: readonly string[], name: string): string {
  const cwd = path.join(root, 'dist');
  const page = path.join(cwd, `${name}.html`);
  const { stdout, stderr } = spawnSync(kubectl, ['nettools', ...words, '-o', 'html'], {
    env: environment,
    cwd,
  });
  if (stdout.length === 0) throw new Error(`there is no page: ${stderr}`);
  writeFileSync(page, stdout);
  return page;
}

const LATENCY = ['latency', 'deploy/shop', '--to', 'svc/stock', '--fail-on', 'warning'];
/** The slow peer is not reached for so long, in the middle of a watch. */
const AWAY = `nft add table inet away
nft add chain inet away in '{ type filter hook input priority 0 ; }'
nft add rule inet away in tcp dport 8080 drop
sleep 4
nft delete table inet away`;

/** A run before the fault was there, a watch with an outage, and what pages of these look like. */
async function picturesOf(report: string): Promise<void> {
  const folder = path.join(root, 'dist/demo-watch');
  const watching = tool(['watch', 'deploy/shop', '--to', 'svc/stock', '--for', '75s', '--save', folder]);
  await sleep(30_000);
  run([...context, 'exec', '-n', NAMESPACE, 'stock-slow', '-c', 'upload', '--', 'sh', '-c', AWAY]);
  if ((await watching) !== 1) throw new Error('the watch saw no outage');
  const { takePictures } = await import('./demo/pictures.ts');
  const pictures = await takePictures([
    { name: 'report', page: report, until: 'figure' },
    {
      name: 'diff',
      page: pageOf(['diff', 'demo-before.json', 'demo.json'], 'demo-diff'),
      until: '#times ~ figure',
    },
    { name: 'watch', page: pageOf(['judge', folder], 'demo-watch'), until: '#outages ~ .scroll' },
  ]);
  say(`pictures: ${pictures.join(', ')}`);
}

function applied(objects: readonly string[]): void {
  run([...context, 'apply', '-f', '-'], objects.join('\n---\n'));
  run([...context, 'wait', '-n', NAMESPACE, '--for=condition=Ready', 'pod', '--all', '--timeout=120s']);
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
    const before = path.join(root, 'dist/demo-before.json');
    if (values.pictures) {
      applied(manifest.split('\n---\n').filter((object) => !object.includes('name: stock-slow')));
      if ((await tool([...LATENCY, '--save', before], 'ignore')) !== 0) throw new Error('it is not healthy');
    }
    applied([manifest]);
    const words = [...LATENCY, '-n', NAMESPACE, ...context, '--save', saved];
    say(
      `customers say that the shop is slow now and then. On call, you type:\n\n$ kubectl nettools ${words.join(' ')}\n`,
    );
    const code = await tool([...LATENCY, '--save', saved]);
    if (code !== 1) throw new Error(`the fault was not found: exit code ${code}`);
    say('exit code 1: the slow replica was named. No pod was restarted and no image was changed.');
    const page = pageOf(['judge', saved], 'demo');
    if (values.pictures) await picturesOf(page);
    say(`the same as a page, with the round-trip times of both replicas: open ${page}`);
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
